// One firmware build against many ROMs: a plan for each, several at a time, a row for each in the ROMs'
// order.
//
// The inputs are looked for once, before the first row, so a client learns what it has to upload at once. A
// ROM for which the link fails has a row with the error: the others still count.
#include "server/audits.h"
#include "server/call.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/examine.h"
#include "server/in_order.h"
#include "server/link_job.h"
#include "server/withdrawn.h"
#include "server/worker_host.h"

#include <algorithm>
#include <map>

namespace romlink::server {
namespace {

constexpr std::size_t kMostBlockers = 10;
constexpr std::size_t kPage = 1000;

Result<std::vector<store::RomRecord>> chosenRoms(Services& services, const v1::AuditMatrixRequest& request) {
  std::vector<store::RomRecord> roms;
  for (const std::string& reference : request.roms()) {
    ROMLINK_ASSIGN(store::RomRecord rom, services.archive.find(reference));
    const auto same = [&](const store::RomRecord& other) { return other.imageHash == rom.imageHash; };
    if (std::none_of(roms.begin(), roms.end(), same))
      roms.push_back(std::move(rom));
  }
  if (!request.roms().empty())
    return roms;
  std::string token;
  do {
    ROMLINK_ASSIGN(auto page, services.archive.list(request.name(), kPage, token));
    std::move(page.roms.begin(), page.roms.end(), std::back_inserter(roms));
    token = page.nextToken;
  } while (!token.empty());
  if (roms.empty())
    return fail(ErrorCode::NotFound, "no such ROM", request.name(),
                request.name().empty() ? "the archive is empty" : "nothing is archived under this name",
                "`romlink rom list` shows what is archived");
  return roms;
}

/// "libx.a(y.o)" belongs to "libx.a".
std::string ownerOf(const std::string& object) {
  return object.ends_with(')') ? object.substr(0, object.find('(')) : object;
}

void summarise(const v1::LinkReport& report, v1::MatrixRow& row) {
  row.set_verdict(report.verdict());
  *row.mutable_flash() = report.flash();
  std::map<std::string, v1::ObjectShare> objects;
  for (const v1::SymbolDecision& symbol : report.symbols()) {
    const bool shared = symbol.decision() == v1::SymbolDecision::SHARED;
    row.set_shared_symbols(row.shared_symbols() + (shared ? 1 : 0));
    if (!symbol.alias_of().empty()) // its bytes are another's
      continue;
    v1::ObjectShare& object = objects[ownerOf(symbol.object())];
    object.set_bytes(object.bytes() + symbol.size());
    if (shared)
      object.set_shared_bytes(object.shared_bytes() + symbol.size());
    else
      (*row.mutable_local_bytes())[symbol.reason()] += symbol.size();
  }
  for (auto& [name, object] : objects) {
    object.set_object(name);
    *row.add_objects() = object;
  }
  for (const v1::Blocker& blocker : report.blockers())
    if (static_cast<std::size_t>(row.blockers_size()) < kMostBlockers)
      *row.add_blockers() = blocker;
  for (const v1::Finding& finding : report.findings())
    if (finding.severity() == v1::Finding::ERROR || finding.severity() == v1::Finding::WARNING)
      *row.add_findings() = finding;
}

Result<v1::LinkReport> plan(Services& services, Call& call, const v1::LinkRequest& request,
                            const LinkInputs& inputs, const store::RomRecord& rom) {
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services.jobs));
  ROMLINK_ASSIGN(worker::Job job, linkJob(services, call, request, inputs, {rom}, folder));
  ROMLINK_ASSIGN(worker::JobResult result,
                 services.workers.run(folder, std::move(job), [&] { return call.cancelled(); }));
  return std::move(*result.mutable_link()->mutable_report());
}

} // namespace

Result<void> auditMatrix(Services& services, Call& call, const v1::AuditMatrixRequest& request,
                         const std::function<bool(const v1::MatrixRow&)>& write) {
  ROMLINK_ASSIGN(const auto roms, chosenRoms(services, request));
  v1::LinkRequest link = request.link();
  link.clear_rom();
  link.clear_other_roms();
  link.set_plan_only(true);
  link.set_suggest_waivers(false);
  ROMLINK_ASSIGN(const LinkInputs inputs, linkInputs(services, call, link));
  return inOrder<Result<v1::LinkReport>>(
      roms.size(), jobsOfOneCall(services),
      [&](std::size_t i) { return plan(services, call, link, inputs, roms[i]); },
      [&](std::size_t i, const Result<v1::LinkReport>& report) -> Result<void> {
        if (!report && call.cancelled())
          return fail(report.error());
        v1::MatrixRow row;
        toMessage(roms[i], *row.mutable_rom());
        row.set_total(static_cast<std::uint32_t>(roms.size()));
        if (report)
          summarise(*report, row);
        else
          row.set_error(report.error().line());
        describeWithdrawn({roms[i]}, *row.mutable_findings());
        return write(row) ? Result<void>() : Call::clientGone();
      });
}

} // namespace romlink::server
