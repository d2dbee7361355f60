// Edits copies of objects and archives so that lld takes shared code from the ROM.
//
// For a shared section, the section header gets SHF_EXCLUDE, and each symbol defined in it becomes absolute
// (SHN_ABS) with its address in the ROM. Nothing moves and no size changes, so archives and their symbol
// index stay valid, and the same members are pulled as before. A reference that was forgotten is a hard error
// in lld.
//
// Of a COMDAT group only the copy that the plain link kept is edited. lld chooses by the groups' signatures,
// not by their members: the second link keeps the same copy and drops all others, and what they define means
// the absolute symbols.
#pragma once

#include "relink/match/firmware.h"
#include "relink/plan/plan.h"

#include <filesystem>

namespace romlink::relink {

/// Fills the empty folder `patched` with every file of `originals`: edited where the plan shares something of
/// it, else as a hard link or copy. Malformed or Internal on failure to read or write.
Result<void> patchInputs(const std::filesystem::path& originals, const std::filesystem::path& patched,
                         const Firmware& firmware, const Plan& plan);

struct RomIdentity {
  Digest imageHash;
  std::uint32_t imageSize = 0; ///< bytes
};

/// The object that carries the ROMs' identities: section `.romlink.note` with one ELF note for each, not
/// loaded (owner "romlink", type 1, the 32 bytes of the ROM's image hash), and, if `loaded` is wanted,
/// section `.romlink.rom_id` with the object `romlink_rom_id` (include/romlink/rom_id.h): each one's image
/// size in bytes and its hash, 36 bytes, and behind the last `romlink_rom_id_end`.
std::vector<std::uint8_t> romIdObject(const std::vector<RomIdentity>& roms, bool loaded);

inline constexpr std::string_view kNoteSection = ".romlink.note";
inline constexpr std::string_view kLoadedIdSection = ".romlink.rom_id";
inline constexpr std::string_view kLoadedIdEnd = "romlink_rom_id_end";
inline constexpr std::uint32_t kLoadedIdSize = 36; ///< bytes, of each ROM

/// The ROMs' image hashes from a linked firmware's notes; empty if it has none.
std::vector<Digest> romIdsOf(const ElfImage& firmware);

} // namespace romlink::relink
