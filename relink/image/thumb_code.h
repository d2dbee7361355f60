// What a Thumb instruction refers to by its own bits: branches, literal loads, ADR. For the reference graph
// of a ROM, where no relocations are left. Encodings: Armv8-M Architecture Reference Manual (DDI0553),
// chapter C2.
//
// Example: "ldr r0, [pc, #4]" at 0x1002 is LiteralWord with target 0x1008 (the PC is aligned down to 4).
//
// Limits: the loops and branch futures of Armv8.1-M, and TBB and TBH, stay inside of their function and are
// not reported.
#pragma once

#include "base/digest.h"
#include "relink/address_range.h"

#include <optional>

namespace romlink::relink {

struct ThumbReference {
  enum class Kind {
    Branch,      ///< BL, B, B<c>, CBZ, CBNZ: target is where it goes
    Literal,     ///< a load from beside the PC: target is what it reads
    LiteralWord, ///< of one word into a core register
    LiteralJump, ///< LDR PC: goes where the word says
    Adr,         ///< target is the address it makes
  };
  Kind kind;
  Address target;
};

/// Bytes of the instruction that begins with `code`: 2 or 4. REQUIRES: code.size() >= 2.
[[nodiscard]] unsigned thumbSize(Bytes code);

/// The instruction is neither a jump, a return nor a call, so control goes on behind it. A call ends it, too:
/// at the end of a function it is one that does not return, as compilers emit it. `second`: of a wide
/// instruction.
[[nodiscard]] bool endsFlow(std::uint32_t first, std::uint32_t second);
[[nodiscard]] bool isNop(std::uint32_t first, std::uint32_t second);

/// Nullopt: it refers to nothing, or is cut off. REQUIRES: code.size() >= 2.
[[nodiscard]] std::optional<ThumbReference> thumbReference(Bytes code, Address place);

} // namespace romlink::relink
