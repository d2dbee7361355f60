// romlink archive stats
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

Result<int> showStats(const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  grpc::ClientContext context;
  v1::ArchiveStats stats;
  const auto status = v1::ArchiveService::NewStub(session.channel())
                          ->GetArchiveStats(&context, v1::GetArchiveStatsRequest(), &stats);
  if (!status.ok())
    return fail(session.errorOf(status));
  if (global.json) {
    ROMLINK_TRY(printJson(stats));
    return 0;
  }
  printLine("ROMs            " + std::to_string(stats.roms()));
  printLine("artifacts       " + std::to_string(stats.artifacts()));
  printLine("blobs           " + std::to_string(stats.blobs()));
  printLine("content bytes   " + std::to_string(stats.content_bytes()));
  printLine("stored bytes    " + std::to_string(stats.stored_bytes()));
  printLine("database bytes  " + std::to_string(stats.database_bytes()));
  return 0;
}

} // namespace

void addArchiveStats(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("stats", "figures of the archive");
  command->footer("Example:\n  romlink --archive roms archive stats");
  command->callback(
      [&invocation] { invocation.run = [&invocation] { return showStats(invocation.global); }; });
}

} // namespace romlink::client
