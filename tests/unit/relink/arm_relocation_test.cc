// Relocated fields against encodings that llvm-mc makes: decoding gives the target, masking leaves the
// opcode.

#include "fixture.h"
#include "relink/image/arm_relocation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace romlink::relink {
namespace {

// AAELF32, "Relocation types": numbers of its own, so that a wrong table does not confirm itself.
constexpr std::uint32_t R_ARM_ABS32 = 2;
constexpr std::uint32_t R_ARM_REL32 = 3;
constexpr std::uint32_t R_ARM_THM_CALL = 10;
constexpr std::uint32_t R_ARM_THM_PC8 = 11;
constexpr std::uint32_t R_ARM_CALL = 28;
constexpr std::uint32_t R_ARM_THM_JUMP24 = 30;
constexpr std::uint32_t R_ARM_TARGET1 = 38;
constexpr std::uint32_t R_ARM_TARGET2 = 41;
constexpr std::uint32_t R_ARM_PREL31 = 42;
constexpr std::uint32_t R_ARM_THM_MOVW_ABS_NC = 47;
constexpr std::uint32_t R_ARM_THM_MOVT_ABS = 48;
constexpr std::uint32_t R_ARM_THM_MOVW_PREL_NC = 49;
constexpr std::uint32_t R_ARM_THM_MOVT_PREL = 50;
constexpr std::uint32_t R_ARM_THM_JUMP19 = 51;
constexpr std::uint32_t R_ARM_THM_ALU_PREL_11_0 = 53;
constexpr std::uint32_t R_ARM_THM_PC12 = 54;
constexpr std::uint32_t R_ARM_THM_JUMP11 = 102;
constexpr std::uint32_t R_ARM_THM_JUMP8 = 103;
constexpr std::uint32_t R_ARM_THM_ALU_ABS_G0_NC = 132;
constexpr std::uint32_t R_ARM_THM_ALU_ABS_G3 = 135;

RelocationKind kindOf(std::uint32_t type) {
  const auto kind = relocationKind(type);
  EXPECT_TRUE(kind.has_value());
  return kind.value_or(RelocationKind{});
}

std::vector<std::uint8_t> masked(const RelocationKind& kind, Bytes field) {
  std::vector<std::uint8_t> copy(field.begin(), field.end());
  maskField(kind, copy);
  return copy;
}

/// Assembles `instruction` with many displacements in its range; all must decode to their target and be equal
/// when masked, and differ from `other` when masked.
void checkBranch(std::uint32_t type, const std::string& instruction, const std::string& other, int range) {
  Workshop shop;
  std::mt19937 random(7);
  std::vector<int> displacements = {0, 2, -2, range - 2, -range};
  std::uniform_int_distribution<int> any(-range / 2, range / 2 - 1);
  while (displacements.size() < 200)
    displacements.push_back(any(random) * 2);
  std::string text;
  for (const int displacement : displacements)
    text += fmt::format("  {} #{}\n", instruction, displacement);
  text += fmt::format("  {} #{}\n", other, displacements[0]);
  const auto object = shop.assemble("branches", text);
  const auto elf = ElfImage::read(object, "branches.o").value();
  const Bytes code = contentOf(elf, ".text");
  const RelocationKind kind = kindOf(type);
  ASSERT_EQ(code.size(), (displacements.size() + 1) * kind.width);
  const auto expected = masked(kind, code.first(kind.width));
  for (std::size_t i = 0; i < displacements.size(); ++i) {
    const Bytes field = code.subspan(i * kind.width, kind.width);
    const auto place = static_cast<Address>(0x10000000 + i * kind.width);
    EXPECT_EQ(targetOf(kind, field, place), place + 4 + static_cast<std::uint32_t>(displacements[i]));
    EXPECT_EQ(masked(kind, field), expected) << instruction << displacements[i];
  }
  EXPECT_NE(masked(kind, code.last(kind.width)), expected) << other;
}

TEST(ArmRelocation, DecodesBl) {
  checkBranch(R_ARM_THM_CALL, "bl", "b.w", 1 << 24);
}

TEST(ArmRelocation, DecodesWideBranch) {
  checkBranch(R_ARM_THM_JUMP24, "b.w", "bl", 1 << 24);
}

TEST(ArmRelocation, DecodesConditionalBranchAndKeepsTheCondition) {
  checkBranch(R_ARM_THM_JUMP19, "beq.w", "bne.w", 1 << 20);
  checkBranch(R_ARM_THM_JUMP19, "bge.w", "blt.w", 1 << 20);
}

TEST(ArmRelocation, DecodesShortBranches) {
  checkBranch(R_ARM_THM_JUMP11, "b.n", "beq.n", 1 << 11);
  checkBranch(R_ARM_THM_JUMP8, "beq.n", "bne.n", 1 << 8);
}

TEST(ArmRelocation, DecodesMovwAndMovt) {
  Workshop shop;
  std::mt19937 random(3);
  std::vector<std::uint16_t> values = {0, 1, 0xff, 0x100, 0x7ff, 0x800, 0x8000, 0xffff};
  while (values.size() < 200)
    values.push_back(static_cast<std::uint16_t>(random()));
  std::string text;
  for (const std::uint16_t value : values)
    text += fmt::format("  movw r7, #{0}\n  movt r7, #{0}\n", value);
  text += "  movw r8, #0\n";
  const auto object = shop.assemble("moves", text);
  const auto elf = ElfImage::read(object, "moves.o").value();
  const Bytes code = contentOf(elf, ".text");
  const RelocationKind low = kindOf(R_ARM_THM_MOVW_ABS_NC);
  const RelocationKind high = kindOf(R_ARM_THM_MOVT_ABS);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Bytes movw = code.subspan(i * 8, 4);
    const Bytes movt = code.subspan(i * 8 + 4, 4);
    EXPECT_EQ(immediateOf(movw), values[i]);
    EXPECT_EQ(immediateOf(movt), values[i]);
    EXPECT_EQ(registerOf(low, movw), 7U);
    EXPECT_EQ(partOf(low, movw, 0) | partOf(high, movt, 1), values[i] * 0x10001U);
    EXPECT_EQ(addendOf(low, movw), static_cast<std::uint32_t>(static_cast<std::int16_t>(values[i])));
    EXPECT_EQ(masked(low, movw), masked(low, code.first(4)));
    EXPECT_EQ(masked(high, movt), masked(high, code.subspan(4, 4)));
  }
  EXPECT_NE(masked(low, code.first(4)), masked(high, code.subspan(4, 4))) << "MOVW is not MOVT";
  EXPECT_NE(masked(low, code.last(4)), masked(low, code.first(4))) << "the register is not relocated";
}

