// Differences of real code and data, as gcc and clang compile them, in a person's words.

#include "fixture.h"
#include "relink/explain/difference.h"
#include "relink/image/arm_relocation.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <sstream>

namespace romlink::relink {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr const char* kGcc =
    "arm-none-eabi-gcc -mthumb -ffunction-sections -fdata-sections -ffreestanding -c ";
constexpr const char* kClang = "clang-19 --target=thumbv7m-none-eabi -ffunction-sections -fdata-sections "
                               "-ffreestanding -c ";
constexpr Address kRomBase = 0x10000400;

/// The firmware's object and a ROM that is linked at kRomBase, made from one source with different options.
class Pair {
public:
  Pair(const std::string& compile, const std::string& source, const std::string& romOptions,
       const std::string& firmwareOptions, const std::string& suffix = "c")
      : compile_(compile) {
    shop_.write("source." + suffix, source);
    make("rom", suffix, romOptions);
    make("firmware", suffix, firmwareOptions);
    shop_.write("rom.ld", "PHDRS { a PT_LOAD; }\nPROVIDE(port = 0x40000000); PROVIDE(refuse = 1);\n"
                          "PROVIDE(__gnu_thumb1_case_uqi = 1); PROVIDE(__gnu_thumb1_case_sqi = 1);\n"
                          "SECTIONS { . = 0x10000400; .text : { *(.text.probe .rodata.probe) } :a\n"
                          "           .rest : { *(.text* .rodata*) } :a }\n");
    shop_.run("arm-none-eabi-ld -e 0 -T rom.ld rom.o -o rom.elf");
    romContent_ = shop_.read("rom.elf");
    firmwareContent_ = shop_.read("firmware.o");
    rom_ = ElfImage::read(romContent_, "rom.elf").value();
    firmware_ = ElfImage::read(firmwareContent_, "firmware.o").value();
  }

  /// Explains the section `probe` lies in.
  [[nodiscard]] Difference explain(std::optional<std::size_t> romBytes = {}) const {
    const auto section =
        std::find_if(firmware_.sections.begin(), firmware_.sections.end(),
                     [](const Section& s) { return (s.name == ".text.probe" || s.name == ".rodata.probe"); });
    EXPECT_NE(section, firmware_.sections.end());
    Bytes rom = contentOf(rom_, ".text");
    rom = rom.first(std::min({rom.size(), section->data.size(), romBytes.value_or(rom.size())}));
    const std::uint32_t differs = differsAt(*section, rom);
    EXPECT_TRUE(differs < section->data.size()) << "the two are equal";
    return explainDifference(firmware_, static_cast<std::uint32_t>(section - firmware_.sections.begin()), rom,
                             kRomBase, differs, [this](Address address) { return nameAt(address); });
  }

private:
  void make(const std::string& name, const std::string& suffix, const std::string& options) {
    shop_.run(compile_ + options + " source." + suffix + " -o " + name + ".o");
  }

  static std::uint32_t differsAt(const Section& section, Bytes rom) {
    std::vector<std::uint8_t> ours(section.data.begin(), section.data.end());
    std::vector<std::uint8_t> theirs(rom.begin(), rom.end());
    for (const Relocation& relocation : section.relocations) {
      const auto kind = relocationKind(relocation.type);
      if (!kind || relocation.offset + kind->width > theirs.size())
        continue;
      maskField(*kind, std::span(ours).subspan(relocation.offset, kind->width));
      maskField(*kind, std::span(theirs).subspan(relocation.offset, kind->width));
    }
    ours.resize(std::min(ours.size(), theirs.size()));
    return static_cast<std::uint32_t>(std::mismatch(ours.begin(), ours.end(), theirs.begin()).first -
                                      ours.begin());
  }

  [[nodiscard]] std::string nameAt(Address address) const {
    for (const Symbol& symbol : rom_.symbols)
      if (!symbol.isMapping() && symbol.isDefinedInSection() && !symbol.name.empty() &&
          symbol.address() == address)
        return std::string(symbol.name);
    return {};
  }

  std::string compile_;
  Workshop shop_;
  std::vector<std::uint8_t> romContent_;
  std::vector<std::uint8_t> firmwareContent_;
  ElfImage rom_;
  ElfImage firmware_;
};

std::string markedLine(const std::string& listing) {
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(">"))
      return line;
  return "no line is marked:\n" + listing;
}

constexpr const char* kLimit = "int probe(void) { return LIMIT; }";

