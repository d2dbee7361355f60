// romlink archive verify
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/session.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

Result<int> verify(const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  const auto reader = stub->VerifyArchive(&context, {});
  Progress progress(global.quiet);
  v1::VerifyArchiveResponse last;
  for (v1::VerifyArchiveResponse message; reader->Read(&message);) {
    progress.show("verifying " + std::to_string(message.checked_blobs()) + " of " +
                  std::to_string(message.total_blobs()));
    last = message;
  }
  progress.clear();
  if (const auto status = reader->Finish(); !status.ok())
    return fail(session.errorOf(status));
  if (!last.finished())
    return fail(ErrorCode::Internal, "the service did not finish the verification");
  if (global.json)
    ROMLINK_TRY(printJson(last));
  Error error{ErrorCode::Damaged, "the archive is damaged", {}, {}, {}};
  for (const std::string& problem : last.problems()) {
    error.where = problem;
    printError(error);
  }
  if (last.problems_size() > 0)
    return exitCodeOf(error.code);
  if (!global.json)
    printLine("intact: " + std::to_string(last.checked_blobs()) + " blobs, " +
              std::to_string(last.checked_bytes()) + " bytes");
  return 0;
}

} // namespace

void addArchiveVerify(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("verify", "read everything again and compare it with its digests");
  command->footer("Example:\n  romlink --archive roms archive verify");
  command->callback([&invocation] { invocation.run = [&invocation] { return verify(invocation.global); }; });
}

} // namespace romlink::client
