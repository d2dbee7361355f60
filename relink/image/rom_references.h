// The ROM's reference graph: what each place in the ROM may lead to. "When in doubt, there is an edge": an
// edge too many costs bytes, a missing one would let code reach what was fixed.
//
// Sources, all of them for every ROM:
// - instructions, decoded where the mapping symbols say code: branches, also through veneers; literal loads
// and
//   the word they load, also as a distance from the PC that is added to it; ADR; MOVW with MOVT; the sequence
//   MOVS, LSLS, ADDS, ... that makes an address in pure code of Armv6-M. Where no mapping symbol tells code
//   from data, every halfword is taken for an instruction and every word for data;
// - every aligned word of data, literal pools and initial values that may be an address: any place in code or
//   data, any symbol. 0 is the null pointer. Numbers below 64 KiB in code and its literals lead into code
//   only where a symbol stands;
// - literals whose own address the code takes, too: they hold a distance from themselves;
// - exception tables: words that hold a distance of 31 bits (PREL31, "Exception Handling ABI for the Arm
//   Architecture", EHABI32);
// - the relocations that the linker kept (--emit-relocs), resolved by what the linked bytes say. They are not
//   taken for the whole truth: the assembler resolves branches inside of a section itself, and linker scripts
//   write addresses, too, without relocations.
//
// Limits: other distances between sections, added to an address at run time, are seen only through
// relocations; pointers in initial values that the linker compressed not at all. An edge into data names one
// address; code that was built without -fdata-sections may reach the neighbours from it.
#pragma once

#include "relink/image/rom_layout.h"

#include <vector>

namespace romlink::relink {

struct RomReferenceEdge {
  enum class Kind : std::uint8_t { Branch = 1, Made = 2, Word = 3 }; ///< worker::References::Kind
  Address place = 0;
  Address target = 0; ///< without Thumb bit
  Kind kind = Kind::Branch;
  auto operator<=>(const RomReferenceEdge&) const = default;
};

/// By place, then by target; one edge for each pair.
[[nodiscard]] std::vector<RomReferenceEdge> romReferences(const ElfImage& elf, const RomLayout& layout);

} // namespace romlink::relink
