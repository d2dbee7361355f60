// Damaged objects, archives and maps: an error or a reading, never a crash. Every truncation of a real object
// and thousands of random changes; under the sanitizers also every access out of bounds.

#include "fixture.h"
#include "relink/image/input_files.h"
#include "relink/link/link_map.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace romlink::relink {
namespace {

constexpr const char* kObject =
    ".section .text.f, \"ax\", %progbits\n.globl f\n.type f, %function\n"
    "f:\n  ldr r0, 1f\n  bl g\n  bx lr\n  .p2align 2\n1: .word text\n.size f, . - f\n"
    ".section .rodata.str1.1, \"aMS\", %progbits, 1\ntext: .asciz \"text\"\n"
    ".data\n.word f\n.comm room, 8, 4\n";

/// Touches everything that a reading offers.
std::size_t walk(const ElfImage& elf) {
  std::size_t sum = elf.entry + elf.type;
  for (const Section& section : elf.sections) {
    for (const std::uint8_t byte : section.data)
      sum += byte;
    for (const char c : section.name)
      sum += static_cast<unsigned char>(c);
    for (const Relocation& relocation : section.relocations)
      sum += elf.symbols.at(relocation.symbol).name.size() + relocation.offset;
  }
  for (const Symbol& symbol : elf.symbols) {
    sum += symbol.name.size();
    if (symbol.isDefinedInSection())
      sum += elf.sections.at(symbol.section).size;
  }
  for (const Segment& segment : elf.loadSegments)
    for (const std::uint8_t byte : segment.data)
      sum += byte;
  return sum;
}

void expectErrorOrReading(Bytes content) {
  const auto header = ElfImage::checkHeader(content, "damaged.o");
  const auto elf = ElfImage::read(content, "damaged.o");
  if (elf) {
    walk(*elf);
    return;
  }
  EXPECT_EQ(elf.error().code, ErrorCode::Malformed);
  EXPECT_EQ(elf.error().where, "damaged.o");
  EXPECT_FALSE(elf.error().why.empty());
}

TEST(DamagedElf, EveryTruncationIsAnError) {
  Workshop shop;
  const auto object = shop.assemble("object", kObject);
  ASSERT_TRUE(ElfImage::read(object, "object.o").has_value());
  for (std::size_t length = 0; length < object.size(); ++length) {
    // An exact copy, so that a read past the end is one past an allocation.
    const std::vector<std::uint8_t> part(object.begin(),
                                         object.begin() + static_cast<std::ptrdiff_t>(length));
    const auto elf = ElfImage::read(part, "part.o");
    ASSERT_FALSE(elf.has_value()) << length;
    EXPECT_EQ(elf.error().code, ErrorCode::Malformed) << length;
  }
}

TEST(DamagedElf, RandomChangesOfAnObject) {
  Workshop shop;
  const auto object = shop.assemble("object", kObject);
  std::mt19937 random(5);
  for (int round = 0; round < 6000; ++round) {
    auto damaged = object;
    for (unsigned change = 0; change <= random() % 4; ++change)
      damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    expectErrorOrReading(damaged);
  }
}

TEST(DamagedElf, RandomChangesOfHeadersInAnImage) {
  Workshop shop;
  shop.assemble("object", ".globl g\n.thumb_func\ng: bx lr\n" + std::string(kObject));
  shop.run("ld.lld-19 -e f object.o -o image.elf");
  const auto image = shop.read("image.elf");
  std::mt19937 random(6);
  for (int round = 0; round < 6000; ++round) {
    auto damaged = image;
    const std::size_t at = round % 2 == 0 ? random() % 0xb4 : damaged.size() - 1 - random() % 0x180;
    damaged[at] = static_cast<std::uint8_t>(random());
    expectErrorOrReading(damaged);
  }
}

TEST(DamagedElf, SaysWhatIsWrong) {
  Workshop shop;
  const auto object = shop.assemble("object", kObject);
  const auto whyWith = [&](std::size_t at, std::uint8_t value) {
    auto other = object;
    other[at] = value;
    const auto elf = ElfImage::read(other, "x.o");
    return elf ? "no error" : elf.error().why;
  };
  EXPECT_EQ(whyWith(0, 0), "not an ELF file");
  EXPECT_EQ(whyWith(4, 2), "it is 64-bit ELF; Cortex-M needs 32-bit");
  EXPECT_EQ(whyWith(5, 2), "it is big-endian; romlink reads little-endian");
  EXPECT_EQ(whyWith(18, 3), "its machine is 3, not Arm (40)");
}

TEST(DamagedElf, ARelocationBeyondItsSectionIsAnError) {
  Workshop shop;
  auto object = shop.assemble("object", kObject);
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, object.data() + at, sizeof value);
    return value;
  };
  constexpr std::uint32_t kRel = 9; // SHT_REL
  constexpr std::size_t kHeader = 40;
  std::size_t header = word(32); // e_shoff
  while (word(header + 4) != kRel)
    header += kHeader;
  const std::size_t first = word(header + 16); // r_offset of the first relocation
  const std::uint32_t size =
      word(word(32) + word(header + 28) * kHeader + 20); // of the section that it applies to
  for (const std::uint32_t offset : {size, size - 3, 0xfffffffeU}) {
    std::memcpy(object.data() + first, &offset, sizeof offset);
    const auto elf = ElfImage::read(object, "x.o");
    ASSERT_FALSE(elf) << offset;
    EXPECT_NE(elf.error().why.find("lies beyond its end"), std::string::npos) << elf.error().why;
  }
  const std::uint32_t last = size - 4;
  std::memcpy(object.data() + first, &last, sizeof last);
  EXPECT_TRUE(ElfImage::read(object, "x.o"));
}