/// Four instructions of v6-M make one address, the highest byte first.
TEST(ArmRelocation, DecodesTheBytesOfMovsAndAdds) {
  Workshop shop;
  const auto object =
      shop.assemble("bytes", "  movs r5, #0x12\n  adds r5, #0x34\n  adds r5, #0x56\n  adds r5, #0x78\n"
                             "  adds r4, #0x78\n");
  const auto elf = ElfImage::read(object, "bytes.o").value();
  const Bytes code = contentOf(elf, ".text");
  std::uint32_t address = 0;
  for (unsigned step = 0; step < 4; ++step) {
    const RelocationKind kind = kindOf(R_ARM_THM_ALU_ABS_G3 - step);
    const Bytes field = code.subspan(step * 2, 2);
    EXPECT_EQ(kind.step(), step);
    EXPECT_EQ(kind.parts(), 4U);
    EXPECT_EQ(registerOf(kind, field), 5U);
    EXPECT_EQ(addendOf(kind, field), field[0]);
    address |= partOf(kind, field, step);
  }
  EXPECT_EQ(address, 0x12345678U);
  const RelocationKind lowest = kindOf(R_ARM_THM_ALU_ABS_G0_NC);
  EXPECT_EQ(masked(lowest, code.subspan(2, 2)), masked(lowest, code.subspan(6, 2)));
  EXPECT_NE(masked(lowest, code.first(2)), masked(lowest, code.subspan(6, 2))) << "MOVS is not ADDS";
  EXPECT_NE(masked(lowest, code.last(2)), masked(lowest, code.subspan(6, 2)))
      << "the register is not relocated";
}

