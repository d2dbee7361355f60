// Is it the same function? Real code, compiled, and linked at two places by two linkers.

#include "fixture.h"
#include "relink/image/body_digest.h"

#include <gtest/gtest.h>
#include <map>

namespace romlink::relink {
namespace {

constexpr const char* kFunctions = R"(
extern unsigned state[8];
extern const unsigned table[4];
static const char *const words[] = {"one", "two", "three", "four", "five", "six"};
int external(int);
int later(int);
unsigned calls(int a) { return external(a) + later(a + 1) * 77 + a * 3 + external(2); }
unsigned reads(unsigned a) { return state[a & 7] ^ table[a & 3] ^ (a * 2654435761u) ^ (a >> 5); }
const char *chooses(int a) { return a < 6 ? words[a] : "none of them"; }
unsigned jumps(unsigned a) {
  switch (a) {
  case 0: return external(3); case 1: return later(9); case 2: return state[1]; case 3: return 77;
  case 4: return table[2]; case 5: return external(later(a)); case 6: return 123456789; default: return a;
  }
}
unsigned loops(unsigned a) { unsigned s = 0; while (a > 3072) { s += later((int)a); a -= 17; } return s; }
int recurses(int a) { return a < 2 ? 1 : recurses(a - 1) + recurses(a - 2) * 5; }
void *self(void) { return (char *)self + 2 + state[0]; }
)";
constexpr const char* kOthers = R"(
unsigned state[8]; const unsigned table[4] = {1, 2, 3, 4};
int external(int a) { return a * 5; }
int later(int a) { return a * 7; }
)";
constexpr const char* kScript = R"(
SECTIONS { .text FLASH : { *(.vectors) pad.o(.text* .rodata*) ORDER(.text* .rodata*) }
  .data RAM : { pad.o(.data*) *(.data*) *(.bss*) } })";

class BodyDigest : public testing::Test {
protected:
  using Digests = std::map<std::string, std::string>;

  /// `files` in this order behind `pad` bytes.
  Digests link(const std::string& flash, const std::string& ram, const std::string& linker,
               const std::vector<std::string>& files, const std::string& pad) {
    std::string script = kScript;
    const auto replace = [&](const std::string& from, const std::string& to) {
      script.replace(script.find(from), from.size(), to);
    };
    replace("FLASH", flash);
    replace("RAM", ram);
    std::string order;
    std::string names;
    for (const std::string& file : files) {
      order += " " + file + "(.text* .rodata*)";
      names += " " + file;
    }
    replace("ORDER(.text* .rodata*)", order);
    workshop.write("rom.ld", script);
    workshop.write("pad.s",
                   ".syntax unified\n.thumb\n.section .text.pad, \"ax\"\n.type pad, %function\npad:\n.rept " +
                       pad + "\nnop\n.endr\n.size pad, . - pad\n.data\n.zero " + pad + "\n");
    workshop.run("arm-none-eabi-as -mcpu=cortex-m33 pad.s -o pad.o");
    workshop.run(linker + " -e 0 -T rom.ld pad.o" + names + " -o rom.elf");
    return digests();
  }

  [[nodiscard]] Digests digests() const {
    const auto content = workshop.read("rom.elf");
    const ElfImage elf = ElfImage::read(content, "rom.elf").value();
    const RomLayout layout(elf);
    Digests all;
    for (const Symbol& symbol : elf.symbols)
      if (symbol.isFunction() && symbol.isDefinedInSection()) {
        const auto digest = bodyDigest(layout, {symbol.address(), symbol.size}, symbol.name);
        all[std::string(symbol.name)] = digest ? digest->hex() : "";
      }
    return all;
  }

  void compile(const std::string& name, const std::string& source, const std::string& compiler) {
    workshop.write(name + ".c", source);
    workshop.run(compiler + " -ffreestanding -fno-inline -ffunction-sections -c " + name + ".c -o " + name +
                 ".o");
  }

  /// The digests of one function by two sources; `before` and `after` differ in what the test is about.
  std::pair<std::string, std::string> pairOf(const std::string& before, const std::string& after,
                                             const std::string& name) {
    std::vector<std::string> found;
    for (const std::string& source : {before, after}) {
      compile("one", source, "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os");
      compile("two", kOthers, "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os");
      found.push_back(link("0x10000000", "0x20000000", "ld.lld-19", {"one.o", "two.o"}, "40").at(name));
    }
    return {found[0], found[1]};
  }

