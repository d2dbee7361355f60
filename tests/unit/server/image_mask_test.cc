// Device-specific ranges of an image, and its hash without them.
#include "dump_fixture.h"
#include "server/image_mask.h"

namespace romlink::server {
namespace {

TEST(ImageMask, IsRelativeToTheImageAndMerged) {
  EXPECT_EQ(maskOf(100, {{150, 10}, {90, 20}, {155, 20}, {10, 20}, {175, 5}}),
            (ImageMask{{0, 10}, {50, 80}}));
}

TEST(ImageMask, TellsWhatItCovers) {
  const ImageMask mask = {{10, 20}, {30, 40}};
  EXPECT_FALSE(touches(mask, 0, 10));
  EXPECT_TRUE(touches(mask, 0, 11));
  EXPECT_TRUE(touches(mask, 19, 20));
  EXPECT_FALSE(touches(mask, 20, 30));
  EXPECT_TRUE(touches(mask, 20, 31));
  EXPECT_FALSE(touches(mask, 40, 99));
  EXPECT_EQ(maskedBytes(mask, 35), 15U);
}

TEST(ImageMask, HashesEachSizeAsIfItWereAlone) {
  const Content content = noise(200, 1);
  const ImageMask mask = {{0, 3}, {50, 64}, {120, 500}};
  MaskedHash hash(content, mask);
  for (std::size_t size = 1; size <= content.size(); ++size) {
    Content erased(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size));
    for (const OffsetRange& range : mask)
      for (std::size_t at = range.begin; at < std::min(range.end, size); ++at)
        erased[at] = 0xFF;
    ASSERT_EQ(hash.digestAt(size), sha256Of(Bytes(erased))) << size;
  }
}

} // namespace
} // namespace romlink::server
