// Where types are found, for which symbol, and what is said when they are not there.

#include "types_fixture.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace romlink::relink {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kHash = "[0-9a-f]+";
constexpr const char* kSource =
    "struct node { struct node *next; unsigned a : 3, b : 9; const char *name; };\n"
    "enum color { RED, GREEN = 200, BLUE = -5 };\n"
    "int f(struct node *n, enum color c, int (*cb)(void *, ...)) {\n"
    "  return n->b + cb(n) + c; }\n"
    "double table[3][2] = {{1}};\n"
    "static int count;\n"
    "int next(void) { return ++count; }\n";

class DebugTypesTest : public testing::Test {
protected:
  std::string hashOf(const std::string& compiler, const std::string& symbol,
                     const std::string& source = kSource, const std::string& suffix = ".c") {
    return CompiledTypes(workshop, compiler, source, suffix).hashOf(symbol);
  }
  Workshop workshop;
};

TEST_F(DebugTypesTest, HashesAreThoseOfAnyCompilerVersionAndForm) {
  for (const char* symbol : {"f", "table", "count", "next"}) {
    const std::string expected = hashOf(kGcc, symbol);
    EXPECT_THAT(expected, MatchesRegex(kHash));
    for (const std::string compiler : {kGcc, kClang})
      for (const char* flag :
           {"-gdwarf-4", "-gdwarf-5", "-gz=zlib", "-fdebug-types-section -gdwarf-4",
            "-fdebug-types-section -gdwarf-5", "-O2", "-O0", "-fno-function-sections -fno-data-sections"})
        EXPECT_EQ(hashOf(compiler + " " + flag, symbol), expected)
            << compiler << " " << flag << " " << symbol;
  }
}

/// Written down, because ROM indexes and release records keep them: whoever changes what a hash is made of
/// must raise the format of the ROM index.
TEST_F(DebugTypesTest, HashesAreThoseOfYesterday) {
  EXPECT_EQ(hashOf(kGcc, "f", "int f(int a) { return a; }"), "38ba38b192ba7633");
  EXPECT_EQ(hashOf(kGcc, "f"), "a998062177f7495f");
}

TEST_F(DebugTypesTest, SaysWhyThereAreNoTypes) {
  const std::string gcc = kGcc;
  const std::string clang = kClang;
  EXPECT_EQ(hashOf(gcc + " -g0", "f"), "there is no debug information (compile with -g)");
  for (const std::string& compiler : {gcc, clang}) {
    EXPECT_THAT(hashOf(compiler + " -gdwarf-3", "f"),
                HasSubstr("DWARF 3 (compile with -gdwarf-4 or -gdwarf-5)"));
    EXPECT_THAT(hashOf(compiler + " -gdwarf-2", "table"), HasSubstr("DWARF 2"));
    EXPECT_THAT(hashOf(compiler + " -gsplit-dwarf", "f"),
                AllOf(HasSubstr(".dwo"), HasSubstr("-gsplit-dwarf")));
    EXPECT_THAT(hashOf(compiler + " -gsplit-dwarf -gdwarf-4", "f"), HasSubstr(".dwo"));
  }
  EXPECT_THAT(hashOf(gcc + " -g1", "f"), HasSubstr("has no types"));
  EXPECT_THAT(hashOf(gcc + " -g1", "v", "void v() {}"), HasSubstr("has no types"));
  EXPECT_THAT(hashOf(gcc + " -g1", "table"), HasSubstr("has no types"));
  EXPECT_THAT(hashOf(clang + " -g1", "f"), HasSubstr("does not describe it"));
}

TEST_F(DebugTypesTest, TakesAssemblerCodeForNoFunctionWithoutParameters) {
  const char* source = ".syntax unified\n.thumb\n.globl f\n.type f, %function\nf: bx lr\n.size f, . - f\n";
  EXPECT_THAT(hashOf("arm-none-eabi-gcc -mcpu=cortex-m3 -g", "f", source, ".s"), "it is assembler code");
  EXPECT_THAT(hashOf("clang-19 --target=arm-none-eabi -mcpu=cortex-m3 -g", "f", source, ".s"),
              "it is assembler code");
}

