// The first difference of two copies of a section, as a person judges it.
//
// Explains only: nothing is decided here, and the proof does not read it.
#pragma once

#include "relink/explain/section_text.h"

namespace romlink::relink {

struct Difference {
  std::uint32_t offset = 0; ///< of the instruction, number or string that differs, in the section
  std::string summary;      ///< "constant differs at +0x1c, ROM 3072, firmware 8192"
  std::string romListing;   ///< lines around it, the differing one marked with ">"; no newline at the end
  std::string firmwareListing;
};

/// What differs first. `rom` is what the ROM has at `romBase` in the section's place: as many bytes as the
/// section or fewer. `differsAt` is the offset of the first differing byte outside of the relocated fields;
/// the size of `rom` if that is all that differs. `nameOf` names ROM addresses; it may be empty.
[[nodiscard]] Difference explainDifference(const ElfImage& object, std::uint32_t sectionIndex, Bytes rom,
                                           Address romBase, std::uint32_t differsAt, const NameOf& nameOf,
                                           const Disassembler& disassembler);

/// The same with a disassembler of its own, for a single question.
[[nodiscard]] Difference explainDifference(const ElfImage& object, std::uint32_t sectionIndex, Bytes rom,
                                           Address romBase, std::uint32_t differsAt,
                                           const NameOf& nameOf = {});

} // namespace romlink::relink
