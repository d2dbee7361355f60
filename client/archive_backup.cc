// romlink archive backup FILE
#include "client/command.h"
#include "client/console.h"
#include "client/receive_file.h"
#include "client/session.h"
#include "romlink/v1/transfer.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct BackupOptions {
  std::string file;
  bool damaged = false;
};

Result<int> backUp(const BackupOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::TransferService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::BackUpArchiveRequest request;
  request.set_damaged(options.damaged);
  const auto reader = stub->BackUpArchive(&context, request);
  ROMLINK_ASSIGN(const ReceivedFile received, receiveFile(session, *reader, options.file, global));
  printReceived(received, options.file, global);
  for (const std::string& problem : received.problems)
    printError({ErrorCode::Damaged, "the archive is damaged", problem, {}, {}});
  return received.problems.empty() ? 0 : exitCodeOf(ErrorCode::Damaged);
}

} // namespace

void addArchiveBackup(CLI::App& archive, Invocation& invocation) {
  auto* command =
      archive.add_subcommand("backup", "copy the archive, while it is in use, to one verified file");
  auto options = std::make_shared<BackupOptions>();
  command->add_option("FILE", options->file, "the backup; replaced if it exists, once the new one is whole")
      ->required();
  command->add_flag("--damaged", options->damaged, "also if something in the archive is damaged");
  command->footer("Example:\n  romlink --archive roms archive backup roms-2035-01-31.db");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return backUp(*options, invocation.global); };
  });
}

} // namespace romlink::client
