// Makes the ROM index from the ROM's ELF: what a link must know of the ROM, and nothing else
// (proto/romlink/worker/rom_index.proto). RomImage reads it.
//
//   ELF -> RomLayout (where the parts run) -> regions, ranges, symbols
//                  -> romReferences        -> the reference graph
//       -> DebugTypes (its DWARF)          -> the types of its symbols
//       -> romSources (.debug_romlink)     -> the fingerprints of their source
#pragma once

#include "relink/image/flash_image.h"
#include "romlink/worker/build_flags.pb.h"

#include <optional>
#include <string>

namespace romlink::relink {

struct RomIndexSource {
  const ElfImage& elf;
  const FlashImage& flash;
  Digest imageHash; ///< of the flash image, volatile ranges read as 0xFF
  std::optional<AddressRange> sharedRam;
  worker::BuildFlags flags;
};

struct BuiltRomIndex {
  std::string file; ///< a serialized RomIndexFile
  std::uint32_t formatVersion = 0;
  std::uint32_t functions = 0;
  std::uint32_t references = 0;
  std::vector<Digest> bodies;      ///< of its functions (body_digest.h), sorted, each once
  std::uint32_t unknownBodies = 0; ///< functions that have none
  std::string note;                ///< what could not be read of the ELF, and is left out; else empty
};

/// The same source gives the same bytes.
[[nodiscard]] BuiltRomIndex buildRomIndex(const RomIndexSource& source);

} // namespace romlink::relink
