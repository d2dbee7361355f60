// What scripts and arguments keep, place and mention; in case of doubt, too much rather than too little.

#include "relink/plan/linker_scripts.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

LinkerScripts script(const std::string& text) {
  return {{text}, {}};
}

LinkerScripts arguments(const std::vector<std::string>& words) {
  return {{}, words};
}

TEST(LinkerScripts, KeepInAllItsForms) {
  for (const char* text :
       {"KEEP(*(.vectors))", "KEEP (*(.vectors))", "KEEP(*( .other .vectors ))", "KEEP(*(.vec*))",
        "KEEP(*(SORT(.vectors)))", "KEEP(*(SORT_BY_NAME(.vec*)))", "KEEP ( *a.o ( .vectors ) )",
        "KEEP(*(EXCLUDE_FILE(*b.o) .vectors))", "KEEP(*x.o(.y) *a.o(.vectors))",
        "/* KEEP(*(.no)) */ KEEP(*(\".vectors\"))", "KEEP(*lib.a:a.o(.vectors))"})
    EXPECT_TRUE(script(text).keeps("lib.a(a.o)", ".vectors")) << text;
}

TEST(LinkerScripts, KeepsNothingElse) {
  EXPECT_FALSE(script("KEEP(*(.vectors)) *(.text)").keeps("a.o", ".text"));
  EXPECT_FALSE(script("KEEP(*b.o(.text))").keeps("a.o", ".text"));
  EXPECT_FALSE(script("/* KEEP(*(.text)) */ *(.text)").keeps("a.o", ".text"));
  EXPECT_FALSE(script("*(.text) NOKEEP(*(.text))").keeps("a.o", ".text"));
}

TEST(LinkerScripts, PlacedByNameIsWhatHasAPatternOfItsOwn) {
  const auto scripts =
      script("SECTIONS { .text : { *(.text .text.*) *(.rodata*) } .fast : { *(.text.fast*) } }");
  EXPECT_EQ(scripts.placedByName(".text.fast_copy"), ".text.fast*");
  EXPECT_EQ(scripts.placedByName(".text.slow"), "");
  EXPECT_EQ(scripts.placedByName(".rodata.table"), "");
  EXPECT_EQ(script("*(SORT(.rodata.cmd?))").placedByName(".rodata.cmd1"), ".rodata.cmd?");
  EXPECT_EQ(script("*(EXCLUDE_FILE(*boot.o) .text.in[xy])").placedByName(".text.iny"), ".text.in[xy]");
  EXPECT_EQ(script("/* *(.text.f) */").placedByName(".text.f"), "");
}

TEST(LinkerScripts, MentionsSymbolsOfExpressions) {
  const auto scripts = script("ENTRY(start) alias = f; PROVIDE(g2 = g + 4); ASSERT(h < 0x100, \"too far\") "
                              "EXTERN(pulled) x = DEFINED(d) ? d : 0;");
  for (const char* name : {"start", "f", "g", "h", "pulled", "d"})
    EXPECT_TRUE(scripts.mentions(name)) << name;
  EXPECT_FALSE(scripts.mentions("other"));
}

TEST(LinkerScripts, MentionsSymbolsOfArguments) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"-e", "f"},
                                                                                     {"-ef"},
                                                                                     {"--entry=f"},
                                                                                     {"--entry", "f"},
                                                                                     {"-entry=f"},
                                                                                     {"-u", "f"},
                                                                                     {"-uf"},
                                                                                     {"--undefined=f"},
                                                                                     {"--defsym=x=f"},
                                                                                     {"--defsym", "x=f+4"},
                                                                                     {"-defsym=f=0"},
                                                                                     {"--wrap=f"},
                                                                                     {"--wrap", "f"},
                                                                                     {"--init=f"},
                                                                                     {"--fini", "f"},
                                                                                     {"--require-defined=f"}})
    EXPECT_TRUE(arguments(words).mentions("f")) << words.front();
  EXPECT_FALSE(arguments({"-T", "f", "f", "-Lf", "-lf", "-o", "f"}).mentions("f")) << "files are no symbols";
}

TEST(LinkerScripts, SurviveBrokenText) {
  for (const char* text :
       {"KEEP", "KEEP(", "KEEP(*(", "KEEP()", "))))", "/* open", "\"open", "KEEP(*([)) *([a)", "\0"})
    EXPECT_FALSE(script(text).keeps("a.o", ".text")) << text;
}

} // namespace
} // namespace romlink::relink
