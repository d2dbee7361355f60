// lld's -Map, read back: which input section the link placed where. This is how romlink learns what lld
// decided: which archive members were pulled, which definition won, what was collected as garbage.
//
// Format (lld/ELF/MapFile.cpp): VMA, LMA, size and alignment, then the output section's name at column "Out",
// an input section as "file:(name)" at column "In", a symbol at column "Symbol". Sections that lld makes
// itself have the file name "<internal>".
#pragma once

#include "base/error.h"
#include "relink/address_range.h"

#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

struct PlacedSection {
  std::string file;    ///< "main.o", "libx.a(y.o)" or "<internal>"
  std::string section; ///< ".text.main"
  std::string output;  ///< the output section that holds it
  Address address = 0; ///< run address (VMA)
  Address load = 0;    ///< load address (LMA)
  std::uint32_t size = 0;

  [[nodiscard]] bool isSynthetic() const { return file == "<internal>"; }
};

/// In the map's order. Internal error if a line is not of the known form.
Result<std::vector<PlacedSection>> readLinkMap(std::string_view text);

} // namespace romlink::relink
