// The reference graph of ROMs: each way an instruction or a word can lead somewhere, on linked code.

#include "fixture.h"
#include "relink/image/rom_references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace romlink::relink {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// Flash at 0x10000000, RAM at 0x20000000.
constexpr const char* kScript =
    "PHDRS { flash PT_LOAD; data PT_LOAD; }\n"
    "SECTIONS { .text 0x10000000 : { *(.vectors) *(.text) *(.text.*) } :flash\n"
    "  .rodata : { *(.rodata) *(.rodata.*) } :flash\n"
    "  .ARM.exidx : { *(.ARM.exidx*) } :flash\n  .ARM.extab : { *(.ARM.extab*) } :flash\n"
    "  .data 0x20000000 : AT(0x10010000) { *(.data) *(.ramcode) } :data\n"
    "  .bss : { *(.bss) } :data }\n";

class RomReferences : public testing::Test {
protected:
  void link(const std::string& code, const std::string& linker = "ld.lld-19",
            const std::string& cpu = "cortex-m3") {
    workshop.write("code.s", ".syntax unified\n.thumb\n" + code);
    workshop.run("arm-none-eabi-as -mcpu=" + cpu + " code.s -o code.o");
    std::string script = kScript;
    script.replace(script.find("0x10000000"), 10, flashBase);
    workshop.write("rom.ld", script);
    workshop.run(linker + " -e 0 -T rom.ld code.o -o rom.elf");
    romContent = workshop.read("rom.elf");
    romElf = ElfImage::read(romContent, "rom.elf").value();
  }

  [[nodiscard]] std::vector<RomReferenceEdge> edges() const {
    return romReferences(romElf, RomLayout(romElf));
  }

  /// "from -> to" with names of symbols, "from+2" for what lies behind them, one for each edge of these
  /// kinds.
  [[nodiscard]] std::vector<std::string> edgesOf(std::initializer_list<RomReferenceEdge::Kind> kinds) const {
    std::vector<std::string> texts;
    for (const RomReferenceEdge& edge : edges())
      if (std::find(kinds.begin(), kinds.end(), edge.kind) != kinds.end())
        texts.push_back(nameOf(edge.place) + " -> " + nameOf(edge.target));
    return texts;
  }
  [[nodiscard]] std::vector<std::string> all() const {
    return edgesOf({Kind::Branch, Kind::Made, Kind::Word});
  }
  [[nodiscard]] std::vector<std::string> branches() const { return edgesOf({Kind::Branch}); }

  [[nodiscard]] std::string nameOf(Address address) const {
    const Symbol* best = nullptr;
    for (const Symbol& symbol : romElf.symbols)
      if (symbol.isDefinedInSection() && !symbol.isMapping() && !symbol.name.empty() &&
          symbol.address() <= address && (best == nullptr || best->address() < symbol.address()))
        best = &symbol;
    if (best == nullptr)
      return "?";
    const std::uint32_t offset = address - best->address();
    return std::string(best->name) + (offset == 0 ? "" : "+" + std::to_string(offset));
  }

  /// Takes the mapping symbols away, as some strippers do.
  void forgetMapping() {
    for (Symbol& symbol : romElf.symbols)
      if (symbol.isMapping())
        symbol.section = 0;
  }

  using Kind = RomReferenceEdge::Kind;
  std::string flashBase = "0x10000000"; ///< of the flash
  Workshop workshop;
  std::vector<std::uint8_t> romContent;
  ElfImage romElf;
};

std::string function(const std::string& name, const std::string& body) {
  return ".section .text." + name + ", \"ax\", %progbits\n.globl " + name + "\n.type " + name +
         ", %function\n" + name + ":\n" + body + ".size " + name + ", . - " + name + "\n";
}

const std::string kLeaves = function("f", "bx lr\nnop\n") + function("g", "bx lr\nnop\n");

TEST_F(RomReferences, FollowsEveryBranch) {
  link(".section .text.a, \"ax\", %progbits\n.globl back\n.type back, %function\nback: bx lr\n" +
       std::string(
           ".type a, %function\na: cbz r0, near\n beq near\n b near\n beq.w near\n bl near\n b.w near\n"
           " cbnz r1, near\n bl back\n b back\n bne back\n.type near, %function\nnear: bx lr\n"));
  EXPECT_THAT(branches(),
              ElementsAre("a -> near", "a+2 -> near", "a+4 -> near", "a+6 -> near", "a+10 -> near",
                          "a+14 -> near", "a+18 -> near", "a+20 -> back", "a+24 -> back", "a+28 -> back"));
}

TEST_F(RomReferences, TakesNoOtherInstructionForABranch) {
  link(function("a", "svc #1\nudf #1\nmsr primask, r0\nmrs r0, primask\ndsb\nisb\ndmb\nwfi\nmovs r0, #1\n"
                     "tbb [r0, r1]\nldrex r0, [r1]\nldr.w r0, [r1, #4]\nldrd r0, r1, [r2]\nadd.w r0, r1, #3\n"
                     "subw r0, r1, #3\npush {r0, lr}\nit eq\nmoveq r0, r1\nbx lr\n"));
  EXPECT_THAT(all(), IsEmpty());
}