/// Accesses beside the program counter, which is rounded down to 4; also before it, where the code says so.
TEST(ArmRelocation, DecodesLiteralsAndAdr) {
  struct Case {
    std::uint32_t type;
    const char* instruction;
    int distance; ///< from Align(PC, 4)
  };
  const Case kCases[] = {{R_ARM_THM_PC8, "ldr r3, [pc, #0]", 0},
                         {R_ARM_THM_PC8, "ldr r3, [pc, #1020]", 1020},
                         {R_ARM_THM_PC8, "adr r3, #8", 8},
                         {R_ARM_THM_PC12, "ldr.w r3, [pc, #4095]", 4095},
                         {R_ARM_THM_PC12, "ldr.w r3, [pc, #-4095]", -4095},
                         {R_ARM_THM_PC12, "ldrb.w r3, [pc, #-1]", -1},
                         {R_ARM_THM_ALU_PREL_11_0, "adr.w r3, #4095", 4095},
                         {R_ARM_THM_ALU_PREL_11_0, "adr.w r3, #-4095", -4095},
                         {R_ARM_THM_ALU_PREL_11_0, "adr.w r3, #-2048", -2048},
                         {R_ARM_THM_ALU_PREL_11_0, "adr.w r3, #255", 255}};
  for (const Case& one : kCases) {
    Workshop shop;
    const auto object = shop.assemble("near", std::string(one.instruction) + "\n");
    const auto elf = ElfImage::read(object, "near.o").value();
    const Bytes code = contentOf(elf, ".text");
    const RelocationKind kind = kindOf(one.type);
    ASSERT_EQ(code.size(), kind.width) << one.instruction;
    for (const Address place : {0x1000U, 0x1002U})
      EXPECT_EQ(targetOf(kind, code, place), 0x1004U + static_cast<std::uint32_t>(one.distance))
          << one.instruction;
  }
}

/// AAELF32: the addend of an unrelocated field makes up for the processor's offset of 4.
TEST(ArmRelocation, ReadsTheAddendsThatAssemblersWrite) {
  Workshop shop;
  const auto object =
      shop.assemble("addends", "  adr.w r0, outside\n  ldr.w r0, outside\n  adr.w r0, outside + 8\n"
                               "  bl outside\n  movw r0, #:lower16:(outside - 4)\n  .word outside - 4\n");
  const auto elf = ElfImage::read(object, "addends.o").value();
  const Section& text = *elf.findSection(".text");
  const std::uint32_t kExpected[] = {0, 0, 8, 0, ~3U, ~3U};
  ASSERT_EQ(text.relocations.size(), std::size(kExpected));
  for (std::size_t i = 0; i < std::size(kExpected); ++i) {
    const RelocationKind kind = kindOf(text.relocations[i].type);
    EXPECT_EQ(addendOf(kind, text.data.subspan(text.relocations[i].offset, kind.width)), kExpected[i])
        << kind.name;
  }
  const std::uint8_t minusFour[] = {0xff, 0xa0}; // what LLVM writes for "adr r0, outside" on v6-M
  EXPECT_EQ(addendOf(kindOf(R_ARM_THM_PC8), minusFour), 0U);
  const std::uint8_t none[] = {0x00, 0xa0};
  EXPECT_EQ(addendOf(kindOf(R_ARM_THM_PC8), none), 4U);
}

TEST(ArmRelocation, NoCallIsWhatGnuLdWrites) {
  Workshop shop;
  const auto object = shop.assemble("nothing", "  nop.w\n  b.n #0\n  nop\n  nop\n  nop\n  b.n #2\n  nop\n");
  const auto elf = ElfImage::read(object, "nothing.o").value();
  const Bytes code = contentOf(elf, ".text");
  EXPECT_TRUE(isNoCall(code.first(4)));
  EXPECT_TRUE(isNoCall(code.subspan(4, 4)));
  EXPECT_FALSE(isNoCall(code.subspan(8, 4)));
  EXPECT_FALSE(isNoCall(code.subspan(12, 4)));
}

