// Tells the rooms that check by bytes (verify/) what the plan says, as ranges of addresses.
#pragma once

#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "relink/plan/plan.h"
#include "relink/verify/verify.h"

#include <filesystem>

namespace romlink::relink {

/// The ROM's bytes. REQUIRES: `rom` outlives it.
[[nodiscard]] RomView viewOf(const RomImage& rom);

/// What the plan takes for proved, used or not; strings and merged constants besides.
struct PlannedShares {
  std::vector<Share> shares;
  std::vector<SectionId> sections; ///< of each share
  std::vector<EqualPiece> pieces;  ///< in the plain link and in the ROM
};
[[nodiscard]] PlannedShares sharesOf(const Firmware& plain, const ElfImage& plainElf, const Proof& proof,
                                     const Plan& plan, const RomImage& rom);

/// The sections that both links have, and the strings and merged constants that they refer to.
struct Stayed {
  std::vector<Counterpart> sections;
  std::vector<EqualPiece> pieces; ///< in the plain link and in the output
};
[[nodiscard]] Stayed stayedOf(const Firmware& plain, const ElfImage& plainElf, const Firmware& linked,
                              const ElfImage& linkedElf);

/// The functions of the import library that the arguments name (--in-implib); none without one. File names
/// are relative to `folder`. Malformed: it is no ELF file.
Result<std::vector<FixedEntry>> fixedEntriesOf(const std::vector<std::string>& arguments,
                                               const std::filesystem::path& folder);

} // namespace romlink::relink
