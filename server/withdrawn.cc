// See withdrawn.h.
#include "server/withdrawn.h"

namespace romlink::server {

Result<store::Links> linksOf(v1::Withdrawal::Links links) {
  switch (links) {
  case v1::Withdrawal::ALLOW:
    return store::Links::Allow;
  case v1::Withdrawal::WARN:
    return store::Links::Warn;
  case v1::Withdrawal::REFUSE:
    return store::Links::Refuse;
  default:
    return fail(ErrorCode::Usage, "cannot withdraw the ROM", "links", "must be ALLOW, WARN or REFUSE");
  }
}

Result<void> checkLinkable(const std::vector<store::RomRecord>& roms) {
  for (const store::RomRecord& rom : roms)
    if (rom.withdrawal && rom.withdrawal->links == store::Links::Refuse)
      return fail(
          ErrorCode::Refused, "cannot link against the ROM", rom.name + "@" + rom.version,
          "it was withdrawn: " + rom.withdrawal->reason,
          "use another ROM; `romlink rom withdraw --links warn` would let it be linked against again");
  return {};
}

void describeWithdrawn(const std::vector<store::RomRecord>& roms, Findings& findings) {
  for (const store::RomRecord& rom : roms)
    if (rom.withdrawal && rom.withdrawal->links != store::Links::Allow)
      addFinding(findings, v1::Finding::WARNING, "ROM_WITHDRAWN",
                 rom.name + "@" + rom.version + " was withdrawn: " + rom.withdrawal->reason);
}

} // namespace romlink::server
