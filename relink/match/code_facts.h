// What the machine code of a section may do that no relocation tells: use the program counter, or run on past
// its end.
//
// Encodings from the Armv8-M Architecture Reference Manual (DDI0553), chapter C2. Where data or the second
// half of an instruction looks like such code, the answer is "it may".
#pragma once

#include "relink/image/elf_image.h"

namespace romlink::relink {

struct CodeFacts {
  /// A literal load or an ADR, which round the program counter down to 4 ("Align(PC, 4)"): the same bytes at
  /// another alignment to 4 are other code.
  bool mayReadBesidePc = false;
  /// An ADR, MOV from PC or ADD with PC: the code may hand out an address of its own.
  bool mayTakeOwnAddress = false;
  /// The last instruction is neither a jump, a return nor a call: what the link places behind the section is
  /// its continuation. A call at the end counts as one that does not return, as compilers emit it.
  bool runsOn = false;
};

/// Of the section `index`; all false if it is not executable.
[[nodiscard]] CodeFacts codeFactsOf(const ElfImage& elf, std::uint32_t index);

/// Code goes on at `offset` of the section: an instruction stands there or behind padding, and no data before
/// it.
[[nodiscard]] bool goesOnAt(const ElfImage& elf, std::uint32_t index, std::uint32_t offset);

} // namespace romlink::relink
