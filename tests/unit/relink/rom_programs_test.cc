// The reference graph and the index of real programs with the C library: what decoding finds must hold
// everything that the linker's relocations name, for either compiler and linker and after every kind of
// stripping.

#include "fixture.h"
#include "relink/image/arm_relocation.h"
#include "relink/image/rom_references.h"
#include "relink/relinker.h"

#include <gtest/gtest.h>
#include <set>

namespace romlink::relink {
namespace {

constexpr const char* kProgram = R"(
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void start(void);
__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {(void (*)(void))0x20010000, start};
static int up(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }
static int down(const void* a, const void* b) { return *(const int*)b - *(const int*)a; }
static int (*const orders[])(const void*, const void*) = {up, down};
int (*order)(const void*, const void*) = down;
static const char* const words[] = {"one", "two", "three"};
static struct { int n; const char* word; } table[] = {{1, "eins"}, {2, "zwei"}};
static int numbers[10];
volatile double result;
__attribute__((section(".ramcode"), noinline)) int inRam(int n) { return up(&n, numbers) + rand(); }
__attribute__((noinline)) static const char* pick(int n) {
  switch (n) {
  case 0: return words[1];
  case 1: return table[0].word;
  case 2: return strerror(n);
  case 3: return words[numbers[0]];
  case 4: return "four";
  case 9: return getenv("nine");
  default: return table[n & 1].word;
  }
}
void start(void) {
  qsort(numbers, 10, sizeof numbers[0], numbers[3] ? order : orders[numbers[1] & 1]);
  char text[64];
  snprintf(text, sizeof text, "%d %s %f", numbers[1], pick(numbers[2]), result);
  result = strtod(text, 0) + sin(result) + pow(result, 1.5);
  printf("%s\n", text);
  free(malloc((size_t)inRam(numbers[5])));
  for (;;)
    result += fmod(result, 3.0) + (double)strtoll(text, 0, 16) / 7;
}
)";

/// Code in RAM is out of branch range, so calls go through veneers.
constexpr const char* kUsual = R"(ENTRY(start)
MEMORY { FLASH (rx) : ORIGIN = 0x10000000, LENGTH = 1M
         RAM (rw) : ORIGIN = 0x20000000, LENGTH = 128K }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text .text.*) } > FLASH
  .rodata : { *(.rodata .rodata.*) . = ALIGN(4); } > FLASH
  .ARM.extab : { *(.ARM.extab*) } > FLASH
  .ARM.exidx : { __exidx_start = .; *(.ARM.exidx*) __exidx_end = .; } > FLASH
  .data : { *(.data .data.*) . = ALIGN(4); } > RAM AT > FLASH
  .ramcode : { *(.ramcode) . = ALIGN(4); } > RAM AT > FLASH
  .bss : { *(.bss .bss.* COMMON) end = .; } > RAM
  /DISCARD/ : { *(.init .fini .eh_frame* .preinit_array* .init_array* .fini_array*) } })";
constexpr const char* kArmlink = R"(ENTRY(start)
MEMORY { FLASH (rx) : ORIGIN = 0x10000000, LENGTH = 1M
         RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 128K }
SECTIONS {
  ER_IROM1 : { KEEP(*(.vectors)) *(.text .text.* .rodata .rodata.*) KEEP(*(.init_array*)) . = ALIGN(4); } > FLASH
  .ARM.extab : { *(.ARM.extab*) } > FLASH
  .ARM.exidx : { __exidx_start = .; *(.ARM.exidx*) __exidx_end = .; } > FLASH
  RW_IRAM1 : { *(.ramcode) *(.data .data.*) . = ALIGN(4); } > RAM AT > FLASH
  ER_ZI (NOLOAD) : { *(.bss .bss.* COMMON) end = .; } > RAM
  ARM_LIB_STACK (NOLOAD) : { . += 0x400; } > RAM
  /DISCARD/ : { *(.init .fini .eh_frame* .preinit_array* .fini_array*) } })";

constexpr Address kRam = 0x20000000; ///< as in the linker scripts

struct Build {
  const char* name;
  const char* cpu;
  const char* compile; ///< compiler and its options
  bool lld;
  const char* script;
};
void PrintTo(const Build& build, std::ostream* out) {
  *out << build.name;
}

const std::string kClang = "clang-19 -isystem /usr/include/newlib --target=arm-none-eabi";