  /// f() of a little of everything, with one thing replaced.
  std::string ofAssembler(const std::string& from, const std::string& to, const std::string& flash) {
    std::string text =
        ".syntax unified\n.thumb\n.section .text.f, \"ax\"\n.p2align 2\n.globl f\n.type f, %function\n"
        "f: cmp r0, #3\n bne 2f\n movw r1, #0x79b1\n movt r1, #0x9e37\n"
        "2: movw r2, #:lower16:state\n movt r2, #:upper16:state\n"
        "3: movw r3, #:lower16:f + 8\n movt r3, #:upper16:f + 8\n ldr r4, =state\n"
        " bl f + 4\n bl other\n beq.w other\n bx lr\n.p2align 2\n.ltorg\n"
        ".word f + 9\n.word 0x12345678\n.word 0x40001000\n.size f, . - f\n"
        ".section .text.other, \"ax\"\n.type other, %function\nother: movs r0, #1\nbx lr\n.size other, 4\n"
        ".type another, %function\nanother: movs r0, #2\nbx lr\n.size another, 4\n"
        ".rept 3000\nnop\n.endr\n.bss\nstate: .zero 8\nmore: .zero 8\n";
    if (!from.empty())
      text.replace(text.find(from), from.size(), to);
    workshop.write("asm.s", text);
    workshop.run("arm-none-eabi-as -mcpu=cortex-m33 asm.s -o asm.o");
    return link(flash, "0x20000000", "ld.lld-19", {"asm.o"}, "40").at("f");
  }

  Workshop workshop;
};

class SameBody : public BodyDigest, public testing::WithParamInterface<std::string> {};

TEST_P(SameBody, WhereverTheCodeAndItsTargetsLie) {
  compile("one", kFunctions, GetParam());
  compile("two", kOthers, GetParam());
  const Digests first = link("0x10000000", "0x20000000", "ld.lld-19", {"one.o", "two.o"}, "40");
  const Digests second = link("0x10080000", "0x30001000", "arm-none-eabi-ld", {"two.o", "one.o"}, "1300");
  std::map<std::string, std::string> names;
  for (const char* name : {"calls", "reads", "chooses", "jumps", "loops", "recurses", "self"}) {
    ASSERT_TRUE(first.contains(name)) << name;
    EXPECT_NE(first.at(name), "") << name;
    EXPECT_EQ(first.at(name), second.at(name)) << name;
    EXPECT_TRUE(names.emplace(first.at(name), name).second) << name << " is like " << names[first.at(name)];
  }
}

INSTANTIATE_TEST_SUITE_P(Compilers, SameBody,
                         testing::Values("arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os",
                                         "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -O2 -mslow-flash-data",
                                         "arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -O2",
                                         "arm-none-eabi-gcc -mcpu=cortex-m7 -mthumb -O1",
                                         "clang-19 --target=thumbv8m.main-none-eabi -Os",
                                         "clang-19 --target=thumbv7m-none-eabi -O1",
                                         "clang-19 --target=thumbv6m-none-eabi -O2"));

TEST_F(BodyDigest, AnotherConstantOrInstructionIsAnotherBody) {
  const std::string source = kFunctions;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = source;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const auto& [name, from, to] :
       std::vector<std::array<std::string, 3>>{{"loops", "3072", "8192"},
                                               {"reads", "2654435761u", "2654435763u"},
                                               {"reads", "a >> 5", "a >> 6"},
                                               {"reads", "a & 3]", "a & 1]"},
                                               {"jumps", "123456789", "123456787"},
                                               {"jumps", "return 77;", "return 78;"},
                                               {"recurses", "a < 2", "a < 3"},
                                               {"calls", "* 77", "* 79"},
                                               {"calls", " + external(2)", ""},
                                               {"self", "+ 2 +", "+ 4 +"},
                                               {"chooses", "a < 6", "a < 5"}}) {
    const auto [before, after] = pairOf(source, changed(from, to), name);
    EXPECT_NE(before, "");
    EXPECT_NE(before, after) << name << ": " << from << " -> " << to;
  }
  const auto [before, after] = pairOf(source, changed("3072", "8192"), "jumps");
  EXPECT_EQ(before, after) << "another function was changed";
}

