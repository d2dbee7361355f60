// The types that a ROM index keeps are those of the ELF, always the same bytes, and never believed when they
// make no sense; and what crosses the border in a call.

#include "types_fixture.h"

#include "relink/compat/rom_types.h"
#include "romlink/worker/types.pb.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

using testing::HasSubstr;

constexpr const char* kSource = "#include <stddef.h>\n"
                                "typedef long long time_t; enum mode { OFF, ON };\n"
                                "struct point { short x, y; }; struct ops { double (*scale)(double); };\n"
                                "int plain(int a, const char *p) { return a + *p; }\n"
                                "int mode(struct point *p, const enum mode *m) { return p->x + *m; }\n"
                                "int wide(const wchar_t *text) { return *text; }\n"
                                "int past(struct { time_t at; } *s) { return s->at < 0; }\n"
                                "float product(float a, float b) { return a * b; }\n"
                                "int sum(struct point p) { return p.x + p.y; }\n"
                                "int aligned(struct { _Alignas(8) int x; } p) { return p.x; }\n"
                                "int wider(long long a) { return a != 0; }\n"
                                "int print(const char *format, ...) { return *format; }\n"
                                "int call(struct ops *o) { return o != 0; }\n"
                                "int behind(float *p) { return p != 0; }\n"
                                "struct point origin = {1, 2};\n";

class RomTypesTest : public testing::Test {
protected:
  RomTypesTest() : file(workshop, kGcc, kSource) {}
  static std::vector<const Symbol*> symbolsOf(const ElfImage& elf) {
    std::vector<const Symbol*> symbols;
    for (const Symbol& symbol : elf.symbols)
      if (symbol.isFunction() || symbol.isObject())
        symbols.push_back(&symbol);
    return symbols;
  }
  /// A ROM has addresses, and its functions are folded by gcc: behind() is a copy of call().
  [[nodiscard]] std::vector<std::uint8_t> linked() {
    workshop.run(
        "ld.lld-19 -e 0 --no-gc-sections --unresolved-symbols=ignore-all -Ttext=0x10000 object.o -o rom.elf");
    return workshop.read("rom.elf");
  }
  [[nodiscard]] std::string crossingOf(const std::string& symbol) const {
    const Crossing c = file.types.crossings()[file.of(symbol).type];
    std::string text = c.known ? "" : "unknown";
    for (const auto& [is, word] :
         {std::pair(c.enumeration, "enum "), std::pair(c.wideCharacter, "wchar "), std::pair(c.time, "time "),
          std::pair(c.floatingPoint, "float "), std::pair(c.aggregate, "aggregate "),
          std::pair(c.doubleWord, "8 "), std::pair(c.variadic, "variadic ")})
      text += is ? word : "";
    EXPECT_EQ(Crossing::fromBits(c.bits()), c);
    return text;
  }
  Workshop workshop;
  CompiledTypes file;
};

TEST_F(RomTypesTest, KnowWhatCrossesTheBorder) {
  EXPECT_EQ(crossingOf("plain"), "");
  EXPECT_EQ(crossingOf("mode"), "enum ");
  EXPECT_EQ(crossingOf("wide"), "wchar ");
  EXPECT_EQ(crossingOf("past"), "time ");
  EXPECT_EQ(crossingOf("product"), "float ");
  EXPECT_EQ(crossingOf("sum"), "aggregate ");
  EXPECT_EQ(crossingOf("aligned"), "aggregate 8 ");
  EXPECT_EQ(crossingOf("wider"), "8 ");
  EXPECT_EQ(crossingOf("print"), "variadic ");
  EXPECT_EQ(crossingOf("call"), "float 8 "); // by the function it is handed
  EXPECT_EQ(crossingOf("behind"), "");
  EXPECT_EQ(crossingOf("origin"), "aggregate ");
}

TEST_F(RomTypesTest, AreThoseOfTheElf) {
  const std::vector<std::uint8_t> bytes = linked();
  const ElfImage rom = ElfImage::read(bytes, "rom.elf").value();
  const std::vector<const Symbol*> romSymbols = symbolsOf(rom);
  worker::TypeTable table;
  storeTypes(rom, romSymbols, table);
  worker::TypeTable again;
  storeTypes(rom, romSymbols, again);
  EXPECT_EQ(table.SerializeAsString(), again.SerializeAsString());
  const RomTypes types(table);
  ASSERT_NE(types.graph(), nullptr);
  for (std::size_t i = 0; i < romSymbols.size(); ++i) {
    const std::string name(romSymbols[i]->name);
    const RomSymbolType type = types.of(i);
    EXPECT_EQ(type.why, "") << name;
    EXPECT_EQ(fmt::format("{:016x}", type.hash), file.hashOf(name)) << name;
    EXPECT_EQ(types.hashes().at(type.type), type.hash) << name;
    EXPECT_EQ(type.crossing, file.types.crossings()[file.of(name).type]) << name;
  }
}

TEST_F(RomTypesTest, AreNotBelievedWhenTheyMakeNoSense) {
  const std::vector<std::uint8_t> bytes = linked();
  const ElfImage rom = ElfImage::read(bytes, "rom.elf").value();
  worker::TypeTable table;
  storeTypes(rom, symbolsOf(rom), table);
  ASSERT_GT(table.types_size(), 1);
  const auto broken = [&](auto change) {
    worker::TypeTable copy = table;
    change(copy);
    return RomTypes(copy).graph() == nullptr;
  };
  EXPECT_FALSE(broken([](auto&) {}));
  EXPECT_TRUE(broken([](auto& t) { t.mutable_types(1)->set_target(8U * 100'000); }));
  EXPECT_TRUE(broken([](auto& t) { t.mutable_types(1)->set_name(100'000); }));
  EXPECT_TRUE(broken([](auto& t) { t.mutable_types(1)->set_kind(99); }));
  EXPECT_TRUE(broken([](auto& t) { t.clear_types(); }));
}

} // namespace
} // namespace romlink::relink
