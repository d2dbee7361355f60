// Finding images that were changed, damaged or cut off.
#include "dump_fixture.h"
#include "server/near_match.h"

namespace romlink::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

NearMatches nearest(const Images& images, const Content& dump,
                    const std::vector<store::AddressRange>& given = {}) {
  const auto number = [](const KnownImage& image) { return static_cast<std::size_t>(image.romId); };
  const ImageSource source{[&](const KnownImage& image) -> Result<std::vector<std::uint32_t>> {
                             return sketchOf(images[number(image)], image.mask).blocks;
                           },
                           [&](const KnownImage& image) -> Result<Content> { return images[number(image)]; }};
  return nearMatches(dump, images.find(dump).possible, given, source, [] { return false; });
}

std::vector<NearMatch> near(const Images& images, const Content& dump,
                            const std::vector<store::AddressRange>& given = {}) {
  return nearest(images, dump, given).best;
}

// An archive of revisions that differ in two bytes.
void addRevisions(Images& images, const Content& image, std::size_t at, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    Content revision = image;
    revision[at] = static_cast<std::uint8_t>(i);
    revision[at + 1] = static_cast<std::uint8_t>(i >> 8);
    images.add(revision);
  }
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

TEST(NearMatch, CountsWhatIsCutOffInGivenRangesToo) {
  Images images;
  const Content image = images[images.add(noise(8000, 1))];
  const auto head = near(images, Content(image.begin(), image.begin() + 5000), {{kBase, 8000}});
  ASSERT_THAT(head, SizeIs(1));
  EXPECT_EQ(std::pair(head[0].differing, head[0].missing), std::pair(0UL, 3000UL));
  const auto tail = near(images, Content(image.begin() + 3000, image.end()), {{kBase, 8000}});
  ASSERT_THAT(tail, SizeIs(1));
  EXPECT_EQ(std::pair(tail[0].differing, tail[0].missing), std::pair(0UL, 3000UL));
}

// They have the same anchors, and differ where the dump does, or where nothing counts.
TEST(NearMatch, TellsHundredsOfRevisionsApart) {
  Images images;
  addRevisions(images, noise(3000, 1), 0x40, 600);
  Content dump = images[599];
  for (std::size_t at = 0x200; at < 0x210; ++at)
    dump[at] ^= 1;
  const auto without = nearest(images, dump);
  ASSERT_THAT(without.best, SizeIs(5));
  EXPECT_TRUE(without.complete);
  EXPECT_EQ(std::pair(without.best[0].image->romId, without.best[0].differing), std::pair(599L, 16UL));
  EXPECT_EQ(without.best[1].differing, 17U);
  const auto with = near(images, dump, {{kBase + 0x200, 16}});
  ASSERT_THAT(with, SizeIs(5));
  EXPECT_EQ(std::pair(with[0].image->romId, with[0].differing), std::pair(599L, 0UL));
  EXPECT_EQ(with[1].differing, 1U);
}

TEST(NearMatch, NamesAllThatAreThereButForGivenBytes) {
  Images images;
  addRevisions(images, noise(3000, 1), 0x40, 30);
  Content dump = images[7];
  dump[0x41] = 0x55;
  EXPECT_THAT(near(images, dump, {{kBase + 0x40, 2}}), SizeIs(30));
}

TEST(NearMatch, SaysWhenItComparesNotAll) {
  Images images;
  addRevisions(images, noise(200, 1), 190, 5000);
  Content dump = images[4999];
  dump[100] ^= 1;
  EXPECT_FALSE(nearest(images, dump).complete);
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
