#include "client/session.h"

#include "client/on_demand.h"
#include "server/status.h"

#include <cstdlib>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace romlink::client {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

constexpr int kLargestMessage = 256 << 20; // a report with 100,000 symbols has some 20 MiB

} // namespace

std::shared_ptr<grpc::Channel> connect(const std::string& address) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0); // gRPC's own log lines say less than our one line
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  // A proxy for the web is not the way to a service on this machine.
  if (address.starts_with("127.") || address.starts_with("localhost") || address.starts_with("[::1]"))
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Session::Session(std::string peer, std::shared_ptr<grpc::Channel> channel, std::unique_ptr<ArchiveUse> use)
    : peer_(std::move(peer)), use_(std::move(use)), channel_(std::move(channel)) {}
Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(const GlobalOptions& options) {
  if (!options.archive.empty() && !options.server.empty())
    return fail(ErrorCode::Usage, "--server and --archive exclude each other");
  std::string server = options.server;
  std::string archive = options.archive;
  if (server.empty() && archive.empty())
    server = environment("ROMLINK_SERVER");
  if (server.empty() && archive.empty())
    archive = environment("ROMLINK_ARCHIVE");
  if (!archive.empty()) {
    ROMLINK_ASSIGN(auto use, ArchiveUse::open(archive));
    auto channel = connect(use->address());
    return Session(archive, std::move(channel), std::move(use));
  }
  if (server.empty())
    return fail(ErrorCode::Unavailable, "no service is named", {}, {},
                "give --server ADDR (or set ROMLINK_SERVER), or --archive DIR to work on a folder");
  return Session(server, connect(server), nullptr);
}

std::shared_ptr<grpc::ChannelInterface> Session::channel() const {
  return channel_;
}

Error Session::errorOf(const grpc::Status& status) const {
  return toError(status, peer_);
}

} // namespace romlink::client
