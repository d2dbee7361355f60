// Anchors and blocks of flash images.
#include "dump_fixture.h"
#include "server/sketch.h"

namespace romlink::server {
namespace {

TEST(Sketch, RollsToTheHashOfEachWindow) {
  const Content content = noise(300, 1);
  RollingHash rolling;
  for (std::size_t i = 0; i < kWindow; ++i)
    rolling.take(content[i]);
  for (std::size_t at = 0;; ++at) {
    RollingHash fresh;
    for (std::size_t i = at; i < at + kWindow; ++i)
      fresh.take(content[i]);
    ASSERT_EQ(rolling.value(), fresh.value()) << at;
    if (at + kWindow == content.size())
      break;
    rolling.roll(content[at], content[at + kWindow]);
  }
}

TEST(Sketch, HasAnAnchorInEachEighth) {
  const Content image = noise(8000, 1);
  const auto sketch = sketchOf(image, {});
  ASSERT_EQ(sketch.anchors.size(), kAnchors);
  const std::size_t windows = image.size() - kWindow + 1;
  for (std::size_t i = 0; i < kAnchors; ++i)
    EXPECT_EQ(sketch.anchors[i].offset, windows * i / kAnchors);
  EXPECT_EQ(sketch.blocks.size(), 8U);
}

TEST(Sketch, TakesNoWindowThatIsErasedOrDeviceSpecific) {
  Content image = noise(1000, 1);
  std::fill(image.begin(), image.begin() + 500, 0xFF);
  const ImageMask mask = {{500, 700}};
  for (const store::Anchor& anchor : sketchOf(image, mask).anchors)
    EXPECT_TRUE(anchor.offset + kWindow > 500 && !touches(mask, anchor.offset, anchor.offset + kWindow))
        << anchor.offset;
  EXPECT_FALSE(sketchOf(image, mask).anchors.empty());
  EXPECT_TRUE(sketchOf(image, {{0, 1000}}).anchors.empty());
  EXPECT_TRUE(sketchOf(Content(1000, 0xFF), {}).anchors.empty());
  EXPECT_TRUE(sketchOf(noise(63, 1), {}).anchors.empty());
  EXPECT_EQ(sketchOf(noise(64, 1), {}).anchors.size(), 1U);
}

TEST(Sketch, TakesNoWindowThatRepeatsItself) {
  for (const std::size_t period : {4, 16, 31, 32}) {
    const Content pattern = noise(period, 5);
    EXPECT_TRUE(sketchOf(repeated(pattern, 100), {}).anchors.empty()) << period;
    const Content image = repeated(pattern, 2000 / period) + noise(100, 1);
    const auto anchors = sketchOf(image, {}).anchors;
    ASSERT_EQ(anchors.size(), 1U) << period;
    EXPECT_GT(anchors[0].offset, image.size() - 100 - kWindow) << period;
  }
}

TEST(Sketch, ReadsDeviceSpecificBytesOfBlocksAsErased) {
  Content image = noise(3000, 1);
  const ImageMask mask = {{1000, 1040}, {2990, 5000}};
  const auto blocks = sketchOf(image, mask).blocks;
  ASSERT_EQ(blocks.size(), 3U);
  for (const std::size_t masked : {1000, 1023, 1024, 1039, 2999})
    image[masked] ^= 1;
  EXPECT_EQ(sketchOf(image, mask).blocks, blocks);
  image[999] ^= 1;
  EXPECT_NE(sketchOf(image, mask).blocks[0], blocks[0]);
  EXPECT_EQ(sketchOf(image, mask).blocks[1], blocks[1]);
}

} // namespace
} // namespace romlink::server
