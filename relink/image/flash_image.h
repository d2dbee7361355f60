// The flash image of a linked ELF: file bytes of all PT_LOAD segments at their physical addresses, lowest to
// highest, gaps filled with 0xFF, without trailing 0xFF.
#pragma once

#include "relink/image/elf_image.h"

#include <string>
#include <vector>

namespace romlink::relink {

struct FlashImage {
  Address base = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<AddressRange> ranges; ///< what segments fill, merged, by address
};

/// Malformed: segments overlap, or lie too far apart for one flash. `where` names the file in errors.
Result<FlashImage> flashImageOf(const ElfImage& elf, const std::string& where);

} // namespace romlink::relink
