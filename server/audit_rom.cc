// What a ROM offers, who uses it, and what is wrong with it.
#include "romlink/worker/rom_index.pb.h"
#include "server/affected.h"
#include "server/audits.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/examine.h"
#include "server/withdrawn.h"

#include <map>
#include <set>

namespace romlink::server {
namespace {

constexpr std::size_t kMostUsers = 1000;

/// Newest first, without what makes a list of them long.
Result<void> listUsers(Services& services, const store::RomRecord& rom, v1::RomAudit& audit) {
  ROMLINK_ASSIGN(const auto page, services.archive.releases(rom.imageHash, kMostUsers, {}));
  for (const store::Release& release : page.releases) {
    v1::Release& message = *audit.add_users();
    toMessage(release, message);
    message.clear_inputs();
    message.clear_arguments();
  }
  if (!page.nextToken.empty())
    addFinding(*audit.mutable_findings(), v1::Finding::NOTE, "MORE_USERS",
               "only the newest " + std::to_string(kMostUsers) +
                   " releases are listed; `romlink release list` lists all");
  return {};
}

} // namespace

Result<void> auditRom(Services& services, Call& call, const v1::AuditRomRequest& request,
                      v1::RomAudit& audit) {
  ROMLINK_ASSIGN(const store::RomRecord rom, services.archive.find(request.rom()));
  toMessage(rom, *audit.mutable_rom());
  ROMLINK_ASSIGN(const auto advisories, services.archive.advisories());
  worker::ExamineRom question;
  question.set_list_offered(true);
  ROMLINK_ASSIGN(const auto found, examine(services, call, rom, advisories, std::move(question)));
  ROMLINK_ASSIGN(const auto uses, services.archive.usesOf(rom.imageHash));

  std::map<std::uint32_t, std::set<std::string>> defects;
  std::set<std::string> open;
  for (const v1::AffectedSymbol& symbol : found.affected()) {
    *audit.add_affected() = symbol;
    defects[addressIn(symbol.rom_address())].insert(symbol.advisory());
    open.insert(symbol.advisory());
  }
  for (const store::Advisory& advisory : advisories)
    if (open.contains(advisory.id))
      toMessage(advisory, *audit.add_advisories());
  for (const v1::OfferedSymbol& symbol : found.offered()) {
    v1::OfferedSymbol& offered = *audit.add_offered();
    offered = symbol;
    const std::uint32_t address = addressIn(symbol.rom_address());
    if (const auto used = uses.find(address); used != uses.end())
      offered.set_used_by(used->second);
    if (const auto named = defects.find(address); named != defects.end())
      offered.mutable_advisories()->Assign(named->second.begin(), named->second.end());
  }
  *audit.mutable_flags() = found.flags();
  ROMLINK_TRY(listUsers(services, rom, audit));
  describeWithdrawn({rom}, *audit.mutable_findings());
  describeDefects(titleOf(rom), {found.affected().begin(), found.affected().end()},
                  *audit.mutable_findings());
  ROMLINK_ASSIGN(const auto bodies, services.archive.bodiesOf(rom.imageHash, worker::RomIndex::CURRENT));
  if (bodies)
    describeUnknownBodies(*bodies, *audit.mutable_findings());
  for (const std::string& note : rom.notes)
    addFinding(*audit.mutable_findings(), v1::Finding::NOTE, "MISSING_FOR_LINKS", note);
  return {};
}

} // namespace romlink::server
