// The object that restores shared variables, and the writer of it, read back.
#include "relink/patch/reinit.h"

#include "relink/image/elf_image.h"
#include "relink/patch/object_writer.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

// "Tool Interface Standard ELF" and AAELF32.
constexpr std::uint16_t kRelocatable = 1;
constexpr std::uint32_t kProgbits = 1, kWrite = 1, kAlloc = 2, kAbs32 = 2;
constexpr std::uint8_t kObject = 1, kGlobal = 1, kWeak = 2;

const Symbol* symbolNamed(const ElfImage& elf, std::string_view name) {
  for (const Symbol& symbol : elf.symbols)
    if (symbol.name == name)
      return &symbol;
  return nullptr;
}

TEST(ObjectWriter, WritesWhatIsReadBack) {
  ObjectWriter writer;
  ObjectWriter::Content content = {1, 2, 3, 4, 5};
  const auto data = writer.addSection(".data.x", kProgbits, kAlloc | kWrite, content);
  const auto bytes = writer.addSection(".rodata", kProgbits, kAlloc, {9});
  writer.addLocal("here", kObject, bytes, 0);
  const auto missing = writer.addUndefined("missing", true);
  writer.addUndefined("strong", false);
  writer.addGlobal("x", kObject, data, 1, 4);
  writer.relocate(data, 0, kAbs32, missing);
  const auto file = writer.finish();
  const auto elf = ElfImage::read(file, "test");
  ASSERT_TRUE(elf.has_value());
  EXPECT_EQ(elf->type, kRelocatable);
  const Section& section = elf->sections[data];
  EXPECT_EQ(section.name, ".data.x");
  EXPECT_TRUE(section.isWritable());
  EXPECT_EQ(std::vector<std::uint8_t>(section.data.begin(), section.data.end()), content);
  ASSERT_EQ(section.relocations.size(), 1U);
  EXPECT_EQ(section.relocations[0].type, kAbs32);
  EXPECT_EQ(elf->symbols[section.relocations[0].symbol].name, "missing");
  EXPECT_EQ(symbolNamed(*elf, "missing")->binding, kWeak);
  EXPECT_EQ(symbolNamed(*elf, "strong")->binding, kGlobal);
  EXPECT_TRUE(symbolNamed(*elf, "here")->isLocal());
  EXPECT_EQ(symbolNamed(*elf, "x")->value, 1U);
  EXPECT_EQ(symbolNamed(*elf, "x")->size, 4U);
}

TEST(Reinit, WithoutAnythingToRestoreItReturns) {
  const auto file = reinitObject({}, {});
  EXPECT_EQ(file, emptyReinitObject());
  const auto elf = ElfImage::read(file, "test");
  ASSERT_TRUE(elf.has_value());
  const Section* code = elf->findSection(kReinitCode);
  ASSERT_NE(code, nullptr);
  EXPECT_EQ(asText(code->data.first(2)), "\x70\x47") << "bx lr";
  const Symbol* function = symbolNamed(*elf, kReinitFunction);
  ASSERT_NE(function, nullptr);
  EXPECT_TRUE(function->isThumbFunction());
}

} // namespace
} // namespace romlink::relink