TEST_F(RomReferences, FollowsVeneersOfBothLinkersToTheirTargets) {
  const std::string code = function("a", "bl far\nb.w far\n") +
                           ".section .ramcode, \"ax\", %progbits\n.globl far\n.type far, %function\n"
                           "far: bl home\n bx lr\n.size far, . - far\n" +
                           function("home", "bx lr\n");
  for (const char* linker : {"ld.lld-19", "arm-none-eabi-ld"})
    for (const char* cpu : {"cortex-m0", "cortex-m3", "cortex-m33"}) {
      if (std::string(cpu) == "cortex-m0" && std::string(linker) == "ld.lld-19")
        continue; // lld refuses b.w there
      SCOPED_TRACE(std::string(linker) + " " + cpu);
      link(std::string(cpu) == "cortex-m0"
               ? code.substr(0, code.find("b.w far")) + code.substr(code.find("b.w far") + 8)
               : code,
           linker, cpu);
      EXPECT_THAT(branches(), Contains("a -> far"));
      EXPECT_THAT(branches(), Contains("far -> home"));
    }
}

TEST_F(RomReferences, FollowsLiteralsWhereverTheyLie) {
  link(
      kLeaves +
          function("a", "ldr r0, =g\nldr.w r1, =table\nldr.w pc, =f\nvldr s0, 1f\nldrd r0, r1, 1f\n"
                        "ldrb r0, 1f\nbx lr\n.p2align 2\n") +
          "1: .word 0, 0\n.ltorg\n.section .rodata, \"a\", %progbits\n.type table, %object\ntable: .word 1\n",
      "arm-none-eabi-ld", "cortex-m4 -mfpu=fpv4-sp-d16");
  EXPECT_THAT(all(), AllOf(Contains("a -> g"), Contains("a+2 -> table"), Contains("a+6 -> f")));
}

TEST_F(RomReferences, SeesAddressesMadeByInstructions) {
  link(kLeaves +
       function("a", "movw r0, #:lower16:table\nmovw r1, #:lower16:f\nmovt r0, #:upper16:table\n"
                     "nop\nmovt r1, #:upper16:f\nadr r2, c\nadr.w r3, c\nsub.w r4, pc, #16\nbx lr\n"
                     ".p2align 2\nc: .byte 1, 2, 3, 4\n") +
       ".section .rodata, \"a\", %progbits\n.type table, %object\n.word 0\ntable: .word 1\n");
  EXPECT_THAT(edgesOf({Kind::Made}), AllOf(Contains("a+8 -> table"), Contains("a+14 -> f"),
                                           Contains("a+18 -> c"), Contains("a+20 -> c")));
}

TEST_F(RomReferences, JoinsOneMovtWithTheMovwsOfBothWaysToIt) {
  link(kLeaves + function("a", "cbz r0, 1f\nmovw r1, #:lower16:f\nb 2f\n1: movw r1, #:lower16:g\n"
                               "2: movt r1, #:upper16:g\nbx r1\n"));
  EXPECT_THAT(edgesOf({Kind::Made}), UnorderedElementsAre("a+12 -> f", "a+12 -> g"));
}

TEST_F(RomReferences, SeesAddressesOfPureCode) {
  link(kLeaves +
           function("a",
                    "movs r3, #:upper8_15:g\nlsls r3, #8\nadds r3, #:upper0_7:g\nmov r5, r6\nlsls r3, #8\n"
                    "adds r3, #:lower8_15:g\nlsls r3, #8\nadds r3, #:lower0_7:g\nbx r3\n"),
       "arm-none-eabi-ld", "cortex-m0");
  EXPECT_THAT(edgesOf({Kind::Made}), ElementsAre("a+14 -> g"));
}

TEST_F(RomReferences, SeesPointersInConstantsAndInitialValues) {
  link(kLeaves + ".section .rodata, \"a\", %progbits\n.type table, %object\ntable: .word f, g\n"
                 ".word 0, 1, 7, text, text + 2, room, f - 1\n.byte 1\ntext: .asciz \"abcdef\"\n"
                 ".data\n.type hook, %object\nhook: .word g\n.word table + 4\n.bss\n.type room, "
                 "%object\nroom: .zero 8\n");
  EXPECT_THAT(edgesOf({Kind::Word}),
              AllOf(Contains("table -> f"), Contains("table+4 -> g"), Contains("hook -> g"),
                    Contains("hook+4 -> table+4"), Contains("table+20 -> text"),
                    Contains("table+24 -> text+2"), Contains("table+28 -> room"), Contains("table+32 -> f")));
  EXPECT_THAT(all(), Not(Contains(testing::StartsWith("table+8 ")))) << "a null pointer";
  EXPECT_THAT(all(), Not(Contains(testing::StartsWith("table+16 ")))) << "a number";
}

