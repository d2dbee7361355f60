// What each Arm relocation does to the bytes it applies to: which bits it fills, and which target the filled
// bits name. Source: "ELF for the Arm Architecture" (AAELF32), tables "Static Arm/Thumb relocations";
// instruction encodings from the Armv8-M Architecture Reference Manual (DDI0553), chapter C2.
//
// Example: R_ARM_THM_CALL at address P fills the 25-bit displacement of a BL. maskField() clears those bits,
// so two calls of different functions compare equal; targetOf() gives P + 4 + displacement.
//
// Some addresses are made in parts, by several instructions with a relocation each: MOVW and MOVT, or on v6-M
// (execute-only code) MOVS and three ADDS. partOf() gives one part; match/references puts them together.
//
// Limits: only Thumb code (M-profile). A type that is not in the table has no RelocationKind, and whatever it
// stands in is never shared. docs/design.md lists the types.
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
  Relative31,  ///< a 31-bit distance from the field; bit 31 is the unwind table's
  Near8,       ///< ADR or LDR of a literal (T1): up to 1020 bytes behind
  Near12,      ///< LDR.W and its kin of a literal: up to 4095 bytes before or behind
  NearAdr,     ///< ADR.W: the same
  Move,        ///< MOVW or MOVT: 16 of 32 bits
  Byte,        ///< MOVS or ADDS: 8 of 32 bits
};

struct RelocationKind {
  std::uint32_t type;
  std::string_view name;
  Field field;
  std::uint32_t width;      ///< bytes of the field
  std::uint8_t part = 0;    ///< of Move and Byte: which part, from the lowest
  bool relative = false;    ///< a distance from the field, not an address
  std::uint32_t family = 0; ///< the same for all parts that can make one address

  [[nodiscard]] bool isBranch() const {
    return field == Field::Branch || field == Field::Conditional || field == Field::Short;
  }
  [[nodiscard]] bool isPart() const { return field == Field::Move || field == Field::Byte; }
  [[nodiscard]] unsigned parts() const { return field == Field::Move ? 2 : field == Field::Byte ? 4 : 1; }
  /// When the code makes this part: MOVW before MOVT, but the highest byte first.
  [[nodiscard]] unsigned step() const { return field == Field::Byte ? 3U - part : part; }
  /// As the assembler calls it: "lower16". Empty if it is no part.
  [[nodiscard]] std::string_view partName() const;
  /// How far from the field its target may lie, where no veneer can help; nullopt: anywhere.
  [[nodiscard]] std::optional<std::uint32_t> reach() const;
};

/// Nullopt for a type that romlink does not know.
[[nodiscard]] std::optional<RelocationKind> relocationKind(std::uint32_t type);
/// "R_ARM_THM_CALL", also of types that romlink does not know; "relocation type 200" if there is none.
[[nodiscard]] std::string relocationName(std::uint32_t type);

/// Clears the bits that the relocation fills. REQUIRES: field.size() == kind.width.
void maskField(const RelocationKind& kind, std::span<std::uint8_t> field);

/// The address that the filled field at `place` names: where a branch goes (no Thumb bit), or the word's
/// value. REQUIRES: not a part.
[[nodiscard]] std::uint32_t targetOf(const RelocationKind& kind, Bytes field, Address place);

/// The addend that the unrelocated field holds (SHT_REL), without the processor's offset of 4 where the field
/// is relative to the program counter.
[[nodiscard]] std::uint32_t addendOf(const RelocationKind& kind, Bytes field);

/// The bits that the instruction of this step gives to the address, in their place. The parts together are
/// the address, or the distance from the first instruction. REQUIRES: a part.
[[nodiscard]] std::uint32_t partOf(const RelocationKind& kind, Bytes field, unsigned step);
/// The register that it writes. REQUIRES: a part.
[[nodiscard]] unsigned registerOf(const RelocationKind& kind, Bytes field);

/// The 16-bit immediate of MOVW and MOVT, and the register they write.
[[nodiscard]] std::uint16_t immediateOf(Bytes moveField);
[[nodiscard]] unsigned registerOf(Bytes moveField);

/// BL is NOP.W, or on v6-M B.N over a NOP: what GNU ld writes for a call of an undefined weak function.
[[nodiscard]] bool isNoCall(Bytes field);

/// Reads `size` bytes of a linked image at an address; empty where it has none.
using ReadImage = std::function<Bytes(Address, std::uint32_t size)>;

/// Where the code at `address` goes if it is a linker's veneer: those of GNU ld (long_branch_thumb2_only and
/// long_branch_thumb_only in bfd/elf32-arm.c) and of lld (ThumbV7ABSLongThunk, ThumbV6MABSLongThunk and the
/// short B.W form in lld/ELF/Thunks.cpp). Nullopt: not a veneer.
[[nodiscard]] std::optional<Address> veneerTarget(const ReadImage& read, Address address);

} // namespace romlink::relink
