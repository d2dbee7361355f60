// What an advisory means for the fleet: the ROMs that contain the defective code, the releases that reach it,
// and which of those a relink repairs.
//
// Two questions are apart. A release is affected if something that it shares is the defective code or reaches
// it in the ROM. A relink repairs that: today it would keep all of it local. It does not repair what the ROM
// itself runs before the firmware, so a release on a ROM whose boot reaches the defect is not repaired by a
// relink, whatever it shares.
#include "server/affected.h"
#include "server/audits.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/doubts.h"
#include "server/examine.h"
#include "server/in_order.h"
#include "server/release.h"

#include <algorithm>
#include <set>

namespace romlink::server {
namespace {

constexpr std::size_t kPage = 1000;

/// All releases that were linked against one of the ROMs, newest first.
Result<std::vector<store::Release>> releasesOf(Services& services, const std::vector<AffectedRom>& roms) {
  std::set<Digest> known;
  std::vector<store::Release> releases;
  for (const AffectedRom& affected : roms) {
    std::string token;
    do {
      ROMLINK_ASSIGN(auto page, services.archive.releases(affected.rom.imageHash, kPage, token));
      for (store::Release& release : page.releases)
        if (known.insert(release.id).second)
          releases.push_back(std::move(release));
      token = page.nextToken;
    } while (!token.empty());
  }
  std::sort(releases.begin(), releases.end(),
            [](const auto& a, const auto& b) { return a.number > b.number; });
  return releases;
}

bool bootRunsDefect(const std::vector<AffectedRom>& roms, const store::Release& release) {
  return std::any_of(roms.begin(), roms.end(), [&](const AffectedRom& affected) {
    return std::any_of(release.roms.begin(), release.roms.end(),
                       [&](const auto& rom) { return rom.imageHash == affected.rom.imageHash; }) &&
           std::any_of(affected.symbols.begin(), affected.symbols.end(),
                       [](const auto& symbol) { return !symbol.boot_path().empty(); });
  });
}

/// Symbols that the link kept local because of the advisory; the plan's detail begins with its id
/// (match/claims.cc).
Result<std::set<std::string>> ownCopies(Services& services, const store::Release& release,
                                        const std::string& advisory) {
  ROMLINK_ASSIGN(const v1::LinkReport report, archivedReport(services, release));
  std::set<std::string> names;
  for (const v1::SymbolDecision& symbol : report.symbols())
    if (symbol.decision() == v1::SymbolDecision::LOCAL && symbol.reason() == "FIXED" &&
        symbol.detail().starts_with(advisory + " names "))
      names.insert(symbol.name());
  return names;
}

struct Judged {
  Result<Doubts> doubts;
  Findings findings;
};

} // namespace

Result<void> auditAdvisory(Services& services, Call& call, const v1::AuditAdvisoryRequest& request,
                           v1::AdvisoryAudit& audit) {
  ROMLINK_ASSIGN(const store::Advisory advisory, services.archive.advisory(request.advisory()));
  toMessage(advisory, *audit.mutable_advisory());
  Findings& findings = *audit.mutable_findings();
  ROMLINK_ASSIGN(const auto roms, affectedRoms(services, call, advisory, findings));
  for (const AffectedRom& affected : roms) {
    for (const v1::AffectedSymbol& symbol : affected.symbols)
      *audit.add_affected() = symbol;
    describeDefects(titleOf(affected.rom), affected.symbols, findings);
  }
  ROMLINK_ASSIGN(const auto releases, releasesOf(services, roms));
  return inOrder<Judged>(
      releases.size(), jobsOfOneCall(services),
      [&](std::size_t i) {
        Findings own;
        auto doubts = doubtsOf(services, call, releases[i], {advisory}, own);
        return Judged{std::move(doubts), std::move(own)};
      },
      [&](std::size_t i, Judged judged) -> Result<void> {
        if (!judged.doubts)
          return fail(judged.doubts.error());
        v1::AffectedRelease& message = *audit.add_releases();
        toMessage(releases[i], *message.mutable_release());
        message.mutable_release()->clear_inputs();
        message.mutable_release()->clear_arguments();
        message.set_affected(!judged.doubts->doubts.empty());
        message.mutable_doubts()->Assign(judged.doubts->doubts.begin(), judged.doubts->doubts.end());
        message.set_repaired_by_relink(!bootRunsDefect(roms, releases[i]));
        message.mutable_accepted()->Assign(judged.doubts->accepted.begin(), judged.doubts->accepted.end());
        if (!message.affected()) {
          ROMLINK_ASSIGN(const auto own, ownCopies(services, releases[i], advisory.id));
          message.mutable_own_copies()->Assign(own.begin(), own.end());
        }
        findings.MergeFrom(judged.findings);
        for (const v1::ReleaseDoubt& accepted : judged.doubts->accepted)
          addFinding(findings, v1::Finding::NOTE, "ACCEPTED_DEFECT",
                     "release " + releases[i].id.text() +
                         ": a waiver of its policy accepts the defect that " + accepted.symbol() + " reaches",
                     accepted.symbol());
        return {};
      });
}

} // namespace romlink::server
