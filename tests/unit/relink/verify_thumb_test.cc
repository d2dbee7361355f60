// The decoder of the checks by bytes: what it says of instructions that the assembler made, and veneers as
// GNU ld and lld really make them.

#include "fixture.h"
#include "relink/verify/image_view.h"
#include "relink/verify/thumb.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

using Kind = ThumbInstruction::Kind;

class Thumb : public testing::Test {
protected:
  /// The instructions of `text`, which begins at `address`.
  std::vector<ThumbInstruction> decode(const std::string& text) {
    shop.write("code.s", ".syntax unified\n.thumb\n" + text);
    shop.run("llvm-mc-19 -triple=thumbv8.1m.main-none-eabi -mattr=+lob,+fp-armv8d16,+mve.fp,+8msecext "
             "-filetype=obj "
             "code.s -o code.o");
    content = shop.read("code.o");
    elf = ElfImage::read(content, "code.o").value();
    std::vector<ThumbInstruction> all;
    for (Bytes rest = contentOf(elf, ".text"); !rest.empty();) {
      const auto instruction = decoder.decode(rest);
      if (!instruction)
        break;
      all.push_back(*instruction);
      rest = rest.subspan(instruction->size);
    }
    return all;
  }
  /// Where the first instruction of `text`, at `address`, leads.
  Address targetOf(const std::string& text, Kind kind, Address address) {
    const auto all = decode(text);
    EXPECT_EQ(all.at(0).kind, kind) << text;
    return all.at(0).targetFrom(address);
  }
  bool isAlike(const std::string& a, const std::string& b) {
    const auto first = decode(a + "\n" + b + "\n");
    const Bytes code = contentOf(elf, ".text");
    return decoder.isAlike(code.first(first.at(0).size), code.subspan(first.at(0).size, first.at(1).size));
  }

  Workshop shop;
  std::vector<std::uint8_t> content;
  ElfImage elf;
  ThumbDecoder decoder = ThumbDecoder::create().value();
};

TEST_F(Thumb, BranchesLeadFromTheirPlacePlus4) {
  for (const char* text :
       {"b #16", "beq #16", "cbz r0, #16", "cbnz r7, #16", "bl #16", "b.w #16", "bne.w #16"})
    EXPECT_EQ(targetOf(text, Kind::Branch, 0x1002), 0x1016U) << text;
  for (const char* text : {"b #-16", "bl #-16", "b.w #-16", "bne.w #-16"})
    EXPECT_EQ(targetOf(text, Kind::Branch, 0x1002), 0xff6U) << text;
  EXPECT_EQ(decode("1: nop.w\n le lr, 1b").at(1).kind, Kind::Branch);
}

TEST_F(Thumb, LiteralsLieBesideTheRoundedProgramCounter) {
  for (const char* text :
       {"ldr r0, [pc, #8]", "ldr.w r0, [pc, #8]", "ldrb r0, [pc, #8]", "ldrh r0, [pc, #8]",
        "ldrsb r0, [pc, #8]", "ldrsh r0, [pc, #8]", "ldrd r0, r1, [pc, #8]", "vldr s0, [pc, #8]",
        "vldr d0, [pc, #8]", "adr r0, #8", "adr.w r0, #8", "ldr.w pc, [pc, #8]"}) {
    EXPECT_EQ(targetOf(text, Kind::PcData, 0x1000), 0x100cU) << text;
    EXPECT_EQ(targetOf(text, Kind::PcData, 0x1002), 0x100cU) << text;
  }
  for (const char* text :
       {"ldr.w r0, [pc, #-8]", "ldrd r0, r1, [pc, #-8]", "vldr d0, [pc, #-8]", "adr.w r0, #-8"})
    EXPECT_EQ(targetOf(text, Kind::PcData, 0x1000), 0xffcU) << text;
  EXPECT_EQ(decode("ldr r0, [r1, #8]").at(0).kind, Kind::Other);
  EXPECT_EQ(decode("ldr pc, [r1, #8]").at(0).kind, Kind::Other);
}

TEST_F(Thumb, HalvesOfAddresses) {
  const auto all =
      decode("movw r3, #0x1234\nmovt r3, #0xabcd\nmovw r4, #0\nmovs r3, #7\nlsls r3, r3, #8\nadds r3, #9\n"
             "lsls r3, r3, #7\nlsls r3, r4, #8\n");
  EXPECT_EQ(all.at(0).kind, Kind::Movw);
  EXPECT_EQ(all.at(0).immediate, 0x1234);
  EXPECT_EQ(all.at(1).kind, Kind::Movt);
  EXPECT_EQ(all.at(1).immediate, 0xabcd);
  EXPECT_EQ(all.at(1).reg, all.at(0).reg);
  EXPECT_NE(all.at(2).reg, all.at(0).reg);
  EXPECT_EQ(all.at(3).kind, Kind::Movs);
  EXPECT_EQ(all.at(3).immediate, 7);
  EXPECT_EQ(all.at(4).kind, Kind::Lsls8);
  EXPECT_EQ(all.at(5).kind, Kind::Adds);
  EXPECT_EQ(all.at(5).immediate, 9);
  EXPECT_EQ(all.at(6).kind, Kind::Other);
  EXPECT_EQ(all.at(7).kind, Kind::Other);
}