TEST(Explain, Movw) {
  const auto difference =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m23 ", kLimit, "-DLIMIT=3072", "-DLIMIT=8192").explain();
  EXPECT_EQ(difference.summary, "constant differs at +0x0, ROM 3072, firmware 8192");
  EXPECT_EQ(difference.offset, 0U);
}

TEST(Explain, MovWithModifiedImmediate) {
  for (const char* compiler : {kGcc, kClang})
    EXPECT_EQ(Pair(std::string(compiler) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=3072", "-DLIMIT=8192")
                  .explain()
                  .summary,
              "constant differs at +0x0, ROM 3072, firmware 8192");
}

TEST(Explain, MovsAndLslsAreOneConstant) {
  const auto difference =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m0 ", kLimit, "-DLIMIT=3072", "-DLIMIT=8192").explain();
  EXPECT_EQ(difference.summary, "constant differs at +0x0, ROM 3072, firmware 8192");
  EXPECT_THAT(difference.romListing, HasSubstr("lsls     r0, r0, #4"));
}

TEST(Explain, OnlyTheShiftDiffers) {
  EXPECT_EQ(Pair(std::string(kGcc) + "-Os -mcpu=cortex-m0 ", kLimit, "-DLIMIT=3072", "-DLIMIT=6144")
                .explain()
                .summary,
            "constant differs at +0x2, ROM 3072, firmware 6144");
}

TEST(Explain, LiteralPool) {
  const auto difference =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m0 ", kLimit, "-DLIMIT=123457", "-DLIMIT=123459").explain();
  EXPECT_EQ(difference.summary, "constant differs at +0x4, ROM 123457 (0x1e241), firmware 123459 (0x1e243)");
  EXPECT_THAT(difference.firmwareListing, HasSubstr("ldr      r0, [pc, #0]  ; 123459 (0x1e243)"));
  EXPECT_THAT(markedLine(difference.romListing), HasSubstr(".word    123457 (0x1e241)"));
}

TEST(Explain, MovwAndMovtAreOneConstant) {
  EXPECT_EQ(
      Pair(std::string(kClang) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=0x12345678", "-DLIMIT=0x12345679")
          .explain()
          .summary,
      "constant differs at +0x0, ROM 305419896 (0x12345678), firmware 305419897 (0x12345679)");
  EXPECT_EQ(
      Pair(std::string(kClang) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=0x12345678", "-DLIMIT=0x12355678")
          .explain()
          .summary,
      "constant differs at +0x4, ROM 305419896 (0x12345678), firmware 305485432 (0x12355678)");
}

TEST(Explain, NegativeConstantsAndMasks) {
  EXPECT_EQ(
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=-5", "-DLIMIT=-6").explain().summary,
      "constant differs at +0x0, ROM -5 (0xfffffffb), firmware -6 (0xfffffffa)");
  EXPECT_EQ(Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=255", "-DLIMIT=127")
                .explain()
                .summary,
            "constant differs at +0x0, ROM 255 (0xff), firmware 127");
}

TEST(Explain, ImmediateOfAComparison) {
  for (const char* compiler : {kGcc, kClang}) {
    const auto difference = Pair(std::string(compiler) + "-Os -mcpu=cortex-m3 ",
                                 "int refuse(void);\n"
                                 "int probe(unsigned bits) { return bits == LIMIT ? refuse() : 7; }",
                                 "-DLIMIT=3072", "-DLIMIT=8192")
                                .explain();
    EXPECT_THAT(difference.summary,
                MatchesRegex("constant differs at \\+0x[0-9a-f]+, ROM 3072, firmware 8192"));
    EXPECT_THAT(markedLine(difference.firmwareListing), HasSubstr("cmp.w    r0, #8192"));
  }
}

TEST(Explain, OffsetInAStructure) {
  EXPECT_EQ(Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ",
                 "struct s { int a[N]; int b; };\nint probe(struct s* s) { return s->b; }", "-DN=3", "-DN=5")
                .explain()
                .summary,
            "memory offset differs at +0x0, ROM 12, firmware 20");
}

TEST(Explain, SizeOfALocalBuffer) {
  EXPECT_EQ(Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ",
                 "int probe(int (*f)(char*)) { char b[N]; return f(b) + 1; }", "-DN=384", "-DN=640")
                .explain()
                .summary,
            "stack frame differs at +0x2, ROM 388, firmware 644");
}

TEST(Explain, StringsAreShownWhereTheyAreUsed) {
  const std::string source =
      "void log(const char*);\nvoid probe(int n) { log(n == 0 ? \"first \\\"one\\\"\" : "
      "n == LIMIT ? \"second\" : \"third\"); }\nvoid log(const char* text) { *(const char* "
      "volatile*)0x40000000 = text; }";
  const auto gcc =
      Pair(std::string(kGcc) + "-O1 -fno-inline -mcpu=cortex-m3 ", source, "-DLIMIT=5", "-DLIMIT=6")
          .explain();
  EXPECT_THAT(gcc.firmwareListing,
              ContainsRegex("ldr +r.*, \\[pc, #[0-9]+\\]  ; \"(first .*one.*|second|third)\"\n"));
  const auto clang =
      Pair(std::string(kClang) + "-O1 -fno-inline -mcpu=cortex-m3 ", source, "-DLIMIT=5", "-DLIMIT=6")
          .explain();
  EXPECT_THAT(clang.firmwareListing,
              ContainsRegex("movw +r.*, #:lower16:\"(first .*one.*|second|third)\"\n"));
}

TEST(Explain, AnotherInstruction) {
  const auto difference = Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ",
                               "int probe(int* p) { return RESULT; }", "-DRESULT=3", "-DRESULT=*p")
                              .explain();
  EXPECT_EQ(difference.summary, "instruction differs at +0x0, ROM `movs r0, #3`, firmware `ldr r0, [r0]`");
}

