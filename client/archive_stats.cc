// romlink archive stats
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/session.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

void printCount(const char* what, std::uint64_t count, const std::string& remark) {
  printLine(fmt::format("{:<14}  {:>16}{}{}", what, count, remark.empty() ? "" : "  ", remark));
}

// "12.3 % of content, "
std::string shareText(std::uint64_t bytes, const v1::ArchiveStats& stats) {
  if (stats.content_bytes() == 0)
    return {};
  return fmt::format("{:.1f} % of content, ",
                     100.0 * static_cast<double>(bytes) / static_cast<double>(stats.content_bytes()));
}

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
  printCount("ROMs", stats.roms(), {});
  printCount("artifacts", stats.artifacts(), {});
  printCount("blobs", stats.blobs(), "different contents");
  printCount("content bytes", stats.content_bytes(), "all artifacts");
  printCount("distinct bytes", stats.distinct_bytes(), shareText(stats.distinct_bytes(), stats) + "each blob once");
  printCount("stored bytes", stats.stored_bytes(), shareText(stats.stored_bytes(), stats) + "each chunk once, compressed");
  printCount("database bytes", stats.database_bytes(), shareText(stats.database_bytes(), stats) + "with records, indexes and log");
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