TEST_F(Thumb, HandsOutItsAddress) {
  for (const char* text : {"adr r0, #8", "adr.w r0, #8", "mov r0, pc", "add r0, pc"})
    EXPECT_TRUE(decode(text).at(0).handsOutAddress) << text;
  for (const char* text :
       {"ldr r0, [pc, #8]", "mov pc, r0", "add pc, r0", "mov r0, r1", "bl #8", "tbb [pc, r0]"})
    EXPECT_FALSE(decode(text).at(0).handsOutAddress) << text;
}

TEST_F(Thumb, AlikeIsTheSameButForTheField) {
  EXPECT_TRUE(isAlike("bl #16", "bl #32"));
  EXPECT_FALSE(isAlike("bl #16", "b.w #16"));
  EXPECT_TRUE(isAlike("beq.w #16", "beq.w #32"));
  EXPECT_FALSE(isAlike("beq.w #16", "bne.w #16"));
  EXPECT_TRUE(isAlike("cbz r0, #16", "cbz r0, #18"));
  EXPECT_FALSE(isAlike("cbz r0, #16", "cbz r1, #16"));
  EXPECT_TRUE(isAlike("movw r0, #1", "movw r0, #2"));
  EXPECT_FALSE(isAlike("movw r0, #1", "movw r1, #1"));
  EXPECT_TRUE(isAlike("movt r0, #1", "movt r0, #2"));
  EXPECT_TRUE(isAlike("ldr r0, [pc, #8]", "ldr r0, [pc, #12]"));
  EXPECT_FALSE(isAlike("ldr r0, [pc, #8]", "ldr r1, [pc, #8]"));
  EXPECT_FALSE(isAlike("mov.w r0, #1", "mov.w r0, #2"));
  EXPECT_FALSE(isAlike("ldr r0, [r1, #8]", "ldr r0, [r1, #12]"));
  EXPECT_FALSE(isAlike("adds r0, r1, #1", "adds r0, r1, #2"));
}

// LLVM tracks IT blocks from one call to the next, and forgets none that is not left.
TEST_F(Thumb, ItBlocksDoNotColourWhatFollows) {
  decode("it eq\n");
  EXPECT_TRUE(isAlike("movw r0, #1", "movw r0, #2"));
  decode("itttt eq\n");
  const auto all = decode("b #16\nbl #16\n");
  EXPECT_EQ(all.at(0).kind, Kind::Branch);
  EXPECT_EQ(all.at(1).kind, Kind::Branch);
}

TEST_F(Thumb, CallsOfNothing) {
  const auto isNoCall = [&](const std::string& text) {
    decode(text);
    return decoder.isNoCall(contentOf(elf, ".text"));
  };
  EXPECT_TRUE(isNoCall("bl #0"));
  EXPECT_TRUE(isNoCall("nop.w"));
  EXPECT_TRUE(isNoCall("b #0\nnop"));
  EXPECT_FALSE(isNoCall("bl #4"));
  EXPECT_FALSE(isNoCall("b #2\nnop"));
  EXPECT_FALSE(isNoCall("nop\nnop"));
  EXPECT_FALSE(isNoCall("wfi.w"));
}

TEST_F(Thumb, UnknownEncodingsHaveTheirWidth) {
  constexpr std::uint8_t kUnknown[] = {0xff, 0xff, 0x00, 0xf0, 0x70, 0x47};
  EXPECT_EQ(decoder.decode(kUnknown)->size, 4);
  EXPECT_EQ(decoder.decode(Bytes(kUnknown).subspan(4))->size, 2);
  EXPECT_FALSE(decoder.decode(Bytes(kUnknown).first(3)).has_value());
  EXPECT_FALSE(decoder.decode({}).has_value());
}

constexpr const char* kScript = "PHDRS { a PT_LOAD; b PT_LOAD; }\n"
                                "SECTIONS { .near 0x10000000 : { *(.text.near) } :a\n"
                                "           .far 0x18000000 : { *(.text.far) } :b }\n";
