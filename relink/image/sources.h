// The fingerprints of the source (source_section.h) of a ROM and of a firmware object, by place.
//
// ROM: records of what the linker dropped name address 0 and do not count; of two definitions that claim one
// address neither does (a linker that folded equal code, a record of a discarded COMDAT copy).
#pragma once

#include "relink/image/elf_image.h"
#include "relink/image/source_section.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace romlink::relink {

struct Source {
  SourceRecord::Kind kind = SourceRecord::Kind::Part;
  std::optional<Digest> digest; ///< of functions and objects: absent where none could be made
  std::uint32_t unit = 0;       ///< equal numbers: of one translation unit
  bool weak = false;            ///< when it was compiled; a ROM's records do not tell
};

/// By address, without the Thumb bit; empty if the ROM was not built with romlink-cc. Malformed: the section
/// is damaged.
Result<std::map<Address, Source>> romSources(const ElfImage& rom, const std::string& where);

/// By section and offset. Malformed: as above.
struct ObjectSources {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Source> places;
  std::uint32_t units = 0; ///< more than one: a partial link made the object
};
Result<ObjectSources> objectSources(const ElfImage& object, const std::string& where);

} // namespace romlink::relink
