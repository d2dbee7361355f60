// What each Arm relocation does to the bytes it applies to: which bits it fills, and which target the filled
// bits name. Source: "ELF for the Arm Architecture" (AAELF32), tables "Static Arm/Thumb relocations";
// instruction encodings from the Armv8-M Architecture Reference Manual (DDI0553), chapter C2.
//
// Example: R_ARM_THM_CALL at address P fills the 25-bit displacement of a BL. maskField() clears those bits,
// so two calls of different functions compare equal; targetOf() gives P + 4 + displacement.
//
// Limits: only Thumb code (M-profile). A type that is not in the table has no RelocationKind, and whatever it
// stands in is never shared.
#pragma once

#include "base/digest.h"
#include "relink/address_range.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace romlink::relink {

enum class Field {
  None,        ///< fills nothing (R_ARM_NONE, R_ARM_V4BX)
  Branch,      ///< BL or B.W, +-16 MiB
  Conditional, ///< B<c>.W, +-1 MiB
  Short,       ///< B.N or B<c>.N: no room for a veneer
  Word,        ///< a 32-bit address
  Relative,    ///< a 32-bit distance from the field
  Movw,        ///< low half of an address
  Movt,        ///< high half
};

struct RelocationKind {
  std::uint32_t type;
  std::string_view name;
  Field field;
  std::uint32_t width; ///< bytes of the field

  [[nodiscard]] bool isBranch() const {
    return field == Field::Branch || field == Field::Conditional || field == Field::Short;
  }
};

/// Nullopt for a type that romlink does not know.
[[nodiscard]] std::optional<RelocationKind> relocationKind(std::uint32_t type);
/// "R_ARM_THM_CALL", or "relocation type 200".
[[nodiscard]] std::string relocationName(std::uint32_t type);

/// Clears the bits that the relocation fills. REQUIRES: field.size() == kind.width.
void maskField(const RelocationKind& kind, std::span<std::uint8_t> field);

/// The address that the filled field at `place` names: where a branch goes (no Thumb bit), or the word's
/// value. For an unrelocated field and place 0 this is the addend, plus 4 for branches. Not for Movw and
/// Movt.
[[nodiscard]] std::uint32_t targetOf(const RelocationKind& kind, Bytes field, Address place);

/// The 16-bit immediate of MOVW and MOVT, and the register they write.
[[nodiscard]] std::uint16_t immediateOf(Bytes movField);
[[nodiscard]] unsigned registerOf(Bytes movField);

/// Reads `size` bytes of a linked image at an address; empty where it has none.
using ReadImage = std::function<Bytes(Address, std::uint32_t size)>;

/// Where the code at `address` goes if it is a linker's veneer: those of GNU ld (long_branch_thumb2_only and
/// long_branch_thumb_only in bfd/elf32-arm.c) and of lld (ThumbV7ABSLongThunk, ThumbV6MABSLongThunk and the
/// short B.W form in lld/ELF/Thunks.cpp). Nullopt: not a veneer.
[[nodiscard]] std::optional<Address> veneerTarget(const ReadImage& read, Address address);

} // namespace romlink::relink