TEST_F(DebugTypesTest, TellsStaticFunctionsOfOneNameApart) {
  workshop.write("a.c", "static __attribute__((noinline, noclone)) int help(int x) { return x * x; }\n"
                        "int a(int x) { return help(x) + 1; }\n");
  workshop.write("b.c",
                 "static __attribute__((noinline, noclone)) long long help(long long x) { return x / 3; }\n"
                 "int b(int x) { return help(x); }\n");
  workshop.run(std::string(kGcc) + " -c a.c && " + kGcc +
               " -c b.c && arm-none-eabi-ld -r a.o b.o -o object.o");
  const CompiledTypes both(workshop.read("object.o"));
  std::vector<std::string> types;
  for (const Symbol& symbol : both.elf.symbols)
    if (symbol.name == "help") {
      const SymbolType type = both.types.at(symbol.section, symbol.address(), true, symbol.name);
      types.push_back(typeHashText(both.types.hashes()[type.type]));
    }
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0], hashOf(kGcc, "f", "int f(int x) { return x; }"));
  EXPECT_EQ(types[1], hashOf(kGcc, "f", "long long f(long long x) { return x; }"));
}

TEST_F(DebugTypesTest, FindsAliasesInlinedFunctionsAndStaticVariables) {
  const char* source = "int f(int x) { return x + 1; }\n"
                       "extern int g(int) __attribute__((alias(\"f\")));\n"
                       "int h(int x) { static int seen; return f(x) + ++seen; }\n"
                       "__attribute__((section(\".vectors\"))) void (*const vectors[2])(void) = {0};\n";
  for (const char* compiler : {kGcc, kClang}) {
    const CompiledTypes file(workshop, compiler, source);
    EXPECT_EQ(file.hashOf("g"), file.hashOf("f"));
    EXPECT_THAT(file.hashOf("vectors"), MatchesRegex(kHash));
    for (const Symbol& symbol : file.elf.symbols)
      if (symbol.name.find("seen") != std::string_view::npos) {
        EXPECT_THAT(file.hashOf(std::string(symbol.name)), hashOf(kGcc, "i", "int i;"));
      }
  }
}

TEST_F(DebugTypesTest, DoesNotTrustCopiesOfFunctions) {
  const char* source =
      "static __attribute__((noinline)) int f(int x, int y) { return x ? f(x - 1, y) * 3 : y; }\n"
      "int g(int x) { return f(x, 5); }\n";
  const CompiledTypes file(workshop, std::string(kGcc) + " -O2 -fipa-cp-clone", source);
  for (const Symbol& symbol : file.elf.symbols)
    if (symbol.name.starts_with("f.")) {
      EXPECT_THAT(file.hashOf(std::string(symbol.name)), HasSubstr("changed how it is called"));
    }
}

TEST_F(DebugTypesTest, ReadsWhatClassesAreMadeOf) {
  const char* source =
      "struct Base { virtual ~Base(); virtual int area(int scale) const; int b; static int s; };\n"
      "template <typename T, unsigned N> struct Array { T items[N]; T &at(unsigned i) { return items[i]; } "
      "};\n"
      "struct Shape : Base { int area(int) const override; Array<short, 4> sides; int Base::*where; };\n"
      "namespace ns { enum class Mode : unsigned char { on, off }; }\n"
      "int use(Shape &s, ns::Mode m, const Array<short, 4> &&a, decltype(nullptr)) { return s.b + (int)m + "
      "a.items[0]; }\n"
      "Base::~Base() {}\n" // the key function: without it gcc takes for granted that others describe Base
      "int Shape::area(int) const { return 2; }\n";
  std::string more = source;
  more.replace(more.find("virtual int area"), 0, "virtual int first(); ");
  std::string wider = source;
  wider.replace(wider.find("Array<short, 4> sides"), 15, "Array<short, 6>");
  const char* gcc = "arm-none-eabi-g++ -mcpu=cortex-m3 -mthumb -Os -g -std=c++17";
  const char* clang =
      "clang++-19 --target=arm-none-eabi -mcpu=cortex-m3 -mthumb -Os -g -std=c++17 -fstandalone-debug";
  for (const char* romCompiler : {gcc, clang}) {
    const CompiledTypes rom(workshop, romCompiler, source, ".cc");
    for (const char* compiler : {gcc, clang}) {
      const std::string use = "_Z3useR5ShapeN2ns4ModeEOK5ArrayIsLj4EEDn";
      EXPECT_EQ(compared(rom, CompiledTypes(workshop, compiler, source, ".cc"), use), "same")
          << romCompiler << compiler;
      EXPECT_EQ(compared(rom, CompiledTypes(workshop, compiler, more, ".cc"), use),
                "Shape.area: slot 2 -> 3 (another vtable)");
      EXPECT_EQ(
          compared(rom, CompiledTypes(workshop, compiler, wider, ".cc"), use),
          "Shape.where: offset 0x10 -> 0x14 (struct Array<short,4> sides -> struct Array<short,6> sides)");
    }
  }
}