class RomProgram : public testing::TestWithParam<Build> {
protected:
  void SetUp() override {
    const Build& build = GetParam();
    const std::string cpu = std::string(" -mthumb -mcpu=") + build.cpu + " -mfloat-abi=soft ";
    workshop.write("program.c", kProgram);
    workshop.write("rom.ld", build.script);
    const std::string compiler = build.compile;
    workshop.run((compiler.starts_with("clang") ? kClang + compiler.substr(5) : compiler) + cpu +
                 "-c program.c -o program.o");
    const std::string gcc = "$(arm-none-eabi-gcc" + cpu;
    const std::string libraries = " -L " + gcc + "-print-file-name=libc.a | xargs dirname) -L " + gcc +
                                  "-print-libgcc-file-name | xargs dirname)"
                                  " --start-group -lm -lc -lnosys -lgcc --end-group";
    const std::string linker = build.lld ? "ld.lld-19 -z max-page-size=4" : "arm-none-eabi-ld";
    const std::string link = linker + " --gc-sections -T rom.ld program.o" + libraries;
    workshop.run(link + " --emit-relocs -o rom.elf");
    workshop.run(link + " -o bare.elf");
    romContent = workshop.read("rom.elf");
    romElf = ElfImage::read(romContent, "rom.elf").value();
    namedPairs = namedByRelocations();
  }

  /// What a relocation says: something in `places` leads to `target`.
  struct Named {
    AddressRange places;
    Address target;
    std::string text;
  };

  /// From symbol to symbol; relocations against sections are resolved by the field where it is an address.
  [[nodiscard]] std::vector<Named> namedByRelocations() const {
    std::vector<Named> named;
    for (const Section& section : romElf.sections) {
      if (!section.isAllocated() || section.name.starts_with(".ARM.ex"))
        continue;
      for (const Relocation& relocation : section.relocations) {
        const Symbol& symbol = romElf.symbols[relocation.symbol];
        const Address place = relocation.offset;
        const auto kind = relocationKind(relocation.type);
        if (!symbol.isDefinedInSection() || (kind && kind->field == Field::None))
          continue;
        constexpr int kSectionSymbol = 3; // STT_SECTION
        Address target = symbol.address();
        // With an addend the place is another than the symbol's; a pointer's bytes say which.
        if (kind && kind->field == Field::Word && !symbol.isFunction())
          target = targetOf(*kind, section.data.subspan(place - section.address, 4), place);
        else if (symbol.type == kSectionSymbol)
          continue;
        named.push_back({functionAt(place), target,
                         std::string(section.name) + " " + relocationName(relocation.type) + " to " +
                             std::string(symbol.name)});
      }
    }
    return named;
  }

  [[nodiscard]] AddressRange functionAt(Address place) const {
    for (const Symbol& symbol : romElf.symbols)
      if (const AddressRange range{symbol.address(), symbol.size};
          symbol.isFunction() && range.contains(place))
        return range;
    return {place, 4};
  }

  void expectAll(const std::vector<RomReferenceEdge>& edges) const {
    std::set<std::pair<Address, Address>> found; // target, place
    for (const RomReferenceEdge& edge : edges)
      found.emplace(edge.target, edge.place);
    std::size_t missing = 0;
    for (const Named& one : namedPairs) {
      const auto has = [&](Address target) {
        const auto at = found.lower_bound({target, one.places.address});
        return at != found.end() && at->first == target && one.places.contains(at->second);
      };
      if (!has(one.target) && !has(one.target & ~1U) && ++missing <= 10)
        ADD_FAILURE() << std::hex << one.places.address << " -> " << one.target << " " << one.text;
    }
    EXPECT_EQ(missing, 0U) << "of " << namedPairs.size();
  }

  [[nodiscard]] static std::vector<RomReferenceEdge> decoded(const ElfImage& elf) {
    ElfImage bare = elf;
    for (Section& section : bare.sections)
      section.relocations.clear();
    return romReferences(bare, RomLayout(bare));
  }

  Workshop workshop;
  std::vector<std::uint8_t> romContent;
  ElfImage romElf;
  std::vector<Named> namedPairs;
};

TEST_P(RomProgram, DecodingFindsWhatRelocationsName) {
  EXPECT_GT(namedPairs.size(), 1000U) << "the program is too small to show anything";
  expectAll(decoded(romElf));
}

