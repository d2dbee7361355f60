// Finding images that were changed, damaged or cut off.
#include "dump_fixture.h"
#include "server/near_match.h"

namespace romlink::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<NearMatch> near(const Images& images, const Content& dump,
                            const std::vector<store::AddressRange>& given = {}) {
  const auto number = [](const KnownImage& image) { return static_cast<std::size_t>(image.romId); };
  const ImageSource source{[&](const KnownImage& image) -> Result<std::vector<std::uint32_t>> {
                             return sketchOf(images[number(image)], image.mask).blocks;
                           },
                           [&](const KnownImage& image) -> Result<Content> { return images[number(image)]; }};
  return nearMatches(dump, images.find(dump).possible, given, source, [] { return false; });
}

TEST(NearMatch, NamesWhatDiffers) {
  Images images;
  Content image = images[images.add(noise(8000, 1))];
  for (const std::size_t at : {0, 1, 4, 100, 7999})
    image[at] ^= 1;
  const auto found = near(images, noise(77, 2) + image + noise(9, 3));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].offset, 77);
  EXPECT_EQ(found[0].differing, 5U);
  EXPECT_EQ(found[0].missing, 0U);
  EXPECT_THAT(found[0].differences,
              ElementsAre(OffsetRange{0, 5}, OffsetRange{100, 101}, OffsetRange{7999, 8000}));
}

TEST(NearMatch, FindsAnImageWithDamagedAnchors) {
  Images images;
  const Content image = images[images.add(noise(8000, 1))];
  const auto anchors = sketchOf(image, {}).anchors;
  for (std::size_t sound = 0; sound < anchors.size(); ++sound) {
    Content damaged = image;
    for (std::size_t i = 0; i < anchors.size(); ++i)
      damaged[anchors[i].offset] ^= i == sound ? 0 : 1;
    ASSERT_THAT(near(images, damaged), SizeIs(1)) << sound;
  }
}

TEST(NearMatch, CountsWhatIsCutOff) {
  Images images;
  const Content image = images[images.add(noise(8000, 1))];
  const auto head = near(images, Content(image.begin(), image.begin() + 6000));
  ASSERT_THAT(head, SizeIs(1));
  EXPECT_EQ(std::pair(head[0].differing, head[0].missing), std::pair(0UL, 2000UL));
  const auto tail = near(images, Content(image.begin() + 3000, image.end()));
  ASSERT_THAT(tail, SizeIs(1));
  EXPECT_EQ(tail[0].offset, -3000);
  EXPECT_EQ(std::pair(tail[0].differing, tail[0].missing), std::pair(0UL, 3000UL));
  EXPECT_THAT(near(images, Content(image.begin() + 4500, image.end())), IsEmpty())
      << "more than half is missing";
}

TEST(NearMatch, DoesNotCountDeviceSpecificBytes) {
  Images images;
  Content image = noise(8000, 1);
  images.add(image, {{kBase + 1020, 8}});
  for (const std::size_t at : {1020, 1024, 2047, 2048, 2050})
    image[at] ^= 1;
  const auto without = near(images, image);
  ASSERT_THAT(without, SizeIs(1));
  EXPECT_EQ(without[0].differing, 3U);
  const auto with = near(images, image, {{kBase + 2047, 4}});
  ASSERT_THAT(with, SizeIs(1));
  EXPECT_EQ(with[0].differing, 0U);
  EXPECT_EQ(with[0].given, 3U);
  const auto tooShort = near(images, image, {{kBase + 2047, 3}});
  ASSERT_THAT(tooShort, SizeIs(1));
  EXPECT_EQ(tooShort[0].differing, 1U);
}

TEST(NearMatch, NamesTheNearestFirst) {
  Images images;
  const Content image = noise(8000, 1);
  for (std::size_t changes = 1; changes <= 9; ++changes) {
    Content revision = image;
    for (std::size_t i = 0; i < changes; ++i)
      revision[100 + 700 * i] ^= 1;
    images.add(revision);
  }
  std::vector<std::uint64_t> differing;
  for (const NearMatch& match : near(images, image))
    differing.push_back(match.differing);
  EXPECT_THAT(differing, ElementsAre(1, 2, 3, 4, 5));
}

TEST(NearMatch, StaysInsideADumpThatIsCutAnywhere) {
  Images images;
  const Content image = images[images.add(noise(600, 1))];
  for (std::size_t begin = 0; begin <= image.size(); begin += 7)
    for (std::size_t end = begin; end <= image.size(); end += 11)
      for (const NearMatch& match : near(images, Content(image.begin() + static_cast<std::ptrdiff_t>(begin),
                                                         image.begin() + static_cast<std::ptrdiff_t>(end)))) {
        EXPECT_EQ(match.differing, 0U);
        EXPECT_EQ(match.missing, image.size() - (end - begin));
      }
}

} // namespace
} // namespace romlink::server
