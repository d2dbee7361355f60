#include "relink/image/thumb_code.h"

#include "relink/image/arm_relocation.h"

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/Endian.h>

namespace romlink::relink {
namespace {

using llvm::support::endian::read16le;
using Kind = ThumbReference::Kind;

constexpr unsigned kPc = 15;

std::optional<ThumbReference> branch(std::uint32_t relocation, Bytes code, Address place) {
  const auto kind = relocationKind(relocation);
  if (!kind)
    return std::nullopt;
  return ThumbReference{Kind::Branch, targetOf(*kind, code.first(kind->width), place)};
}

std::optional<ThumbReference> narrow(std::uint32_t code, Bytes bytes, Address place) {
  const Address pc = (place + 4) & ~3U;
  if ((code & 0xf000) == 0xd000 && (code & 0x0e00) != 0x0e00) // B<c>; 0xde.. and 0xdf.. are UDF and SVC
    return branch(llvm::ELF::R_ARM_THM_JUMP8, bytes, place);
  if ((code & 0xf800) == 0xe000) // B
    return branch(llvm::ELF::R_ARM_THM_JUMP11, bytes, place);
  if ((code & 0xf500) == 0xb100) // CBZ, CBNZ
    return ThumbReference{Kind::Branch, place + 4 + ((code >> 9 & 1) << 6 | (code >> 3 & 0x1f) << 1)};
  if ((code & 0xf800) == 0x4800) // LDR Rt, [PC, #imm8]
    return ThumbReference{Kind::LiteralWord, pc + (code & 0xff) * 4};
  if ((code & 0xf800) == 0xa000) // ADR
    return ThumbReference{Kind::Adr, pc + (code & 0xff) * 4};
  return std::nullopt;
}

/// B<c>.W, B.W and BL share their first halfword with system instructions; the second tells.
std::optional<ThumbReference> wideBranch(std::uint32_t high, std::uint32_t low, Bytes bytes, Address place) {
  if ((low & 0xd000) == 0xd000)
    return branch(llvm::ELF::R_ARM_THM_CALL, bytes, place);
  if ((low & 0xd000) == 0x9000)
    return branch(llvm::ELF::R_ARM_THM_JUMP24, bytes, place);
  if ((low & 0xd000) == 0x8000 && (high & 0x0380) != 0x0380)
    return branch(llvm::ELF::R_ARM_THM_JUMP19, bytes, place);
  return std::nullopt;
}

std::optional<ThumbReference> wideLoad(std::uint32_t high, std::uint32_t low, Address pc) {
  const auto at = [&](std::uint32_t distance) { return (high & 0x80) != 0 ? pc + distance : pc - distance; };
  if ((high & 0xff7f) == 0xf85f) // LDR
    return ThumbReference{low >> 12 == kPc ? Kind::LiteralJump : Kind::LiteralWord, at(low & 0xfff)};
  if ((high & 0xfe1f) == 0xf81f) // LDRB, LDRH, LDRSB, LDRSH, PLD
    return ThumbReference{Kind::Literal, at(low & 0xfff)};
  if ((high & 0xff7f) == 0xe95f) // LDRD
    return ThumbReference{Kind::Literal, at((low & 0xff) * 4)};
  if ((high & 0xff3f) == 0xed1f && (low & 0x0c00) == 0x0800) // VLDR; half precision counts in halfwords
    return ThumbReference{Kind::Literal, at((low & 0xff) * ((low & 0x0f00) == 0x0900 ? 2 : 4))};
  return std::nullopt;
}

} // namespace

unsigned thumbSize(Bytes code) {
  return read16le(code.data()) >> 11 >= 0x1d ? 4 : 2;
}

bool endsFlow(std::uint32_t first, std::uint32_t second) {
  if (first < 0xe800)
    return (first & 0xf800) == 0xe000 ||                               // b
           (first & 0xff00) == 0x4700 ||                               // bx, blx
           (first & 0xff00) == 0xbd00 ||                               // pop {..., pc}
           (first & 0xff87) == 0x4687 || (first & 0xff87) == 0x4487 || // mov pc, add pc
           (first & 0xff00) == 0xde00 || (first & 0xff00) == 0xbe00;   // udf, bkpt
  if ((first & 0xf800) == 0xf000 && (second & 0x8000) != 0)            // branches
    return (second & 0x5000) == 0x1000 ||                              // b.w
           (second & 0x5000) == 0x5000 ||                              // bl
           (first & 0xfff0) == 0xf7f0;                                 // udf.w
  if ((first & 0xfe50) == 0xe810)                                      // ldm, pop.w
    return (second & 0x8000) != 0;
  if ((first & 0xff70) == 0xf850) // ldr.w
    return (second & 0xf000) == 0xf000;
  return (first & 0xfff0) == 0xe8d0 && (second & 0xffe0) == 0xf000; // tbb, tbh
}

bool isNop(std::uint32_t first, std::uint32_t second) {
  return first == 0xbf00 || first == 0x46c0 ||
         (first == 0xf3af && second == 0x8000); // nop, mov r8, r8, nop.w
}

std::optional<ThumbReference> thumbReference(Bytes code, Address place) {
  const std::uint32_t high = read16le(code.data());
  if (thumbSize(code) == 2)
    return narrow(high, code, place);
  if (code.size() < 4)
    return std::nullopt;
  const std::uint32_t low = read16le(code.data() + 2);
  const Address pc = (place + 4) & ~3U;
  if ((high & 0xf800) == 0xf000 && (low & 0x8000) != 0)
    return wideBranch(high, low, code, place);
  const std::uint32_t immediate = (high >> 10 & 1) << 11 | (low >> 12 & 7) << 8 | (low & 0xff);
  if ((high & 0xfbff) == 0xf2af) // ADR before the PC: SUB Rd, PC, #imm12
    return ThumbReference{Kind::Adr, pc - immediate};
  if ((high & 0xfbff) == 0xf20f) // ADR after the PC
    return ThumbReference{Kind::Adr, pc + immediate};
  return wideLoad(high, low, pc);
}

} // namespace romlink::relink
