// What scripts and --defsym fix as a number, and what only looks like one.

#include "relink/plan/linker_scripts.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

std::optional<std::uint32_t> valueIn(const std::string& text,
                                     const std::vector<std::string>& arguments = {}) {
  return LinkerScripts({text}, arguments).constantOf("x");
}

TEST(ScriptConstants, Numbers) {
  const std::pair<const char*, std::uint32_t> kNumbers[] = {
      {"4096", 4096}, {"0x1F", 0x1f}, {"0X1f", 0x1f}, {"4K", 4096}, {"2m", 2 << 20}, {"1Fh", 0x1f},
      {"0x4K", 4096}, {"0", 0},       {"-4", ~3U},    {"~0", ~0U},  {"!5", 0},
  };
  for (const auto& [text, value] : kNumbers)
    EXPECT_EQ(valueIn(std::string("x = ") + text + ";"), value) << text;
}

TEST(ScriptConstants, ArithmeticInItsOrder) {
  const std::pair<const char*, std::uint32_t> kExpressions[] = {
      {"2 + 3 * 4", 14},
      {"(2 + 3) * 4", 20},
      {"20 - 4 - 2", 14},
      {"1 << 4 | 1", 17},
      {"0xff & ~0xf", 0xf0},
      {"6 ^ 3", 5},
      {"17 / 5 + 17 % 5", 5},
      {"1 ? 2 : 3", 2},
      {"3 < 2 ? 2 : 3", 3},
      {"2 >= 2 && 0", 0},
      {"1 == 1 || 0", 1},
      {"0x20000000+0x400", 0x20000400},
      {"MIN(4, 3) + MAX(1,2)", 5},
      {"ALIGN(5, 4)", 8},
      {"ABSOLUTE(7)", 7},
      {"1K-4", 1020},
      {"0 ? unknown : 3", 3},
      {"256 >> 4", 16},
      {"1 != 1", 0},
      {"- - 3", 3},
  };
  for (const auto& [text, value] : kExpressions)
    EXPECT_EQ(valueIn(std::string("x = ") + text + ";"), value) << text;
}

TEST(ScriptConstants, NoConstants) {
  for (const char* text : {"x = .;",
                           "x = . + 4;",
                           "x = SIZEOF(.text);",
                           "x = ADDR(.text);",
                           "x = ALIGN(4);",
                           "x = unknown;",
                           "x = 1; x += 2;",
                           "x = 1; x = 2;",
                           "x <<= 1;",
                           "x = 010;",
                           "x = 1 +;",
                           "x = (1;",
                           "x = 1 / 0;",
                           "x = 1 2;",
                           "x = y; y = x;",
                           "x = x + 1;",
                           "x = ORIGIN(NONE);",
                           "x = 0x100000000;",
                           "x = 1 << 64;",
                           "x = ;",
                           "x =",
                           "x = ALIGN(5, 3);",
                           "x = 0xg;",
                           "PROVIDE(y = 4); x = y;",
                           "/* x = 4; */",
                           "# x = 4",
                           "x == 4;",
                           "x = f(4);",
                           "x = 1 ? 2;",
                           "x = 08h ? . : 3;"})
    EXPECT_EQ(valueIn(text), std::nullopt) << text;
}

TEST(ScriptConstants, AllPlacesOfAnAssignment) {
  for (const char* text :
       {"x = 8;", "x=8;", "PROVIDE(x = 8);", "PROVIDE_HIDDEN(x = 8);", "HIDDEN(x = 8);",
        "SECTIONS { x = 8; .text : { *(.text) } }", "SECTIONS { .t : { x = 8; *(.text) } }", "\"x\" = 8;",
        "x = 8; x = 8;", "y = 4; x = y + y;", "x = y * 2; y = 4;", "/* x = 9; */ x = 8;",
        "f = *src/*.o; x = 8;"})
    EXPECT_EQ(valueIn(text), 8U) << text;
}

