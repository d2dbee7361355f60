// romlink archive export ROM... --out FILE
#include "client/command.h"
#include "client/receive_file.h"
#include "client/session.h"
#include "romlink/v1/transfer.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct ExportOptions {
  std::vector<std::string> roms;
  std::string out;
};

Result<int> exportRoms(const ExportOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::TransferService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::ExportRomsRequest request;
  request.mutable_roms()->Assign(options.roms.begin(), options.roms.end());
  const auto reader = stub->ExportRoms(&context, request);
  ROMLINK_ASSIGN(const ReceivedFile received, receiveFile(session, *reader, options.out, global));
  printReceived(received, options.out, global);
  return 0;
}

} // namespace

void addArchiveExport(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("export", "write ROMs to one signed file, for another archive");
  auto options = std::make_shared<ExportOptions>();
  command
      ->add_option("ROM", options->roms,
                   "sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id")
      ->required();
  command->add_option("--out", options->out, "the bundle")->required();
  command->footer("Example:\n  romlink --archive roms archive export boot@1.0 boot@1.1 --out boot.bundle");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return exportRoms(*options, invocation.global); };
  });
}

} // namespace romlink::client