TEST_F(RomReferences, SeesDistancesThatCodeAddsToThePc) {
  link(kLeaves + function("a",
                          "ldr r0, 1f\n3: add r0, pc\nldr.w r9, 2f\n4: add r9, pc\nldr r2, 5f\nadr r1, 5f\n"
                          "add r2, r1\nbx r2\n.p2align 2\n1: .word f - (3b + 4)\n2: .word g - (4b + 4)\n"
                          "5: .word g - 5b\n"));
  EXPECT_THAT(all(), AllOf(Contains("a+2 -> f"), Contains("a+8 -> g"), Contains("a+28 -> g")));
}

TEST_F(RomReferences, InALowRomNumbersInCodeDoNotLeadIntoTheMiddleOfCode) {
  flashBase = "0x100";
  link(kLeaves +
       function("a", "ldr r0, 1f\nmovw r1, #0x102\nldr r3, =f\nmovw r4, #:lower16:g\nbx lr\n"
                     ".p2align 2\n1: .word 0x102, 0x103\n.ltorg\n") +
       ".section .rodata, \"a\", %progbits\n.type table, %object\ntable: .word 0x102\n");
  EXPECT_THAT(all(), AllOf(Contains("a+6 -> f"), Contains("a+8 -> g"), Contains("table -> f+2")));
  for (const char* place : {"a", "a+2", "a+16", "a+20"})
    EXPECT_THAT(all(), Not(Contains(testing::StartsWith(std::string(place) + " -> f"))))
        << "0x102 is a count";
}

TEST_F(RomReferences, TrustsNoMappingSymbolBehindTheLastFunction) {
  link(kLeaves +
       ".section .text.z, \"a\", %progbits\n.type table, %object\ntable: .word 0, f\n.size table, 8\n");
  for (Symbol& symbol : romElf.symbols) // as if clang had made the constants
    if (symbol.isMapping() && symbol.name[1] == 'd')
      symbol.section = 0;
  EXPECT_THAT(all(), Contains("table+4 -> f"));
}

TEST_F(RomReferences, SeesExceptionTables) {
  link(".section .text.f, \"ax\", %progbits\n.type f, %function\nf: .fnstart\nbx lr\n.personality "
       "p\n.handlerdata\n"
       ".word 0\n.section .text.f\n.fnend\n.size f, 2\n" +
           function("p", "bx lr\n"),
       "arm-none-eabi-ld");
  EXPECT_THAT(edgesOf({Kind::Word}), Contains(testing::EndsWith(" -> f")));
  EXPECT_THAT(edgesOf({Kind::Word}), Contains(testing::EndsWith(" -> p")));
}

TEST_F(RomReferences, WithoutMappingSymbolsEverythingCountsAsBoth) {
  link(kLeaves + function("a", "bl f\nldr r0, =g\nmovs r1, #0\nbx lr\n.p2align 2\n.ltorg\n.word 0x2000\n") +
       ".section .rodata, \"a\", %progbits\n.word a\n");
  const auto with = edges();
  forgetMapping();
  const auto without = edges();
  for (const RomReferenceEdge& edge : with)
    EXPECT_THAT(without, Contains(testing::AllOf(testing::Field(&RomReferenceEdge::place, edge.place),
                                                 testing::Field(&RomReferenceEdge::target, edge.target))))
        << nameOf(edge.place) << " -> " << nameOf(edge.target);
  EXPECT_THAT(all(), AllOf(Contains("a -> f"), Contains("a+4 -> g")));
}

TEST_F(RomReferences, OfDamagedRomsAreSomeReferences) {
  link(kLeaves + function("a", "bl f\nldr r0, =g\nmovs r1, #0\nbx lr\n.p2align 2\n.ltorg\n") +
           ".section .rodata, \"a\", %progbits\n.word a\n.data\n.word f\n",
       "ld.lld-19 --emit-relocs");
  const std::vector<std::uint8_t> good = romContent;
  std::mt19937 random(12);
  int readings = 0;
  for (int round = 0; round < 6000; ++round) {
    romContent = good;
    // Headers are at the begin, sections and symbols at the end.
    for (unsigned change = 0; change <= random() % 3; ++change)
      romContent[random() % 2 == 0 ? random() % 0x120 : good.size() - 1 - random() % 0x600] =
          static_cast<std::uint8_t>(random());
    if (auto elf = ElfImage::read(romContent, "rom.elf")) {
      romElf = std::move(*elf);
      readings += edges().empty() ? 0 : 1;
    }
  }
  EXPECT_GT(readings, 1000);
}

TEST_F(RomReferences, OneEdgeForEachPairInOrder) {
  link(kLeaves + function("a", "bl f\nbl g\nldr r0, =f\nldr r1, =f\nbx lr\n"));
  const auto found = edges();
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  for (std::size_t i = 1; i < found.size(); ++i)
    EXPECT_NE(std::pair(found[i].place, found[i].target), std::pair(found[i - 1].place, found[i - 1].target));
}

} // namespace
} // namespace romlink::relink
