// The checks of the linked image: a good one passes, and each that is spoilt in one place is refused.

#include "verify_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

using testing::HasSubstr;

/// A pair whose output is whole, to be spoilt.
class VerifyOutput : public testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(pair.verify(), ""); }
  /// Address in the output.
  Address at(const std::string& symbol, std::uint32_t offset = 0) const {
    return pair.output.at(symbol) + offset;
  }
  Address inRom(const std::string& symbol) const { return pair.rom.at(symbol); }

  VerifyPair pair;
};

constexpr std::uint32_t kCallOfCaller = 2; // in main
constexpr std::uint32_t kCallOfLocal = 6;
constexpr std::uint32_t kMovw = 40;
constexpr std::uint32_t kMovt = 44;
constexpr std::uint32_t kLiteral = 52;
constexpr const char* kFailed = "a check of the linked image failed: ";

TEST_F(VerifyOutput, CallOfAnotherShare) {
  pair.output.putCall(at("main", kCallOfCaller), inRom("leaf"));
  EXPECT_THAT(pair.verify(), HasSubstr(std::string(kFailed) + "main+0x2: its branch to"));
}

TEST_F(VerifyOutput, CallIntoTheMiddle) {
  pair.output.putCall(at("main", kCallOfCaller), inRom("caller") + 2);
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x2: its branch to"));
}

TEST_F(VerifyOutput, CallOfAnotherLocalFunction) {
  pair.output.putCall(at("main", kCallOfLocal), at("main"));
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x6: its branch to"));
}

TEST_F(VerifyOutput, LocalFunctionInsteadOfAShare) {
  pair.output.putCall(at("main", kCallOfCaller), at("local"));
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x2: its branch to"));
}

TEST_F(VerifyOutput, PointerWithoutItsThumbBit) {
  pair.output.putWord(at("pointers"), inRom("caller"));
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x0: its word"));
  pair.output.putWord(at("pointers"), inRom("caller") | 1);
  ASSERT_EQ(pair.verify(), "");
  pair.output.putWord(at("pointers", 4), at("local"));
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x4: its word")) << "of a local function";
}

TEST_F(VerifyOutput, PointerWithAThumbBitToData) {
  pair.output.putWord(at("pointers", 8), inRom("table") | 1);
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x8: its word"));
}

TEST_F(VerifyOutput, PointerToANeighbour) {
  pair.output.putWord(at("pointers"), inRom("leaf") | 1);
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x0: its word"));
}

TEST_F(VerifyOutput, PointerThatStayedInThePlainLink) {
  pair.output.putWord(at("pointers"), pair.plain.at("upper") | 1);
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x0: its word"));
}

TEST_F(VerifyOutput, NumberThatBecameTheRomsAddress) {
  pair.output.putWord(at("pointers", 16), inRom("leaf"));
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x10: its word"));
}

TEST_F(VerifyOutput, AddressInSharedRamThatNoShareExplains) {
  pair.sharedRam = AddressRange{0x20001000, 0x20};
  ASSERT_EQ(pair.verify(), "");
  pair.output.putWord(at("pointers", 16), 0x20001004);
  EXPECT_THAT(pair.verify(), HasSubstr("pointers+0x10: its word"));
}

TEST_F(VerifyOutput, HalfOfAnAddress) {
  const std::uint32_t movw = pair.output.word(at("main", kMovw));
  pair.output.putWord(at("main", kMovw), movw ^ 0x00040000); // imm8
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x28: its "));
  pair.output.putWord(at("main", kMovw), movw);
  pair.output.putWord(at("main", kMovt), pair.output.word(at("main", kMovt)) ^ 0x00010000);
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x28: its "));
}

TEST_F(VerifyOutput, LiteralThatLeadsElsewhere) {
  pair.output.putWord(at("main", kLiteral), at("local"));
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x34: its word"));
}

TEST_F(VerifyOutput, AnotherInstruction) {
  pair.output.putWord(at("local"), pair.output.word(at("local")) ^ 1);
  EXPECT_THAT(pair.verify(), HasSubstr("local+0x0: the linked image has another instruction"));
}

TEST_F(VerifyOutput, PlanWithANeighboursAddress) {
  auto shares = pair.shares();
  named(shares, "caller").rom = inRom("upper");
  EXPECT_THAT(pair.verify(shares), HasSubstr("main+0x2: its branch to"));
}

TEST_F(VerifyOutput, PlanWithSwappedShares) {
  auto shares = pair.shares();
  std::swap(named(shares, "leaf").rom, named(shares, "caller").rom);
  EXPECT_THAT(pair.verify(shares), HasSubstr("its branch to"));
}

TEST_F(VerifyOutput, PlanThatKeepsWhatTheLinkTookFromTheRom) {
  auto shares = pair.shares();
  named(shares, "leaf").equivalentOnly = true;
  EXPECT_THAT(pair.verify(shares), HasSubstr("local+0x2: its branch to"));
}

