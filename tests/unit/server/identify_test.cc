// Finding unchanged images in a dump.
#include "dump_fixture.h"

namespace romlink::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Identify, FindsTheImageWhateverFollows) {
  Images images;
  images.add(noise(5000, 2));
  const Content image = images[images.add(noise(5000, 1))];
  for (const Content& tail : {Content(), Content(100, 0xFF), Content(100, 0), noise(100, 3)}) {
    const auto found = images.find(image + tail).exact;
    ASSERT_THAT(places(found), ElementsAre("1 at 0"));
    EXPECT_EQ(found[0].trailingPadding, tail == noise(100, 3) ? 0 : tail.size());
  }
}

TEST(Identify, FindsTheImageAtEveryOffset) {
  Images images;
  const Content image = images[images.add(noise(700, 1))];
  for (std::size_t offset = 0; offset < 1100; ++offset) {
    const auto head = offset % 2 == 0 ? Content(offset, 0xFF) : noise(offset, 7);
    ASSERT_THAT(places(images.find(head + image + noise(13, 9)).exact),
                ElementsAre("0 at " + std::to_string(offset)));
  }
}

TEST(Identify, FindsImagesOfEverySize) {
  Images images;
  for (std::size_t size = 1; size <= 300; ++size)
    images.add(noise(size, static_cast<unsigned>(size)));
  for (std::size_t i = 0; i < 300; ++i)
    EXPECT_THAT(places(images.find(images[i] + Content(1024, 0xFF)).exact),
                testing::Contains(std::to_string(i) + " at 0"));
}

TEST(Identify, WithABaseOnlyWhatIsAtItsAddressCounts) {
  Images images;
  const Content image = images[images.add(noise(5000, 1))];
  EXPECT_THAT(places(images.find(Content(13, 0xFF) + image, {kBase - 13, true}).exact),
              ElementsAre("0 at 13"));
  EXPECT_THAT(images.find(image, {kBase + 4, true}).exact, IsEmpty());
  EXPECT_THAT(images.find(image, {kBase + 4, true}).possible, IsEmpty());
}

TEST(Identify, ReadsDeviceSpecificRangesAsErased) {
  Images images;
  Content image = noise(5000, 1);
  images.add(image, {{kBase + 16, 8}, {kBase + 1020, 10}, {kBase + 4990, 100}});
  for (const std::size_t at : {16, 23, 1020, 1024, 1029, 4990, 4999})
    image[at] ^= 1;
  EXPECT_THAT(places(images.find(noise(5, 3) + image).exact), ElementsAre("0 at 5"));
  for (const std::size_t at : {15, 24, 1019, 1030, 4989}) {
    Content other = image;
    other[at] ^= 1;
    EXPECT_THAT(images.find(other).exact, IsEmpty()) << at;
  }
}

TEST(Identify, FindsAllWithTheLongestFirst) {
  Images images;
  const Content head = noise(1000, 1);
  const Content whole = head + noise(1000, 2);
  images.add(head);
  images.add(whole);
  images.add(noise(500, 3), {{kBase + 100, 4}});
  EXPECT_THAT(places(images.find(whole + noise(3, 4) + images[2] + head).exact),
              ElementsAre("1 at 0", "0 at 0", "0 at 2503", "2 at 2003"));
  EXPECT_THAT(places(images.find(head).exact), ElementsAre("0 at 0"));
}

TEST(Identify, FindsImagesWithoutAnchorsAtTheBeginAndAtTheirAddressOnly) {
  Images images;
  const Content small = images[images.add(noise(20, 1))];
  EXPECT_THAT(places(images.find(small + noise(5000, 2)).exact), ElementsAre("0 at 0"));
  const Content dump = Content(1024, 0xFF) + small + noise(100, 3);
  EXPECT_THAT(images.find(dump).exact, IsEmpty());
  EXPECT_THAT(places(images.find(dump, {kBase - 1024, false}).exact), ElementsAre("0 at 1024"));
  EXPECT_THAT(places(images.find(dump, {kBase - 1024, true}).exact), ElementsAre("0 at 1024"));
  EXPECT_THAT(images.find(small, {kBase - 1024, true}).exact, IsEmpty());
}