TEST_F(DebugTypesTest, KnowsNothingOfClassesThatAreOnlyDeclared) {
  const std::string gcc = "arm-none-eabi-g++ -mcpu=cortex-m3 -mthumb -Os -g -std=c++17";
  const std::string clang = "clang++-19 --target=arm-none-eabi -mcpu=cortex-m3 -mthumb -Os -g -std=c++17";
  const char* virtuals = "struct W { virtual int key(); int v; }; extern \"C\" int f(W *w) { return w->v; }";
  const char* constructed = "struct W { W(int); int v; }; extern \"C\" int f(W *w) { return w->v; }";
  const char* opaque = "struct W; extern \"C\" int f(W *w) { return w != nullptr; }";
  const char* inside = "struct W; extern \"C\" int f(W *w) { return w != nullptr; }\n"
                       "int g() { struct W { int other; } w = {1}; return w.other; }";
  for (const char* source : {virtuals, opaque, inside}) {
    EXPECT_EQ(hashOf(gcc, "f", source, ".cc"),
              "its debug information only declares W (compile with -femit-class-debug-always)");
    EXPECT_EQ(hashOf(clang, "f", source, ".cc"),
              "its debug information only declares W (compile with -fstandalone-debug)");
  }
  EXPECT_EQ(hashOf(clang, "f", constructed, ".cc"),
            "its debug information only declares W (compile with -fstandalone-debug)");
  for (const char* source : {virtuals, constructed})
    EXPECT_EQ(hashOf(gcc + " -femit-class-debug-always", "f", source, ".cc"),
              hashOf(clang + " -fstandalone-debug", "f", source, ".cc"));
  EXPECT_THAT(hashOf(gcc, "f", constructed, ".cc"), MatchesRegex(kHash));
}

TEST_F(DebugTypesTest, TakesStructsThatCDeclaresForOpaque) {
  const char* handle = "struct s; int f(struct s *p) { return p != 0; }";
  const char* value = "struct s; int f(struct s (*p)(void)) { return p != 0; }";
  const char* defined = "struct s { int a; }; int f(struct s *p) { return p->a; }";
  for (const char* compiler : {kGcc, kClang}) {
    EXPECT_THAT(hashOf(compiler, "f", handle), MatchesRegex(kHash));
    EXPECT_THAT(hashOf(compiler, "f", value), HasSubstr("only declares a type that is used by value"));
  }
  EXPECT_THAT(hashOf(std::string(kGcc) + " -femit-struct-debug-detailed=none", "f", defined),
              "its debug information only declares s (compile without -femit-struct-debug-...)");
  EXPECT_THAT(hashOf(std::string(kGcc) + " -femit-struct-debug-detailed=none -gno-record-gcc-switches", "f",
                     "typedef struct { int a; } t; int f(t *p) { return p->a; }"),
              "its debug information only declares a type without a name (compile without "
              "-femit-struct-debug-...)");
  workshop.write("s.h", "struct s { int a; };");
  workshop.run(std::string(kClang) + " -gmodules -x c-header s.h -o s.h.pch");
  EXPECT_THAT(hashOf(std::string(kClang) + " -gmodules -include-pch s.h.pch", "f",
                     "int f(struct s *p) { return p->a; }"),
              "its debug information only declares s (compile without -gmodules)");
}

TEST_F(DebugTypesTest, TakesAnAliasForWhatItStandsFor) {
  workshop.write("alias.c",
                 "int f(int x) { return x + 1; } extern int g(int) __attribute__((alias(\"f\")));");
  workshop.write("caller.c", "int g(); int h(void) { return g(); }");
  for (const std::string compiler : {kGcc, kClang}) {
    workshop.run(compiler + " -c alias.c && " + compiler +
                 " -c caller.c && arm-none-eabi-ld -r alias.o caller.o -o object.o");
    const CompiledTypes both(workshop.read("object.o"));
    EXPECT_EQ(both.hashOf("g"), both.hashOf("f"));
  }
}