TEST(Explain, AnAddedInstruction) {
  const auto difference =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ",
           "void probe(volatile int* p) { p[0] = 1;\n#ifdef MORE\n p[1] = 1;\n#endif\n p[2] = 1; }", "",
           "-DMORE")
          .explain();
  EXPECT_EQ(difference.summary, "memory offset differs at +0x4, ROM 8, firmware 4");
  EXPECT_EQ(difference.romListing, "  +0x0  2301  movs     r3, #1\n"
                                   "  +0x2  6003  str      r3, [r0]\n"
                                   "> +0x4  6083  str      r3, [r0, #8]\n"
                                   "  +0x6  4770  bx       lr");
  EXPECT_EQ(difference.firmwareListing, "  +0x0  2301  movs     r3, #1\n"
                                        "  +0x2  6003  str      r3, [r0]\n"
                                        "> +0x4  6043  str      r3, [r0, #4]\n"
                                        "  +0x6  6083  str      r3, [r0, #8]\n"
                                        "  +0x8  4770  bx       lr");
}

TEST(Explain, BranchesNameWhereTheyGo) {
  const auto difference =
      Pair("arm-none-eabi-gcc -mcpu=cortex-m3 -c ",
           ".syntax unified\n.thumb\n.section .text.probe, \"ax\", %progbits\n.globl probe\n"
           ".type probe, %function\nprobe:\n push {r4, lr}\n bl helper\n cbz r0, 1f\n"
           " movw r1, #:lower16:table\n movt r1, #:upper16:table\n movs r2, #VALUE\n"
           "1: ldr r3, =table + 4\n b.w helper\n .ltorg\n .size probe, . - probe\n"
           ".section .text.helper, \"ax\", %progbits\n.globl helper\n.type helper, %function\n"
           "helper: bx lr\n .size helper, . - helper\n"
           ".section .rodata.table, \"a\"\n.globl table\n.type table, %object\n.align 2\n"
           "table: .word 1, 2\n .size table, 8\n",
           "-DVALUE=1", "-DVALUE=2", "S")
          .explain();
  EXPECT_EQ(difference.summary, "constant differs at +0x10, ROM 1, firmware 2");
  EXPECT_EQ(difference.firmwareListing, "  +0x2   f7ff fffe  bl       helper\n"
                                        "  +0x6   b120       cbz      r0, +0x12\n"
                                        "  +0x8   f240 0100  movw     r1, #:lower16:table\n"
                                        "  +0xc   f2c0 0100  movt     r1, #:upper16:table\n"
                                        "> +0x10  2202       movs     r2, #2\n"
                                        "  +0x12  4b01       ldr      r3, [pc, #4]  ; table+4\n"
                                        "  +0x14  f7ff bffe  b.w      helper\n"
                                        "  +0x18  00000004   .word    table+4");
  EXPECT_THAT(difference.romListing, HasSubstr("bl       0x1000041c <helper>\n"));
  EXPECT_THAT(difference.romListing, HasSubstr("cbz      r0, +0x12\n"));
  EXPECT_THAT(difference.romListing, HasSubstr("b.w      0x1000041c <helper>\n"));
}

TEST(Explain, CallInsteadOfAJump) {
  const std::string source =
      ".syntax unified\n.thumb\n.section .text.probe, \"ax\", %progbits\n"
      ".type probe, %function\nprobe:\n CODE helper\n"
      ".section .text.helper, \"ax\", %progbits\n.globl helper\n.type helper, %function\n"
      "helper: bx lr\n";
  EXPECT_EQ(
      Pair("arm-none-eabi-gcc -mcpu=cortex-m3 -c ", source, "-DCODE=bl", "-DCODE=b.w", "S").explain().summary,
      "instruction differs at +0x0, ROM `bl 0x10000404 <helper>`, firmware `b.w helper`");
}

