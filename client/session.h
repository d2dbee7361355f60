// A connection to the service: the one named by --server, or the one of --archive's folder, started if need
// be.
#pragma once

#include "base/error.h"
#include "client/command.h"

#include <memory>
#include <string>

namespace grpc {
class Channel;
class ChannelInterface;
class Status;
} // namespace grpc

namespace romlink::client {

class ArchiveUse;

class Session {
public:
  /// In this order: --archive, --server, $ROMLINK_SERVER, $ROMLINK_ARCHIVE. Unavailable if there is none of
  /// them, or the daemon of an archive's folder does not start. Connecting to a server happens with the first
  /// call.
  static Result<Session> open(const GlobalOptions& options);
  Session(Session&&) noexcept;
  ~Session();

  [[nodiscard]] std::shared_ptr<grpc::ChannelInterface> channel() const;

  /// REQUIRES: !status.ok().
  [[nodiscard]] Error errorOf(const grpc::Status& status) const;

private:
  Session(std::string peer, std::shared_ptr<grpc::Channel> channel, std::unique_ptr<ArchiveUse> use);
  std::string peer_;
  std::unique_ptr<ArchiveUse> use_; // keeps an on-demand daemon alive; outlives the channel
  std::shared_ptr<grpc::Channel> channel_;
};

/// A channel to "HOST:PORT" or "unix:PATH".
std::shared_ptr<grpc::Channel> connect(const std::string& address);

} // namespace romlink::client