TEST(ArmRelocation, ReachesWhatNoVeneerHelps) {
  EXPECT_EQ(kindOf(R_ARM_THM_JUMP8).reach(), 254U);
  EXPECT_EQ(kindOf(R_ARM_THM_PC8).reach(), 1020U);
  EXPECT_EQ(kindOf(R_ARM_PREL31).reach(), 0x3fffffffU);
  EXPECT_EQ(kindOf(R_ARM_THM_CALL).reach(), std::nullopt);
  EXPECT_EQ(kindOf(R_ARM_ABS32).reach(), std::nullopt);
}

/// Whatever the bits: two fields that are equal when masked and name one target are equal.
TEST(ArmRelocation, MaskAndTargetTogetherCoverEveryBit) {
  std::mt19937 random(11);
  for (const std::uint32_t type :
       {R_ARM_THM_CALL, R_ARM_THM_JUMP24, R_ARM_THM_JUMP19, R_ARM_THM_JUMP11, R_ARM_THM_JUMP8, R_ARM_ABS32,
        R_ARM_TARGET1, R_ARM_REL32, R_ARM_TARGET2, R_ARM_PREL31, R_ARM_THM_PC8, R_ARM_THM_PC12,
        R_ARM_THM_ALU_PREL_11_0, R_ARM_THM_MOVW_ABS_NC, R_ARM_THM_MOVW_PREL_NC, R_ARM_THM_MOVT_PREL,
        R_ARM_THM_ALU_ABS_G0_NC}) {
    const RelocationKind kind = kindOf(type);
    for (int round = 0; round < 500; ++round) {
      std::vector<std::uint8_t> field(kind.width);
      for (std::uint8_t& byte : field)
        byte = static_cast<std::uint8_t>(random());
      const unsigned bit = random() % (kind.width * 8);
      auto flipped = field;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      const auto value = [&](Bytes bytes) {
        return kind.isPart() ? partOf(kind, bytes, kind.step()) : targetOf(kind, bytes, 0x8000);
      };
      EXPECT_TRUE(masked(kind, field) != masked(kind, flipped) || value(field) != value(flipped))
          << kind.name << " bit " << bit;
    }
  }
}

TEST(ArmRelocation, DecodesWords) {
  const std::uint8_t word[] = {0x78, 0x56, 0x34, 0x92};
  EXPECT_EQ(targetOf(kindOf(R_ARM_ABS32), word, 0x1000), 0x92345678U);
  EXPECT_EQ(targetOf(kindOf(R_ARM_TARGET1), word, 0x1000), 0x92345678U);
  EXPECT_EQ(targetOf(kindOf(R_ARM_REL32), word, 0x1000), 0x92346678U);
  const std::uint8_t minusFour[] = {0xfc, 0xff, 0xff, 0xff};
  EXPECT_EQ(targetOf(kindOf(R_ARM_REL32), minusFour, 0x1000), 0xffcU);
  EXPECT_EQ(targetOf(kindOf(R_ARM_PREL31), minusFour, 0x1000), 0xffcU);
  const std::uint8_t inlined[] = {0xfc, 0xff, 0xff, 0x7f}; // bit 31 says nothing of the place
  EXPECT_EQ(targetOf(kindOf(R_ARM_PREL31), inlined, 0x1000), 0xffcU);
  EXPECT_NE(masked(kindOf(R_ARM_PREL31), inlined), masked(kindOf(R_ARM_PREL31), minusFour));
}

TEST(ArmRelocation, KnowsWhatItDoesNotKnow) {
  EXPECT_FALSE(relocationKind(9).has_value()) << "R_ARM_SBREL32";
  EXPECT_FALSE(relocationKind(R_ARM_CALL).has_value()) << "A32 code";
  EXPECT_EQ(relocationName(R_ARM_THM_CALL), "R_ARM_THM_CALL");
  EXPECT_EQ(relocationName(9), "R_ARM_SBREL32");
  EXPECT_EQ(relocationName(200), "relocation type 200");
}

} // namespace
} // namespace romlink::relink