TEST(Explain, TableEntry) {
  EXPECT_EQ(Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", "const unsigned probe[] = {1, LIMIT, 3};",
                 "-DLIMIT=3072", "-DLIMIT=8192")
                .explain()
                .summary,
            "value differs at +0x4, ROM 3072, firmware 8192");
  EXPECT_EQ(Pair(std::string(kClang) + "-Os -mcpu=cortex-m3 ",
                 "const unsigned short probe[] = {1, LIMIT, 3};", "-DLIMIT=3072", "-DLIMIT=8192")
                .explain()
                .summary,
            "value differs at +0x2, ROM 3072, firmware 8192");
  const auto bytes = Pair(std::string(kClang) + "-Os -mcpu=cortex-m3 ",
                          "const unsigned char probe[] = {1, 2, LIMIT};", "-DLIMIT=72", "-DLIMIT=92")
                         .explain();
  EXPECT_EQ(bytes.summary, "value differs at +0x2, ROM 72, firmware 92");
  EXPECT_EQ(markedLine(bytes.romListing), "> +0x0    .byte    0x01, 0x02, 0x48");
}

TEST(Explain, PointersInATableAreNames) {
  const auto difference =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ",
           "void f(void) {}\nvoid g(void) {}\n"
           "const struct { void (*run)(void); int n; void (*stop)(void); } probe = {f, N, g};",
           "-DN=1", "-DN=2")
          .explain();
  EXPECT_EQ(difference.summary, "value differs at +0x4, ROM 1, firmware 2");
  EXPECT_THAT(difference.firmwareListing, HasSubstr(".word    f\n> +0x4  00000002  .word    2\n"));
  EXPECT_THAT(difference.romListing, MatchesRegex("  \\+0x0  [0-9a-f]+  \\.word    0x1000040c <f>\n.*"));
}

TEST(Explain, JumpTable) {
  const std::string source =
      ".syntax unified\n.thumb\n.section .text.probe, \"ax\", %progbits\n.type probe, %function\nprobe:\n"
      " tbb [pc, r0]\n1: .byte (2f - 1b) / 2, (TO - 1b) / 2\n2: nop\n3: bx lr\n";
  const auto difference =
      Pair("arm-none-eabi-gcc -mcpu=cortex-m3 -c ", source, "-DTO=2f", "-DTO=3f", "S").explain();
  EXPECT_EQ(difference.summary, "jump table differs at +0x5, ROM 1, firmware 2");
}

/// A table of bytes lies behind the branch that reads it, whatever words its bytes would make.
TEST(Explain, JumpTablesOfGccAreNoCode) {
  const std::string source = "extern volatile int port;\n"
                             "void probe(int n) { switch (n) {\n"
                             "case 0: port = 10; port = 11; break; case 1: port = 20; break;\n"
                             "case 2: port = 31; port = 32; port = 33; break; case 3: port = 40; break;\n"
                             "case MORE: port = 50; break; case 5: port = 60; } }";
  const auto listing = [&](const std::string& cpu) {
    return Pair(kGcc + ("-Os -mcpu=" + cpu + " "), source, "-DMORE=4", "-DMORE=6").explain().firmwareListing;
  };
  EXPECT_THAT(listing("cortex-m3"), ContainsRegex("tbb +\\[pc, r0\\]\n[^\n]* \\.byte +0x"));
  EXPECT_THAT(listing("cortex-m0"), ContainsRegex("bl +__gnu_thumb1_case_.qi\n[^\n]* \\.byte +0x"));
}

TEST(Explain, Strings) {
  const std::string source = "const char probe[] = \"firmware \" VERSION \" (release)\";";
  const auto difference =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", source, "'-DVERSION=\"1.2\"'", "'-DVERSION=\"1.3.1\"'")
          .explain();
  EXPECT_EQ(difference.summary,
            "text differs at +0x0, ROM \"firmware 1.2 (release)\", firmware \"firmware 1.3.1 (release)\"");
  EXPECT_EQ(markedLine(difference.firmwareListing), "> +0x0    .asciz   \"firmware 1.3.1 (release)\"");
}

