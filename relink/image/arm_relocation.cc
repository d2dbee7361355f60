#include "relink/image/arm_relocation.h"

#include <algorithm>
#include <array>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELF.h>
#include <llvm/Support/Endian.h>

namespace romlink::relink {
namespace {

using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using llvm::support::endian::write16le;

constexpr std::array kKinds = {
    RelocationKind{llvm::ELF::R_ARM_NONE, "R_ARM_NONE", Field::None, 0},
    RelocationKind{llvm::ELF::R_ARM_V4BX, "R_ARM_V4BX", Field::None, 0},
    RelocationKind{llvm::ELF::R_ARM_THM_CALL, "R_ARM_THM_CALL", Field::Branch, 4},
    RelocationKind{llvm::ELF::R_ARM_THM_JUMP24, "R_ARM_THM_JUMP24", Field::Branch, 4},
    RelocationKind{llvm::ELF::R_ARM_THM_JUMP19, "R_ARM_THM_JUMP19", Field::Conditional, 4},
    RelocationKind{llvm::ELF::R_ARM_THM_JUMP11, "R_ARM_THM_JUMP11", Field::Short, 2},
    RelocationKind{llvm::ELF::R_ARM_THM_JUMP8, "R_ARM_THM_JUMP8", Field::Short, 2},
    RelocationKind{llvm::ELF::R_ARM_ABS32, "R_ARM_ABS32", Field::Word, 4},
    // On bare metal, R_ARM_TARGET1 is R_ARM_ABS32 (AAELF32, "Platform-specific relocations").
    RelocationKind{llvm::ELF::R_ARM_TARGET1, "R_ARM_TARGET1", Field::Word, 4},
    RelocationKind{llvm::ELF::R_ARM_REL32, "R_ARM_REL32", Field::Relative, 4, 0, true},
    // R_ARM_TARGET2 is a distance for GCC's and LLVM's unwinders; --target2=abs makes it an address.
    RelocationKind{llvm::ELF::R_ARM_TARGET2, "R_ARM_TARGET2", Field::Relative, 4, 0, true},
    RelocationKind{llvm::ELF::R_ARM_PREL31, "R_ARM_PREL31", Field::Relative31, 4, 0, true},
    RelocationKind{llvm::ELF::R_ARM_THM_PC8, "R_ARM_THM_PC8", Field::Near8, 2, 0, true},
    RelocationKind{llvm::ELF::R_ARM_THM_PC12, "R_ARM_THM_PC12", Field::Near12, 4, 0, true},
    RelocationKind{llvm::ELF::R_ARM_THM_ALU_PREL_11_0, "R_ARM_THM_ALU_PREL_11_0", Field::NearAdr, 4, 0, true,
                   0},
    RelocationKind{llvm::ELF::R_ARM_THM_MOVW_ABS_NC, "R_ARM_THM_MOVW_ABS_NC", Field::Move, 4, 0, false, 1},
    RelocationKind{llvm::ELF::R_ARM_THM_MOVT_ABS, "R_ARM_THM_MOVT_ABS", Field::Move, 4, 1, false, 1},
    RelocationKind{llvm::ELF::R_ARM_THM_MOVW_PREL_NC, "R_ARM_THM_MOVW_PREL_NC", Field::Move, 4, 0, true, 2},
    RelocationKind{llvm::ELF::R_ARM_THM_MOVT_PREL, "R_ARM_THM_MOVT_PREL", Field::Move, 4, 1, true, 2},
    RelocationKind{llvm::ELF::R_ARM_THM_ALU_ABS_G0_NC, "R_ARM_THM_ALU_ABS_G0_NC", Field::Byte, 2, 0, false,
                   3},
    RelocationKind{llvm::ELF::R_ARM_THM_ALU_ABS_G1_NC, "R_ARM_THM_ALU_ABS_G1_NC", Field::Byte, 2, 1, false,
                   3},
    RelocationKind{llvm::ELF::R_ARM_THM_ALU_ABS_G2_NC, "R_ARM_THM_ALU_ABS_G2_NC", Field::Byte, 2, 2, false,
                   3},
    RelocationKind{llvm::ELF::R_ARM_THM_ALU_ABS_G3, "R_ARM_THM_ALU_ABS_G3", Field::Byte, 2, 3, false, 3},
};

std::uint16_t first(Bytes field) {
  return read16le(field.data());
}
std::uint16_t second(Bytes field) {
  return read16le(field.data() + 2);
}

std::int32_t signExtend(std::uint32_t value, unsigned bits) {
  const std::uint32_t sign = 1U << (bits - 1);
  return static_cast<std::int32_t>((value ^ sign) - sign);
}

/// BL (T1) and B.W (T4): S:I1:I2:imm10:imm11:'0' with I = NOT(J EOR S).
std::int32_t branchDisplacement(Bytes field) {
  const std::uint32_t high = first(field);
  const std::uint32_t low = second(field);
  const std::uint32_t s = high >> 10 & 1;
  const std::uint32_t i1 = ~(low >> 13 ^ s) & 1;
  const std::uint32_t i2 = ~(low >> 11 ^ s) & 1;
  return signExtend(s << 24 | i1 << 23 | i2 << 22 | (high & 0x3ff) << 12 | (low & 0x7ff) << 1, 25);
}

/// B<c>.W (T3): S:J2:J1:imm6:imm11:'0'.
std::int32_t conditionalDisplacement(Bytes field) {
  const std::uint32_t high = first(field);
  const std::uint32_t low = second(field);
  return signExtend((high >> 10 & 1) << 20 | (low >> 11 & 1) << 19 | (low >> 13 & 1) << 18 |
                        (high & 0x3f) << 12 | (low & 0x7ff) << 1,
                    21);
}

/// LDR.W and its kin of a literal: bit 7 is the sign of imm12.
std::int32_t literalDisplacement(Bytes field) {
  const std::int32_t imm12 = second(field) & 0xfff;
  return (first(field) >> 7 & 1) != 0 ? imm12 : -imm12;
}

/// ADR.W: i:imm3:imm8 is added (T3) or subtracted (T2, bits 5 and 7 set).
std::int32_t adrDisplacement(Bytes field) {
  const std::uint32_t high = first(field);
  const std::uint32_t low = second(field);
  const auto imm12 = static_cast<std::int32_t>((high >> 10 & 1) << 11 | (low >> 12 & 7) << 8 | (low & 0xff));
  return (high & 0xa0) == 0xa0 ? -imm12 : imm12;
}

/// Align(PC, 4) of an instruction at `place`.
Address literalBase(Address place) {
  return (place & ~3U) + 4;
}

bool isMovImmediate(Bytes field, std::uint16_t opcode, unsigned reg) {
  return (first(field) & 0xfbf0) == opcode && (second(field) & 0x8000) == 0 && registerOf(field) == reg;
}

constexpr std::uint16_t kMovw = 0xf240;
constexpr std::uint16_t kMovt = 0xf2c0;
constexpr unsigned kIp = 12;

} // namespace

std::optional<std::uint32_t> RelocationKind::reach() const {
  switch (field) {
  case Field::Short:
    return type == llvm::ELF::R_ARM_THM_JUMP8 ? 254 : 2046;
  case Field::Near8:
    return 1020;
  case Field::Near12:
  case Field::NearAdr:
    return 4095;
  case Field::Relative31:
    return (1U << 30) - 1;
  default:
    return std::nullopt;
  }
}

std::string_view RelocationKind::partName() const {
  constexpr std::array<std::string_view, 2> kHalves = {"lower16", "upper16"};
  constexpr std::array<std::string_view, 4> kBytes = {"lower0_7", "lower8_15", "upper0_7", "upper8_15"};
  return field == Field::Move ? kHalves[part] : field == Field::Byte ? kBytes[part] : std::string_view();
}

std::optional<RelocationKind> relocationKind(std::uint32_t type) {
  static constexpr auto kByType = [] {
    std::array<std::uint8_t, 256> indexes{};
    for (std::size_t i = 0; i < kKinds.size(); ++i)
      indexes[kKinds[i].type] = static_cast<std::uint8_t>(i + 1);
    return indexes;
  }();
  if (type >= kByType.size() || kByType[type] == 0)
    return std::nullopt;
  return kKinds[kByType[type] - 1U];
}

std::string relocationName(std::uint32_t type) {
  const llvm::StringRef name = llvm::object::getELFRelocationTypeName(llvm::ELF::EM_ARM, type);
  return name.starts_with("R_ARM_") ? name.str() : "relocation type " + std::to_string(type);
}

void maskField(const RelocationKind& kind, std::span<std::uint8_t> field) {
  const auto keep = [&](std::size_t offset, std::uint16_t mask) {
    write16le(field.data() + offset, read16le(field.data() + offset) & mask);
  };
  switch (kind.field) {
  case Field::None:
    return;
  case Field::Branch: // the opcode bits that tell BL from B.W stay
    keep(0, 0xf800);
    keep(2, 0xd000);
    return;
  case Field::Conditional: // and those of the condition
    keep(0, 0xfbc0);
    keep(2, 0xd000);
    return;
  case Field::Short:
    keep(0, kind.type == llvm::ELF::R_ARM_THM_JUMP8 ? 0xff00 : 0xf800);
    return;
  case Field::Word:
  case Field::Relative:
    std::fill(field.begin(), field.end(), std::uint8_t{0});
    return;
  case Field::Relative31:
    keep(0, 0);
    keep(2, 0x8000);
    return;
  case Field::Near8:
  case Field::Byte:
    keep(0, 0xff00);
    return;
  case Field::Near12: // the sign is part of the distance
    keep(0, 0xff7f);
    keep(2, 0xf000);
    return;
  case Field::NearAdr: // and here ADD or SUB
    keep(0, (first(field) & 0xa0) == 0 || (first(field) & 0xa0) == 0xa0 ? 0xfb5f : 0xfbff);
    keep(2, 0x8f00);
    return;
  case Field::Move:
    keep(0, 0xfbf0);
    keep(2, 0x8f00);
    return;
  }
}

std::uint32_t targetOf(const RelocationKind& kind, Bytes field, Address place) {
  switch (kind.field) {
  case Field::Branch:
    return place + 4 + static_cast<std::uint32_t>(branchDisplacement(field));
  case Field::Conditional:
    return place + 4 + static_cast<std::uint32_t>(conditionalDisplacement(field));
  case Field::Short: {
    const std::uint32_t code = first(field);
    const std::int32_t displacement = kind.type == llvm::ELF::R_ARM_THM_JUMP8
                                          ? signExtend((code & 0xff) << 1, 9)
                                          : signExtend((code & 0x7ff) << 1, 12);
    return place + 4 + static_cast<std::uint32_t>(displacement);
  }
  case Field::Word:
    return read32le(field.data());
  case Field::Relative:
    return place + read32le(field.data());
  case Field::Relative31:
    return place + static_cast<std::uint32_t>(signExtend(read32le(field.data()) & 0x7fffffff, 31));
  case Field::Near8:
    return literalBase(place) + static_cast<std::uint32_t>(first(field) & 0xff) * 4;
  case Field::Near12:
    return literalBase(place) + static_cast<std::uint32_t>(literalDisplacement(field));
  case Field::NearAdr:
    return literalBase(place) + static_cast<std::uint32_t>(adrDisplacement(field));
  case Field::None:
  case Field::Move:
  case Field::Byte:
    break;
  }
  return 0;
}

std::uint32_t addendOf(const RelocationKind& kind, Bytes field) {
  switch (kind.field) {
  case Field::Near8: // AAELF32: an imm8 of 0xff is -4, which makes up for the processor's offset
    return ((first(field) & 0xffU) * 4 + 4) & 0x3ff;
  case Field::Move: // the immediate is a signed addend
    return static_cast<std::uint32_t>(static_cast<std::int16_t>(immediateOf(field)));
  case Field::Byte:
    return first(field) & 0xffU;
  default:
    return targetOf(kind, field, 0);
  }
}

std::uint32_t partOf(const RelocationKind& kind, Bytes field, unsigned step) {
  return kind.field == Field::Move ? std::uint32_t{immediateOf(field)} << step * 16
                                   : (first(field) & 0xffU) << (3 - step) * 8;
}

unsigned registerOf(const RelocationKind& kind, Bytes field) {
  return kind.field == Field::Move ? registerOf(field) : first(field) >> 8 & 7;
}

unsigned registerOf(Bytes moveField) {
  return second(moveField) >> 8 & 0xf;
}

bool isNoCall(Bytes field) {
  return (first(field) == 0xf3af && second(field) == 0x8000) ||
         (first(field) == 0xe000 && second(field) == 0xbf00);
}

std::uint16_t immediateOf(Bytes moveField) {
  const std::uint32_t high = first(moveField);
  const std::uint32_t low = second(moveField);
  return static_cast<std::uint16_t>((high & 0xf) << 12 | (high >> 10 & 1) << 11 | (low >> 12 & 7) << 8 |
                                    (low & 0xff));
}

std::optional<Address> veneerTarget(const ReadImage& read, Address address) {
  const auto destination = [](std::uint32_t word) -> std::optional<Address> {
    return (word & 1) != 0 ? std::optional(word & ~1U) : std::nullopt;
  };
  if (const Bytes code = read(address, 4); code.size() == 4) {
    if ((first(code) & 0xf800) == 0xf000 && (second(code) & 0xd000) == 0x9000) // b.w
      return address + 4 + static_cast<std::uint32_t>(branchDisplacement(code));
  }
  if (const Bytes code = read(address, 8); code.size() == 8) {
    if (first(code) == 0xf85f && second(code) == 0xf000 && address % 4 == 0) // ldr.w pc, [pc]
      return destination(read32le(code.data() + 4));
  }
  if (const Bytes code = read(address, 10); code.size() == 10) {
    // movw ip; movt ip; bx ip
    if (isMovImmediate(code, kMovw, kIp) && isMovImmediate(code.subspan(4), kMovt, kIp) &&
        read16le(code.data() + 8) == 0x4760)
      return destination(std::uint32_t{immediateOf(code)} | std::uint32_t{immediateOf(code.subspan(4))}
                                                                << 16);
  }
  if (const Bytes code = read(address, 12); code.size() == 12 && address % 4 == 0) {
    // push {r0, r1}; ldr r0, [pc, #4]; str r0, [sp, #4]; pop {r0, pc}; .word
    if (read16le(code.data()) == 0xb403 && read16le(code.data() + 2) == 0x4801 &&
        read16le(code.data() + 4) == 0x9001 && read16le(code.data() + 6) == 0xbd01)
      return destination(read32le(code.data() + 8));
  }
  if (const Bytes code = read(address, 16); code.size() == 16 && address % 4 == 0) {
    // push {r0}; ldr r0, [pc, #8]; mov ip, r0; pop {r0}; bx ip; nop; .word
    if (read16le(code.data()) == 0xb401 && read16le(code.data() + 2) == 0x4802 &&
        read16le(code.data() + 4) == 0x4684 && read16le(code.data() + 6) == 0xbc01 &&
        read16le(code.data() + 8) == 0x4760)
      return destination(read32le(code.data() + 12));
  }
  return std::nullopt;
}

} // namespace romlink::relink