TEST(Identify, FindsOneWithMoreComparedBytesFirst) {
  Images images;
  const Content image = noise(8000, 1);
  images.add(image, {{kBase + 100, 6000}});
  images.add(Content(image.begin(), image.begin() + 7000));
  EXPECT_THAT(places(images.find(image).exact), ElementsAre("1 at 0", "0 at 0"));
}

TEST(Identify, AFillPatternHidesNothing) {
  Images images;
  const Content pattern = {0, 1, 2, 3};
  images.add(repeated(pattern, 1024) + noise(700, 1));
  images.add(noise(5000, 2));
  const Search found = images.find(repeated(pattern, 5 << 18) + images[1]);
  EXPECT_THAT(places(found.exact), ElementsAre("1 at " + std::to_string(5 << 20)));
  EXPECT_TRUE(found.complete);
  EXPECT_THAT(places(images.find(repeated(pattern, 1000) + images[0]).exact), ElementsAre("0 at 4000"));
}

TEST(Identify, ATableThatRepeatsItselfHidesNothing) {
  Images images;
  const Content table = noise(100, 3);
  images.add(repeated(table, 40) + noise(2000, 1));
  images.add(noise(5000, 2));
  const Search found = images.find(repeated(table, 5000) + images[1] + images[0]);
  EXPECT_THAT(places(found.exact), ElementsAre("0 at 505000", "1 at 500000"));
  EXPECT_TRUE(found.complete);
  images.add(repeated(table, 40));
  EXPECT_FALSE(images.find(repeated(table, 5000) + images[1]).complete)
      << "the third one has no other anchor";
}

TEST(Identify, NamesWhatMayBeThereChangedUnlessAnotherIsThereWhole) {
  Images images;
  const Content old = noise(8000, 1);
  Content newer = old;
  newer[3000] ^= 1;
  images.add(old);
  EXPECT_THAT(images.find(newer).exact, IsEmpty());
  ASSERT_THAT(images.find(newer).possible, SizeIs(1));
  images.add(newer);
  const Search both = images.find(newer + old);
  EXPECT_THAT(places(both.exact), ElementsAre("1 at 0", "0 at 8000"));
  EXPECT_THAT(both.possible, IsEmpty());
  Content damaged = old;
  damaged[10] ^= 1;
  const Search one = images.find(newer + damaged);
  EXPECT_THAT(places(one.exact), ElementsAre("1 at 0"));
  ASSERT_THAT(one.possible, SizeIs(2));
  EXPECT_EQ(one.possible[0].offset, 8000);
}

TEST(Identify, FindsNothingInNothing) {
  Images images;
  images.add(noise(500, 1));
  images.add(noise(10, 1));
  for (const std::size_t size : {0, 1, 9, 63, 64, 499})
    EXPECT_THAT(images.find(noise(size, 5)).exact, IsEmpty()) << size;
  EXPECT_THAT(Images().find(noise(1000, 1)).exact, IsEmpty());
}

TEST(Identify, SaysWhenItGivesUp) {
  Images images;
  images.add(noise(500, 1));
  EXPECT_TRUE(images.find(noise(500, 1)).complete);
  const auto gone = [] { return true; };
  const Content dump = noise(500, 1);
  EXPECT_FALSE(findImages(dump, {}, images.index().candidates(dump, gone), {}, gone).complete);
}

TEST(ImageIndex, KeepsFindingWhatCameBefore) {
  Images images;
  for (unsigned i = 0; i < 3000; ++i) // beyond what the filter holds at first
    images.add(noise(100 + i % 50, i + 1));
  for (std::size_t i = 0; i < 3000; i += 7)
    EXPECT_THAT(places(images.find(noise(3, 9999) + images[i]).exact),
                ElementsAre(std::to_string(i) + " at 3"));
}

} // namespace
} // namespace romlink::server