TEST(ScriptConstants, Arguments) {
  EXPECT_EQ(valueIn("", {"--defsym=x=0x10"}), 0x10U);
  EXPECT_EQ(valueIn("", {"--defsym", "x=16"}), 0x10U);
  EXPECT_EQ(valueIn("", {"-defsym=x=y+4", "-defsym", "y=12"}), 0x10U);
  EXPECT_EQ(valueIn("", {"--defsym=x=f"}), std::nullopt);
  EXPECT_EQ(valueIn("x = 1;", {"--defsym=x=2"}), std::nullopt) << "which of them counts is not known";
  EXPECT_EQ(valueIn("", {"-o", "x=3"}), std::nullopt);
}

TEST(ScriptConstants, Regions) {
  const LinkerScripts scripts({"MEMORY { FLASH (rx) : ORIGIN = 0x10000000, LENGTH = big ? 1M : 512K\n"
                               "  RAM(!rx):org=0x20000000,len=64K  CCM : o = ORIGIN(RAM) + LENGTH(RAM), l = "
                               "0x100\n ODD : ORIGIN = ., LENGTH = 4 }"
                               "REGION_ALIAS(\"DATA\", RAM) big = 1; x = ORIGIN(CCM) + LENGTH(DATA);",
                               "EXTRA (rw) : ORIGIN = 0x30000000, LENGTH = 1K"},
                              {});
  struct Expected {
    const char* name;
    const char* attributes;
    std::optional<std::uint32_t> origin;
    std::optional<std::uint32_t> length;
  };
  const Expected kExpected[] = {{"CCM", "", 0x20010000, 0x100},     {"DATA", "", 0x20000000, 0x10000},
                                {"EXTRA", "rw", 0x30000000, 0x400}, {"FLASH", "rx", 0x10000000, 0x100000},
                                {"ODD", "", std::nullopt, 4},       {"RAM", "!rx", 0x20000000, 0x10000}};
  const auto regions = scripts.memoryRegions();
  ASSERT_EQ(regions.size(), std::size(kExpected));
  for (std::size_t i = 0; i < regions.size(); ++i) {
    EXPECT_EQ(regions[i].name, kExpected[i].name);
    EXPECT_EQ(regions[i].attributes, kExpected[i].attributes) << regions[i].name;
    EXPECT_EQ(regions[i].origin, kExpected[i].origin) << regions[i].name;
    EXPECT_EQ(regions[i].length, kExpected[i].length) << regions[i].name;
  }
  EXPECT_EQ(scripts.constantOf("x"), 0x20020000U);
}

TEST(ScriptConstants, RegionsThatScriptsDisagreeAbout) {
  const LinkerScripts scripts(
      {"RAM : ORIGIN = 0x20000000, LENGTH = 4K", "RAM : ORIGIN = 0x20000000, LENGTH = 8K"}, {});
  const auto regions = scripts.memoryRegions();
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].origin, 0x20000000U);
  EXPECT_EQ(regions[0].length, std::nullopt);
}

TEST(ScriptConstants, SurviveHostileText) {
  std::string doubling = "s0 = 1;";
  std::string chain = "c0 = 1;";
  for (int i = 1; i < 2000; ++i) {
    doubling +=
        "s" + std::to_string(i) + " = s" + std::to_string(i - 1) + " + s" + std::to_string(i - 1) + ";";
    chain += "c" + std::to_string(i) + " = c" + std::to_string(i - 1) + ";";
  }
  EXPECT_EQ(LinkerScripts({doubling}, {}).constantOf("s20"), 1U << 20);
  EXPECT_EQ(LinkerScripts({chain}, {}).constantOf("c1"), 1U);
  EXPECT_EQ(valueIn("x = " + std::string(100000, '(') + "1;"), std::nullopt);
  EXPECT_EQ(valueIn("x = " + std::string(100000, '-') + "1;"), std::nullopt);
  EXPECT_EQ(valueIn("A : ORIGIN = ORIGIN(B), LENGTH = 1 B : ORIGIN = ORIGIN(A), LENGTH = 1 x = ORIGIN(A);"),
            std::nullopt);
  EXPECT_EQ(valueIn("REGION_ALIAS(\"A\", A) x = ORIGIN(A);"), std::nullopt);
  for (const char* text :
       {":ORIGIN=", ") : ORIGIN = 1", "(:ORIGIN=1,LENGTH=2", "REGION_ALIAS(", "x = ORIGIN(", "\"x"})
    EXPECT_EQ(valueIn(text), std::nullopt) << text;
}

} // namespace
} // namespace romlink::relink
