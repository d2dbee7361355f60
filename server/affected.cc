#include "server/affected.h"

#include "romlink/worker/rom_index.pb.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/examine.h"
#include "server/in_order.h"
#include "server/rom_index.h"

#include <algorithm>
#include <set>

namespace romlink::server {
namespace {

std::string nameOf(const store::RomTitle& rom) {
  return rom.name + "@" + rom.version;
}

Result<store::RomRecord> recordOf(Services& services, const store::RomTitle& rom) {
  ROMLINK_ASSIGN(auto record, services.archive.findByImage(rom.imageHash));
  if (!record)
    return fail(ErrorCode::Internal, "the archive lost a ROM", rom.imageHash.text());
  return std::move(*record);
}

/// A ROM that cannot be read is a finding; a call that nobody waits for any more is over.
Result<void> unless(const Call& call, const store::RomTitle& rom, const Error& error, Findings& findings) {
  if (call.cancelled())
    return fail(error);
  addFinding(findings, v1::Finding::WARNING, "NOT_EXAMINED",
             nameOf(rom) + " could not be looked at, so it may be affected: " + error.line());
  return {};
}

/// Has the archive learn the bodies of all ROMs.
Result<void> learnBodies(Services& services, Call& call, Findings& findings) {
  ROMLINK_ASSIGN(const auto roms, services.archive.romsWithoutBodies(worker::RomIndex::CURRENT));
  return inOrder<Result<void>>(
      roms.size(), jobsOfOneCall(services),
      [&](std::size_t i) -> Result<void> {
        ROMLINK_ASSIGN(const auto record, recordOf(services, roms[i]));
        ROMLINK_TRY(romIndex(services, call, record));
        return {};
      },
      [&](std::size_t i, const Result<void>& done) -> Result<void> {
        return done ? done : unless(call, roms[i], done.error(), findings);
      });
}

/// ROMs in which defective code may hide.
Result<void> describeUnknown(Services& services, Findings& findings) {
  constexpr std::size_t kMost = 20;
  ROMLINK_ASSIGN(auto unknown, services.archive.unknownBodies(worker::RomIndex::CURRENT));
  std::stable_partition(unknown.begin(), unknown.end(), [](const auto& bodies) { return bodies.known == 0; });
  for (std::size_t i = 0; i < std::min(unknown.size(), kMost); ++i)
    describeUnknownBodies(unknown[i], findings);
  if (unknown.size() > kMost)
    addFinding(findings, v1::Finding::NOTE, "CODE_NOT_KNOWN",
               std::to_string(unknown.size() - kMost) +
                   " more ROMs have functions that cannot be compared by code");
  return {};
}

} // namespace

void addFinding(Findings& findings, v1::Finding::Severity severity, const char* code, std::string message,
                std::string symbol) {
  v1::Finding& finding = *findings.Add();
  finding.set_severity(severity);
  finding.set_code(code);
  finding.set_message(std::move(message));
  finding.set_symbol(std::move(symbol));
}

Result<std::vector<AffectedRom>> affectedRoms(Services& services, Call& call, const store::Advisory& advisory,
                                              Findings& findings) {
  ROMLINK_TRY(learnBodies(services, call, findings));
  std::vector<Digest> bodies;
  std::vector<store::RomTitle> roms;
  for (const store::AdvisoryTarget& target : advisory.targets) {
    roms.push_back(target.rom);
    if (target.body)
      bodies.push_back(*target.body);
    else
      addFinding(
          findings, v1::Finding::NOTE, "CODE_NOT_KNOWN",
          nameOf(target.rom) + " " + target.symbol +
              " is data, or its code could not be told from data: in other ROMs it is not found by itself",
          target.symbol);
  }
  if (!bodies.empty())
    ROMLINK_TRY(describeUnknown(services, findings));
  ROMLINK_ASSIGN(const auto candidates, services.archive.romsWithBodies(bodies, worker::RomIndex::CURRENT));
  roms.insert(roms.end(), candidates.begin(), candidates.end());
  std::sort(roms.begin(), roms.end());
  roms.erase(std::unique(roms.begin(), roms.end()), roms.end());

  std::vector<AffectedRom> affected;
  ROMLINK_TRY(inOrder<Result<AffectedRom>>(
      roms.size(), jobsOfOneCall(services),
      [&](std::size_t i) -> Result<AffectedRom> {
        ROMLINK_ASSIGN(auto record, recordOf(services, roms[i]));
        ROMLINK_ASSIGN(const auto found, examine(services, call, record, {advisory}));
        return AffectedRom{std::move(record), {found.affected().begin(), found.affected().end()}};
      },
      [&](std::size_t i, Result<AffectedRom> found) -> Result<void> {
        if (!found)
          return unless(call, roms[i], found.error(), findings);
        if (!found->symbols.empty())
          affected.push_back(std::move(*found));
        return {};
      }));
  return affected;
}

void describeDefects(const store::RomTitle& rom, const std::vector<v1::AffectedSymbol>& symbols,
                     Findings& findings) {
  for (const v1::AffectedSymbol& symbol : symbols) {
    const std::string what = symbol.advisory() + ": " + nameOf(rom) + " " + symbol.symbol() +
                             (symbol.match() == v1::AffectedSymbol::SAME_CODE ? ", found by its code," : "");
    if (symbol.boot_path().empty()) {
      addFinding(findings, v1::Finding::WARNING, "DEFECT",
                 what + " is defective; firmware that is linked now keeps it and its callers local",
                 symbol.symbol());
      continue;
    }
    std::string path;
    for (const std::string& name : symbol.boot_path())
      path += (path.empty() ? "" : " -> ") + name;
    addFinding(findings, v1::Finding::WARNING, "DEFECT_IN_BOOT",
               what + " is defective, and the ROM itself runs it, which no relink repairs: " + path,
               symbol.symbol());
  }
}

void describeUnknownBodies(const store::Archive::Bodies& bodies, Findings& findings) {
  if (bodies.unknown == 0)
    return;
  const std::string number =
      std::to_string(bodies.unknown) + (bodies.unknown == 1 ? " function" : " functions");
  const std::string which =
      (bodies.known == 0 ? "none of the " + number : number) + " of " + nameOf(bodies.rom);
  addFinding(findings, bodies.known == 0 ? v1::Finding::WARNING : v1::Finding::NOTE, "CODE_NOT_KNOWN",
             which + (bodies.known == 0 ? " can be" : " cannot be") +
                 " compared by code, for lack of a size or of mapping symbols: an advisory has to name them");
}

} // namespace romlink::server