TEST_F(BodyDigest, EveryPartOfAnInstructionThatStaysInsideCounts) {
  for (const auto& [what, from, to] : std::vector<std::array<std::string, 3>>{
           {"a branch inside", "bne 2f", "bne 3f"},
           {"a call inside", "bl f + 4", "bl f + 8"},
           {"an address inside, in a word", ".word f + 9", ".word f + 13"},
           {"an address inside, in two instructions", ":lower16:f + 8", ":lower16:f + 12"},
           {"a constant in two instructions", "movt r1, #0x9e37", "movt r1, #0x9e38"},
           {"a word", ".word 0x12345678", ".word 0x12345679"},
           {"a word like an address of the peripherals", ".word 0x40001000", ".word 0x40002000"},
           {"the register of an address", "movt r2, #:upper16:state", "nop.w"},
           {"the register of a literal", "ldr r4, =state", "ldr r5, =state"},
           {"the condition of a branch outside", "beq.w other", "bne.w other"},
           {"a call outside or a jump", "bl other", "b.w other"}})
    for (const char* flash : {"0x10000000", "0"})
      EXPECT_NE(ofAssembler("", "", flash), ofAssembler(from, to, flash)) << what << " at " << flash;
  EXPECT_EQ(ofAssembler("", "", "0x10000000"), ofAssembler("bl other", "bl another", "0x10000000"));
  EXPECT_EQ(ofAssembler("", "", "0x10000000"), ofAssembler("ldr r4, =state", "ldr r4, =more", "0x10000000"));
}

TEST_F(BodyDigest, CountsLikePlacesInALowRomCount) {
  for (const char* number : {"0x202", "0x131", "0x1004"})
    EXPECT_NE(ofAssembler("", "", "0"), ofAssembler(".word 0x12345678", std::string(".word ") + number, "0"))
        << number;
  EXPECT_NE(ofAssembler(".word 0x12345678", ".word 0x202", "0"),
            ofAssembler(".word 0x12345678", ".word 0x206", "0"));
}

TEST_F(BodyDigest, OfALittleCodeTheNameCounts) {
  compile("one",
          "int small(int a) { return a * 3; } int alike(int a) { return a * 3; }\n"
          "int big(int a) { return a > 9999 ? a * 12345 + 1 : (a ^ 0x5555) * 7 - 1; }\n"
          "int large(int a) { return a > 9999 ? a * 12345 + 1 : (a ^ 0x5555) * 7 - 1; }\n"
          "int wraps(int a) { return big(big(small(alike(a)))); }\n"
          "int folds(int a) { return alike(small(big(large(a)))); }\n",
          "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os -fno-ipa-icf");
  const Digests found = link("0x10000000", "0x20000000", "ld.lld-19", {"one.o"}, "4");
  EXPECT_NE(found.at("small"), found.at("alike"));
  EXPECT_EQ(found.at("big"), found.at("large"));
  EXPECT_NE(found.at("wraps"), found.at("folds"))
      << "what is called is left out, so nothing tells them apart";
}

TEST_F(BodyDigest, IsNotKnownWhereNothingTellsCodeFromData) {
  compile("one", kFunctions, "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os");
  compile("two", kOthers, "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os");
  link("0x10000000", "0x20000000", "ld.lld-19", {"one.o", "two.o"}, "40");
  workshop.run("arm-none-eabi-objcopy --wildcard --strip-symbol '$t*' --strip-symbol '$d*' rom.elf");
  for (const auto& [name, digest] : digests())
    EXPECT_EQ(digest, "") << name;
  workshop.write(
      "asm.s",
      ".syntax unified\n.thumb\n.globl unsized\n.type unsized, %function\nunsized: movs r0, #1\nbx lr\n");
  workshop.run("arm-none-eabi-as -mcpu=cortex-m33 asm.s -o asm.o");
  EXPECT_EQ(link("0x10000000", "0x20000000", "ld.lld-19", {"asm.o"}, "40").at("unsized"), "");
}

} // namespace
} // namespace romlink::relink
