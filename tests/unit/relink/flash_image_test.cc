// The flash image: file bytes of all PT_LOAD segments at their physical addresses, gaps 0xFF, no trailing
// 0xFF.

#include "fixture.h"
#include "relink/image/flash_image.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

struct Part {
  Address physical;
  std::vector<std::uint8_t> bytes;
};

Result<FlashImage> imageOf(const std::vector<Part>& parts) {
  ElfImage elf;
  for (const Part& part : parts) {
    Segment segment;
    segment.virtualAddress = part.physical + 0x10000000;
    segment.physicalAddress = part.physical;
    segment.memorySize = static_cast<std::uint32_t>(part.bytes.size()) + 8;
    segment.data = part.bytes;
    elf.loadSegments.push_back(segment);
  }
  return flashImageOf(elf, "rom.elf");
}

using ByteList = std::vector<std::uint8_t>;

TEST(FlashImage, JoinsSegmentsByPhysicalAddressWithErasedGaps) {
  const auto image = imageOf({{0x108, {5, 6}}, {0x100, {1, 2, 3}}});
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->base, 0x100U);
  EXPECT_EQ(image->bytes, (ByteList{1, 2, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 5, 6}));
  EXPECT_EQ(image->ranges, (std::vector<AddressRange>{{0x100, 3}, {0x108, 2}}));
}

TEST(FlashImage, MergesAdjacentRanges) {
  const auto image = imageOf({{0x100, {1, 2}}, {0x102, {3}}});
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(image->ranges, (std::vector<AddressRange>{{0x100, 3}}));
}

TEST(FlashImage, DropsTrailingErasedBytesOnly) {
  EXPECT_EQ(imageOf({{0x100, {0xff, 1, 0xff, 2, 0xff, 0xff}}})->bytes, (ByteList{0xff, 1, 0xff, 2}));
  EXPECT_EQ(imageOf({{0x100, {1, 0, 0}}})->bytes, (ByteList{1, 0, 0})) << "zeros are content";
  EXPECT_EQ(imageOf({{0x100, {1, 0xff}}, {0x110, {0xff}}})->bytes, (ByteList{1}));
}

TEST(FlashImage, IgnoresSegmentsWithoutFileBytes) {
  EXPECT_EQ(imageOf({{0x20000000, {}}, {0x100, {1}}})->base, 0x100U);
}

TEST(FlashImage, RefusesOverlap) {
  const auto image = imageOf({{0x100, {1, 2, 3}}, {0x102, {4}}});
  ASSERT_FALSE(image.has_value());
  EXPECT_EQ(image.error().code, ErrorCode::Malformed);
  EXPECT_EQ(image.error().line(), "two segments overlap: rom.elf: both load bytes at 0x00000102");
}

TEST(FlashImage, RefusesNothingAndTooMuch) {
  EXPECT_EQ(imageOf({}).error().code, ErrorCode::Malformed);
  EXPECT_EQ(imageOf({{0x100, {}}}).error().code, ErrorCode::Malformed);
  const auto far = imageOf({{0x100, {1}}, {0x20000000, {2}}});
  ASSERT_FALSE(far.has_value());
  EXPECT_EQ(far.error().why, "from 0x00000100 to 0x20000001");
}

TEST(FlashImage, IsWhatObjcopyMakes) {
  Workshop shop;
  shop.assemble("rom", ".text\nmovs r0, #1\nbx lr\n.data\n.word 1, 2, 0\n");
  shop.write("rom.ld",
             "SECTIONS { .text 0x10000000 : { *(.text) } .data 0x20000000 : AT(0x10000010) { *(.data) } }");
  shop.run("ld.lld-19 -e 0 -T rom.ld rom.o -o rom.elf");
  shop.run("llvm-objcopy-19 -O binary --gap-fill=0xff rom.elf rom.bin");
  const auto content = shop.read("rom.elf");
  EXPECT_EQ(flashImageOf(ElfImage::read(content, "rom.elf").value(), "rom.elf")->bytes, shop.read("rom.bin"));
}

} // namespace
} // namespace romlink::relink
