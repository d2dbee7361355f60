// An archived link: what it shares, and whether it would be decided the same today.
//
// The same inputs, ROM and romlink give the same decisions; what may have changed since is what is known of
// the ROM.
#include "server/affected.h"
#include "server/audits.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/doubts.h"
#include "server/release.h"

namespace romlink::server {

Result<void> auditRelease(Services& services, Call& call, const v1::AuditReleaseRequest& request,
                          v1::ReleaseAudit& audit) {
  ROMLINK_ASSIGN(const store::Release release, services.archive.findRelease(request.release()));
  toMessage(release, *audit.mutable_release());
  ROMLINK_ASSIGN(*audit.mutable_report(), archivedReport(services, release));
  ROMLINK_ASSIGN(const auto advisories, services.archive.advisories());
  Findings& findings = *audit.mutable_findings();
  ROMLINK_ASSIGN(const Doubts found, doubtsOf(services, call, release, advisories, findings));
  for (const v1::ReleaseDoubt& doubt : found.doubts) {
    *audit.add_doubts() = doubt;
    addFinding(findings, v1::Finding::WARNING, "SHARES_DEFECT",
               doubt.symbol() + " would stay local today: " + doubt.advisory() + " names " +
                   *doubt.path().rbegin() + " in " + doubt.rom().name() + "@" + doubt.rom().version(),
               doubt.symbol());
  }
  for (const v1::ReleaseDoubt& doubt : found.accepted)
    addFinding(findings, v1::Finding::NOTE, "ACCEPTED_DEFECT",
               doubt.symbol() + " reaches what " + doubt.advisory() +
                   " names, which a waiver of the release's policy accepts",
               doubt.symbol());
  audit.set_same_today(found.doubts.empty());
  return {};
}

} // namespace romlink::server