TEST_P(RomProgram, RelocationsOnlyAddEdges) {
  const auto with = romReferences(romElf, RomLayout(romElf));
  const auto without = decoded(romElf);
  expectAll(with);
  const auto pairs = [](const std::vector<RomReferenceEdge>& edges) {
    std::set<std::pair<Address, Address>> set;
    for (const auto& edge : edges)
      set.emplace(edge.place, edge.target);
    return set;
  };
  const auto all = pairs(with);
  const auto some = pairs(without);
  EXPECT_TRUE(std::includes(all.begin(), all.end(), some.begin(), some.end()));
}

TEST_P(RomProgram, StrippedRomsHaveTheSameReferences) {
  for (const char* strip :
       {"cp bare.elf", "arm-none-eabi-strip --strip-debug bare.elf -o",
        "arm-none-eabi-strip --discard-all bare.elf -o", "llvm-strip-19 --discard-all bare.elf -o"}) {
    SCOPED_TRACE(strip);
    workshop.run(std::string(strip) + " stripped.elf");
    const auto content = workshop.read("stripped.elf");
    const auto elf = ElfImage::read(content, "stripped.elf").value();
    for (const Section& section : romElf.sections) {
      if (section.isAllocated()) {
        ASSERT_EQ(asText(contentOf(elf, section.name)), asText(section.data)) << section.name;
      }
    }
    expectAll(romReferences(elf, RomLayout(elf)));
  }
}

TEST_P(RomProgram, IndexOffersWhatTheRomHas) {
  const RomImage rom = romOf(workshop, "rom.elf");
  std::size_t functions = 0;
  for (const Symbol& symbol : romElf.symbols) {
    if (!symbol.isFunction() || !symbol.isDefinedInSection() || symbol.size == 0 || symbol.address() >= kRam)
      continue;
    ++functions;
    EXPECT_EQ(rom.readOnly(symbol.address(), symbol.size, true).size(), symbol.size) << symbol.name;
    const auto entity = rom.entityAt(symbol.address());
    EXPECT_TRUE(entity && entity->contains(AddressRange{symbol.address(), symbol.size})) << symbol.name;
  }
  EXPECT_GT(functions, 100U);
  const Address inRam = addressOf(romElf, "inRam");
  EXPECT_TRUE(rom.readOnly(inRam, 4, true).empty()) << "runs from RAM";
  EXPECT_EQ(rom.loaded(inRam, 4).size(), 4U);
  const Address order = addressOf(romElf, "order");
  EXPECT_TRUE(rom.isWritable(order));
  const auto edges = rom.edgesIn({order, 4});
  ASSERT_EQ(edges.size(), 1U) << "its initial value";
  EXPECT_EQ(edges[0].target, addressOf(romElf, "down"));
  EXPECT_FALSE(edges[0].branch);
  bool called = false;
  for (const RomEdge& edge : rom.edgesIn(rom.entityAt(addressOf(romElf, "start")).value()))
    called |= edge.branch && edge.target == inRam;
  EXPECT_TRUE(called) << "through a veneer";
}

INSTANTIATE_TEST_SUITE_P(
    , RomProgram,
    testing::Values(
        Build{"GccForV6MByGnuLd", "cortex-m0", "arm-none-eabi-gcc -Os -ffunction-sections -g", false, kUsual},
        Build{"GccForV7MByLld", "cortex-m3", "arm-none-eabi-gcc -Os -ffunction-sections -fdata-sections",
              true, kUsual},
        Build{"GccForV8MWithoutSectionsLikeArmlink", "cortex-m33", "arm-none-eabi-gcc -O2 -g", false,
              kArmlink},
        Build{"GccForV7MWithMovw", "cortex-m3", "arm-none-eabi-gcc -O2 -mslow-flash-data", false, kUsual},
        Build{"ClangForV6MByLldLikeArmlink", "cortex-m0", "clang -O2 -ffunction-sections", true, kArmlink},
        Build{"ClangForV7MByGnuLd", "cortex-m3", "clang -O2", false, kUsual},
        Build{"ClangForV8MByLld", "cortex-m33", "clang -O2 -ffunction-sections -g", true, kUsual}),
    [](const auto& build) { return std::string(build.param.name); });

} // namespace
} // namespace romlink::relink