class DamagedArchive : public testing::Test {
protected:
  void SetUp() override {
    shop_.assemble("a_member_of_a_long_name", kObject);
    shop_.assemble("b", ".globl g\n.thumb_func\ng: bx lr\n");
    shop_.run("llvm-ar-19 rc libx.a a_member_of_a_long_name.o b.o && mkdir inputs");
    archive_ = shop_.read("libx.a");
  }

  /// Asks for the archive's members as a link does.
  void use(Bytes content) {
    ASSERT_TRUE(writeFile(shop_.folder() / "inputs" / "libx.a", content).has_value());
    InputFiles inputs(shop_.folder() / "inputs");
    const auto whole = inputs.check();
    for (const char* name : {"libx.a(a_member_of_a_long_name.o)", "libx.a(b.o)", "libx.a()", "libx.a"})
      if (const auto objects = inputs.objectsNamed(name))
        for (const auto& object : *objects)
          walk(object->elf);
  }

  Workshop shop_;
  std::vector<std::uint8_t> archive_;
};

TEST_F(DamagedArchive, WholeArchiveGivesItsMembers) {
  use(archive_);
  InputFiles inputs(shop_.folder() / "inputs");
  EXPECT_TRUE(inputs.check().has_value());
  EXPECT_EQ(inputs.objectsNamed("libx.a(a_member_of_a_long_name.o)").value().size(), 1U);
  EXPECT_EQ(inputs.objectsNamed("libx.a(b.o)").value().size(), 1U);
  EXPECT_TRUE(inputs.objectsNamed("libx.a(c.o)").value().empty());
  EXPECT_TRUE(inputs.objectsNamed("<internal>").value().empty());
}

TEST_F(DamagedArchive, EveryTruncation) {
  for (std::size_t length = 0; length < archive_.size(); length += length < 200 ? 1 : 7)
    use(Bytes(archive_).first(length));
}

TEST_F(DamagedArchive, RandomChanges) {
  std::mt19937 random(8);
  for (int round = 0; round < 1500; ++round) {
    auto damaged = archive_;
    for (unsigned change = 0; change <= random() % 3; ++change)
      damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    use(damaged);
  }
}

TEST(DamagedMap, RandomChangesAreAnErrorOrAReading) {
  Workshop shop;
  shop.assemble("object", ".globl g\n.thumb_func\ng: bx lr\n" + std::string(kObject));
  shop.run("ld.lld-19 -e f object.o -o image.elf -Map=image.map");
  const auto map = shop.read("image.map");
  std::mt19937 random(9);
  for (int round = 0; round < 3000; ++round) {
    auto damaged = map;
    damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    damaged.resize(damaged.size() - random() % 40);
    const auto sections = readLinkMap(asText(damaged));
    EXPECT_TRUE(sections.has_value() || sections.error().code == ErrorCode::Internal);
  }
}

} // namespace
} // namespace romlink::relink