TEST(Explain, LongStringsAreShortenedAroundTheDifference) {
  const std::string source =
      "const char probe[] = \"" + std::string(100, 'a') + "\" X \"" + std::string(100, 'b') + "\";";
  const std::string summary =
      Pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", source, "'-DX=\"\\n\"'", "'-DX=\"\\t\"'")
          .explain()
          .summary;
  EXPECT_EQ(summary, "text differs at +0x0, ROM \"..." + std::string(20, 'a') + "\\n" + std::string(19, 'b') +
                         "...\", firmware \"..." + std::string(20, 'a') + "\\x09" + std::string(19, 'b') +
                         "...\"");
}

TEST(Explain, TheRomsCopyEnds) {
  const Pair pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=3072", "-DLIMIT=3072");
  const auto difference = pair.explain(4);
  EXPECT_EQ(difference.summary, "the ROM's copy ends at +0x4, the firmware's at +0x6");
  EXPECT_EQ(markedLine(difference.romListing), "> +0x4  (ends here)");
  EXPECT_EQ(markedLine(difference.firmwareListing), "> +0x4  4770       bx       lr");
}

TEST(Explain, PlacesThatDoNotExist) {
  const Pair pair(std::string(kGcc) + "-Os -mcpu=cortex-m3 ", kLimit, "-DLIMIT=3072", "-DLIMIT=3072");
  EXPECT_EQ(pair.explain(0).summary, "the ROM's copy ends at +0x0, the firmware's at +0x6");
  EXPECT_EQ(pair.explain(3).summary, "the ROM's copy ends at +0x3, the firmware's at +0x6");
}

/// Whatever is asked, the answer reads no byte that is not there (the sanitizers see it if it does).
TEST(Explain, EveryPlaceOfEveryShorterCopy) {
  Workshop shop;
  shop.write("code.c",
             "int f(int);\nvoid g(void) {}\nint probe(int n) { switch (n) { case 0: return f(1); case 1: "
             "return f(7); "
             "case 2: return 0x123456; case 3: g(); return (int)&g; case 4: return f(9); } return 0; }\n"
             "const char text[] = \"some text\";\nconst short numbers[] = {1, 2, 3};\n");
  for (const std::string cpu : {"cortex-m0", "cortex-m3"}) {
    shop.run(kGcc + ("-Os -mcpu=" + cpu + " code.c -o code.o"));
    const auto content = shop.read("code.o");
    const auto object = ElfImage::read(content, "code.o").value();
    const Disassembler disassembler;
    for (std::uint32_t i = 0; i < object.sections.size(); ++i) {
      const Bytes data = object.sections[i].data;
      if (!object.sections[i].isAllocated())
        continue;
      for (std::size_t size = 0; size <= data.size(); ++size) {
        const std::vector<std::uint8_t> rom(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
        for (std::uint32_t at = 0; at < data.size() + 8; at += 3) {
          const auto difference = explainDifference(object, i, rom, kRomBase + 2, at, {}, disassembler);
          ASSERT_NE(difference.summary, "");
          ASSERT_EQ(std::count(difference.firmwareListing.begin(), difference.firmwareListing.end(), '>'), 1)
              << difference.firmwareListing;
        }
      }
    }
  }
}

/// Only the end of long code is decoded; the piece begins in the middle of an instruction here.
TEST(Explain, LongCode) {
  const std::string source =
      ".syntax unified\n.thumb\n.section .text.probe, \"ax\", %progbits\n"
      ".type probe, %function\nprobe:\n push {r4, lr}\n .rept 20000\n movw r0, #1\n .endr\n"
      " movw r0, #VALUE\n pop {r4, pc}\n";
  const auto difference =
      Pair("arm-none-eabi-gcc -mcpu=cortex-m3 -c ", source, "-DVALUE=5", "-DVALUE=6", "S").explain();
  EXPECT_EQ(difference.summary, "constant differs at +0x13882, ROM 5, firmware 6");
  EXPECT_THAT(difference.romListing, StartsWith("  +0x13872  f240 0001  movw     r0, #1\n"));
}

TEST(Explain, NoCodeIsStillListed) {
  const std::string source = ".section .text.probe, \"ax\", %progbits\n.type probe, %function\nprobe:\n"
                             " .inst.n 0xbf00\n .inst.w VALUE\n";
  const auto difference = Pair("arm-none-eabi-gcc -mthumb -mcpu=cortex-m3 -c ", source, "-DVALUE=0xffffffff",
                               "-DVALUE=0xfffffffe", "S")
                              .explain();
  EXPECT_THAT(difference.summary, HasSubstr("instruction differs at +0x4"));
  EXPECT_THAT(markedLine(difference.romListing), HasSubstr(".inst    0xffff"));
}

} // namespace
} // namespace romlink::relink