/// The output with one more function that the plain link lacks.
void relinkWith(VerifyPair& pair, const std::string& code) {
  pair.shop.write("extra.s", ".syntax unified\n.thumb\n.section .text.extra, \"ax\", %progbits\n.p2align 2\n"
                             ".type extra, %function\nextra:\n" +
                                 code + "\n.size extra, . - extra\n");
  pair.shop.run("llvm-mc-19 -triple=thumbv7m-none-eabi -mcpu=cortex-m3 -filetype=obj extra.s -o extra.o && "
                "ld.lld-19 -e main -T fw.ld firmware.o absolute.o extra.o -o output.elf");
  pair.output = EditableImage(pair.shop.read("output.elf"));
}

TEST_F(VerifyOutput, MoreCodeThatCallsAShare) {
  relinkWith(pair, "bl caller");
  EXPECT_EQ(pair.verify(), "");
}

TEST_F(VerifyOutput, MoreCodeThatEntersTheRomUnplanned) {
  for (const char* call : {"bl caller + 2", "bl hidden", "b.w hidden", "beq.w hidden"}) {
    relinkWith(pair, call);
    EXPECT_THAT(pair.verify(), HasSubstr("extra+0x0: its branch to 0x10000")) << call;
  }
  relinkWith(pair, "bl caller");
  pair.output.putCall(at("extra"), inRom("table"));
  EXPECT_THAT(pair.verify(), HasSubstr("enters the ROM at no shared function")) << "data";
}

TEST_F(VerifyOutput, MoreCodeThatEntersTheRomThroughAVeneer) {
  relinkWith(pair, "bl 1f\nbx lr\n1: movw r12, #0x0401\nmovt r12, #0x1000\nbx r12\n");
  EXPECT_THAT(pair.verify(),
              HasSubstr("extra+0x0: its branch to 0x10000400 enters the ROM at no shared function"));
  relinkWith(pair, "bl 1f\nbx lr\n.p2align 2\n1: ldr.w pc, [pc, #-0]\n.word caller\n");
  EXPECT_EQ(pair.verify(), "");
  relinkWith(pair, "bl 1f\nbx lr\n.p2align 2\n1: ldr.w pc, [pc, #-0]\n.word caller + 4\n");
  EXPECT_THAT(pair.verify(), HasSubstr("enters the ROM at no shared function"));
}

// Far from the ROM, each call goes through a veneer of lld's.
TEST(VerifyFarOutput, VeneersLeadToTheShare) {
  VerifyPair pair({}, 0x1000);
  ASSERT_EQ(pair.verify(), "");
  const Address veneer = pair.output.at("__Thumbv7ABSLongThunk_caller");
  const std::uint32_t movw = pair.output.word(veneer);
  pair.output.putWord(veneer, movw ^ 0x00010000);
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x2: its branch to")) << "the Thumb bit is lost";
  pair.output.putWord(veneer, movw ^ 0x00080000);
  EXPECT_THAT(pair.verify(), HasSubstr("main+0x2: its branch to")) << "it leads elsewhere";
}

TEST(VerifyFarOutput, SmallNumbersAreNotTheRomsAddresses) {
  VerifyPair pair({}, 0);
  EXPECT_EQ(pair.verify(), "");
}

TEST_F(VerifyOutput, NoteThatNamesAnotherRom) {
  pair.hash.bytes[31] ^= 1;
  EXPECT_THAT(pair.verify(), HasSubstr(".romlink.note: it names another ROM"));
}

TEST_F(VerifyOutput, NoNote) {
  pair.shop.run("llvm-objcopy-19 -R .romlink.note output.elf bare.elf");
  pair.output = EditableImage(pair.shop.read("bare.elf"));
  EXPECT_THAT(pair.verify(), HasSubstr("does not carry the ROM's identity: .romlink.note"));
}

TEST_F(VerifyOutput, OverlapWithTheRom) {
  pair.romFlash = {0x100ff000, 0x2000};
  EXPECT_THAT(pair.verify(), HasSubstr("overlaps the ROM's flash"));
}

TEST_F(VerifyOutput, OverlapWithSharedRam) {
  pair.sharedRam = AddressRange{0x20000004, 0x20};
  EXPECT_THAT(pair.verify(), HasSubstr("overlaps the ROM's shared RAM"));
}

TEST_F(VerifyOutput, SecureEntryThatMoved) {
  pair.fixedEntries = {{"local", pair.plain.at("local") | 1}};
  EXPECT_EQ(pair.verify(), "");
  pair.fixedEntries = {{"upper", pair.plain.at("upper") | 1}};
  EXPECT_THAT(pair.verify(), HasSubstr("upper: it is not at 0x101000"));
}

// Whatever bit of what stayed is flipped, it is seen, but for a number that is nobody's address.
TEST_F(VerifyOutput, EveryBitOfWhatStayed) {
  for (const std::string name : {"main", "local", "pointers"})
    for (std::uint32_t offset = 0; offset < pair.output.sizeOf(name); ++offset)
      for (int bit = 0; bit < 8; bit += 3) {
        const std::uint8_t byte = pair.output.read(at(name, offset), 1)[0];
        const std::uint8_t changed = byte ^ static_cast<std::uint8_t>(1 << bit);
        if (name == "pointers" && offset / 4 == 4)
          continue;
        pair.output.put(at(name, offset), {&changed, 1});
        EXPECT_NE(pair.verify(), "") << name << "+" << offset << " bit " << bit;
        pair.output.put(at(name, offset), {&byte, 1});
      }
}

} // namespace
} // namespace romlink::relink