TEST_F(DebugTypesTest, ComparesTheSizeOfEnumsThatAreOnlyDeclared) {
  const char* compiler = "arm-none-eabi-g++ -mcpu=cortex-m3 -mthumb -Os -g -std=c++17";
  const auto with = [&](const char* declaration) {
    return CompiledTypes(workshop, compiler,
                         std::string(declaration) + " extern \"C\" int f(e a) { return (int)a; }", ".cc");
  };
  EXPECT_EQ(compared(with("enum class e : char;"), with("enum class e : int;"), "f"),
            "enum e: unsigned of 1 bytes -> signed of 4 bytes");
  EXPECT_EQ(compared(with("enum class e : int;"), with("enum class e : int { a, b };"), "f"),
            "notes: enum e is incomplete in the ROM");
}

/// A copy with one debug section changed by `change(bytes)`.
template <typename Change>
std::vector<std::uint8_t> withDebug(const CompiledTypes& file, std::string_view name, Change change) {
  std::vector<std::uint8_t> copy = file.bytes;
  const Section* section = file.elf.findSection(name);
  change(std::span(copy).subspan(section->offset, section->size));
  return copy;
}

TEST_F(DebugTypesTest, SaysThatDamagedInformationIsDamaged) {
  const CompiledTypes file(workshop, std::string(kGcc) + " -fno-function-sections", kSource);
  const auto why = [&](std::string_view section, auto change) {
    return CompiledTypes(withDebug(file, section, change)).hashOf("f");
  };
  // The unit's length, its abbreviations, a form that nobody knows.
  EXPECT_THAT(why(".debug_info", [](auto bytes) { bytes[2] = 0x7f; }), HasSubstr("damaged"));
  EXPECT_THAT(why(".debug_info", [](auto bytes) { bytes[4] = 77; }), Not(MatchesRegex(kHash)));
  EXPECT_THAT(why(".debug_abbrev", [](auto bytes) { std::fill(bytes.begin(), bytes.end(), 0); }),
              HasSubstr("damaged"));
  EXPECT_THAT(why(".debug_abbrev", [](auto bytes) { bytes[4] = 0x7e; }), HasSubstr("damaged"));
}

/// Random bytes of each debug section, and ends cut off: an answer, never a crash. ROMLINK_DAMAGE sets the
/// number of variants for each compiler.
TEST_F(DebugTypesTest, SurvivesDamage) {
  const char* wished = std::getenv("ROMLINK_DAMAGE");
  const unsigned variants = wished == nullptr ? 300 : static_cast<unsigned>(std::atoi(wished));
  std::mt19937 random(variants);
  std::size_t unread = 0;
  for (const std::string& compiler :
       {std::string(kGcc), std::string(kClang), std::string(kGcc) + " -gdwarf-4 -fdebug-types-section"}) {
    const CompiledTypes file(workshop, compiler, kSource);
    const std::string good = file.hashOf("f");
    std::vector<std::string_view> names{".debug_info", ".debug_abbrev"}; // most often
    for (const Section& section : file.elf.sections)
      if (section.name.find("debug_") != std::string_view::npos && section.size > 0)
        names.push_back(section.name);
    for (unsigned i = 0; i < variants; ++i) {
      const auto damage = [&](std::span<std::uint8_t> bytes) {
        const std::size_t at = random() % bytes.size();
        if (random() % 8 == 0)
          std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), 0);
        else
          bytes[at] = static_cast<std::uint8_t>(random());
      };
      const std::vector<std::uint8_t> bytes = withDebug(file, names[i % names.size()], damage);
      const auto elf = ElfImage::read(bytes, "object.o");
      if (!elf)
        continue;
      const CompiledTypes damaged(bytes);
      const std::string now = damaged.hashOf("f");
      unread += now.find(' ') != std::string::npos ? 1 : 0;
      if (now != good) {
        EXPECT_NE(compared(file, damaged, "f"), "same");
      }
    }
  }
  EXPECT_GT(unread, variants / 4);
}

} // namespace
} // namespace romlink::relink
