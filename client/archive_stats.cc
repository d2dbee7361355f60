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

// ": 12.3 %"
std::string shareText(std::uint64_t bytes, std::uint64_t whole) {
  return whole == 0
             ? std::string()
             : fmt::format(": {:.1f} %", 100.0 * static_cast<double>(bytes) / static_cast<double>(whole));
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
  printCount("blobs", stats.blobs(),
             "contents of artifacts, ROM indexes, policies and reports, equal ones once");
  printCount("content bytes", stats.content_bytes(), "all artifacts");
  printCount("distinct bytes", stats.distinct_bytes(),
             "equal artifacts once" + shareText(stats.distinct_bytes(), stats.content_bytes()));
  printCount("blob bytes", stats.blob_bytes(), "all blobs");
  printCount("stored bytes", stats.stored_bytes(),
             "all blobs, compressed" + shareText(stats.stored_bytes(), stats.blob_bytes()));
  printCount("database bytes", stats.database_bytes(), "with records, look-up tables and log");
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