constexpr const char* kCode = ".syntax unified\n.thumb\n"
                              ".section .text.near, \"ax\", %progbits\n.globl near\n.type near, %function\n"
                              "near:\n  bl far\n  bx lr\n.size near, . - near\n"
                              ".section .text.far, \"ax\", %progbits\n.globl far\n.type far, %function\n"
                              "far:\n  bx lr\n.size far, . - far\n";

void expectVeneer(const std::string& cpu, const std::string& assembler, const std::string& linker) {
  Workshop shop;
  shop.write("far.ld", kScript);
  shop.write("code.s", kCode);
  shop.run("arm-none-eabi-as -mcpu=" + cpu + " " + assembler + " code.s -o code.o && " + linker +
           " -e near -T far.ld code.o -o linked.elf");
  const auto content = shop.read("linked.elf");
  const auto elf = ElfImage::read(content, "linked.elf").value();
  const ImageView view(elf);
  auto decoder = ThumbDecoder::create().value();
  const Address near = addressOf(elf, "near");
  const Address veneer = decoder.decode(view.read(near, 4))->targetFrom(near);
  ASSERT_NE(veneer, addressOf(elf, "far")) << cpu << " " << linker << ": no veneer was needed";
  const auto stops = decoder.throughVeneers(view.reader(), veneer);
  EXPECT_EQ(stops.back(), addressOf(elf, "far")) << cpu << " " << linker;
}

TEST(ThumbVeneer, OfEveryLinkerAndArchitecture) {
  for (const char* cpu : {"cortex-m0", "cortex-m3", "cortex-m23", "cortex-m33"})
    for (const char* linker : {"arm-none-eabi-ld", "ld.lld-19"})
      expectVeneer(cpu, "", linker);
}

/// The target of a veneer that is `code` at `address`.
std::optional<Address> targetIn(const std::string& code, Address address) {
  Workshop shop;
  const auto object = shop.assemble("code", code);
  const auto elf = ElfImage::read(object, "code.o").value();
  const Bytes text = contentOf(elf, ".text");
  auto decoder = ThumbDecoder::create().value();
  return decoder.veneerTarget(
      [&](Address from, std::uint32_t size) -> Bytes {
        return from >= address && from - address + size <= text.size() ? text.subspan(from - address, size)
                                                                       : Bytes();
      },
      address);
}

TEST(ThumbVeneer, IsNotWhatOnlyResemblesOne) {
  EXPECT_EQ(targetIn("movw r12, #0x101\nmovt r12, #0x1000\nbx r12\n", 0x2000), 0x10000100U);
  EXPECT_FALSE(targetIn("movw r12, #0x100\nmovt r12, #0x1000\nbx r12\n", 0x2000)) << "leads to A32 code";
  EXPECT_FALSE(targetIn("movw r3, #0x101\nmovt r3, #0x1000\nbx r3\n", 0x2000)) << "changes r3";
  EXPECT_FALSE(targetIn("movw r12, #0x101\nmovt r12, #0x1000\nblx r12\n", 0x2000)) << "comes back";
  EXPECT_FALSE(targetIn("movw r12, #0x101\nmovt r12, #0x1000\n", 0x2000)) << "ends too early";
  EXPECT_FALSE(targetIn("movt r12, #0x1000\nbx r12\n", 0x2000)) << "depends on r12";
  EXPECT_EQ(targetIn("ldr.w pc, [pc, #-0]\n.word 0x10000101\n", 0x2000), 0x10000100U);
  EXPECT_FALSE(targetIn("ldr.w pc, [pc, #-0]\n.word 0x10000101\n", 0x2002)) << "loads another word there";
  EXPECT_FALSE(targetIn("ldr.w pc, [pc, #4]\n.word 0x10000101\n", 0x2000));
  EXPECT_FALSE(targetIn("bl #16\n", 0x2000));
  EXPECT_FALSE(targetIn("beq #16\n", 0x2000));
  EXPECT_EQ(targetIn("b.w #16\n", 0x2000), 0x2014U);
  EXPECT_EQ(
      targetIn("push {r0, r1}\nldr r0, [pc, #4]\nstr r0, [sp, #4]\npop {r0, pc}\n.word 0x10000101\n", 0x2000),
      0x10000100U);
  EXPECT_FALSE(
      targetIn("push {r0, r1}\nldr r0, [pc, #4]\nstr r0, [sp]\npop {r0, pc}\n.word 0x10000101\n", 0x2000))
      << "returns to r1";
  EXPECT_FALSE(targetIn("push {r0}\nldr r0, [pc, #4]\nmov r12, r0\nbx r12\n.word 0x10000101\n", 0x2000))
      << "leaves the stack changed";
  EXPECT_FALSE(targetIn("mov r4, r5\nb.w #16\n", 0x2000)) << "changes r4";
}

} // namespace
} // namespace romlink::relink
