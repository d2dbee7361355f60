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
constexpr std::uint32_t R_ARM_CALL = 28;
constexpr std::uint32_t R_ARM_THM_JUMP24 = 30;
constexpr std::uint32_t R_ARM_TARGET1 = 38;
constexpr std::uint32_t R_ARM_PREL31 = 42;
constexpr std::uint32_t R_ARM_THM_MOVW_ABS_NC = 47;
constexpr std::uint32_t R_ARM_THM_MOVT_ABS = 48;
constexpr std::uint32_t R_ARM_THM_JUMP19 = 51;
constexpr std::uint32_t R_ARM_THM_JUMP11 = 102;
constexpr std::uint32_t R_ARM_THM_JUMP8 = 103;

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
    EXPECT_EQ(registerOf(movw), 7U);
    EXPECT_EQ(masked(low, movw), masked(low, code.first(4)));
    EXPECT_EQ(masked(high, movt), masked(high, code.subspan(4, 4)));
  }
  EXPECT_NE(masked(low, code.first(4)), masked(high, code.subspan(4, 4))) << "MOVW is not MOVT";
  EXPECT_NE(masked(low, code.last(4)), masked(low, code.first(4))) << "the register is not relocated";
}

/// Whatever the bits: two fields that are equal when masked and name one target are equal.
TEST(ArmRelocation, MaskAndTargetTogetherCoverEveryBit) {
  std::mt19937 random(11);
  for (const std::uint32_t type : {R_ARM_THM_CALL, R_ARM_THM_JUMP24, R_ARM_THM_JUMP19, R_ARM_THM_JUMP11,
                                   R_ARM_THM_JUMP8, R_ARM_ABS32, R_ARM_TARGET1, R_ARM_REL32}) {
    const RelocationKind kind = kindOf(type);
    for (int round = 0; round < 500; ++round) {
      std::vector<std::uint8_t> field(kind.width);
      for (std::uint8_t& byte : field)
        byte = static_cast<std::uint8_t>(random());
      const unsigned bit = random() % (kind.width * 8);
      auto flipped = field;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_TRUE(masked(kind, field) != masked(kind, flipped) ||
                  targetOf(kind, field, 0x8000) != targetOf(kind, flipped, 0x8000))
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
}

TEST(ArmRelocation, KnowsWhatItDoesNotKnow) {
  EXPECT_FALSE(relocationKind(R_ARM_PREL31).has_value());
  EXPECT_FALSE(relocationKind(R_ARM_CALL).has_value()) << "A32 code";
  EXPECT_EQ(relocationName(R_ARM_THM_CALL), "R_ARM_THM_CALL");
  EXPECT_EQ(relocationName(200), "relocation type 200");
}

} // namespace
} // namespace romlink::relink
