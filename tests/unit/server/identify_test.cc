// Finding a ROM's image in a dump.
#include "server/identify.h"

#include <gtest/gtest.h>
#include <random>

namespace romlink::server {
namespace {

using Shape = store::Archive::ImageShape;
using Content = std::vector<std::uint8_t>;

constexpr std::uint32_t kBase = 0x10000000;

Content bytes(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  Content content(size);
  for (auto& byte : content)
    byte = static_cast<std::uint8_t>(random() >> 8);
  return content;
}

Shape shapeOf(Content image, std::vector<store::AddressRange> volatileRanges = {}) {
  for (const auto& range : volatileRanges)
    std::fill_n(image.begin() + (range.address - kBase), range.size, 0xFF);
  return {sha256Of(Bytes(image)), static_cast<std::uint32_t>(image.size()), kBase, std::move(volatileRanges)};
}

std::optional<Identified> find(const Content& dump, const std::vector<Shape>& shapes,
                               std::optional<std::uint32_t> base = std::nullopt) {
  return identify(dump, base, shapes, [] { return false; });
}

Content operator+(Content left, const Content& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST(Identify, FindsTheImageWhateverFollows) {
  const Content image = bytes(5000, 1);
  const std::vector<Shape> shapes = {shapeOf(bytes(5000, 2)), shapeOf(image)};
  for (const Content& tail : {Content(), Content(100, 0xFF), Content(100, 0), bytes(100, 3)}) {
    const auto found = find(image + tail, shapes);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->imageHash, shapes[1].imageHash);
    EXPECT_EQ(found->trailingPadding, tail == bytes(100, 3) ? 0 : tail.size());
  }
}

TEST(Identify, ReadsVolatileRangesAsErased) {
  Content image = bytes(5000, 1);
  const Shape shape = shapeOf(image, {{kBase + 16, 8}, {kBase + 4990, 10}});
  image[16] ^= 1;
  image[4999] ^= 1;
  EXPECT_TRUE(find(image, {shape}));
  image[15] ^= 1;
  EXPECT_FALSE(find(image, {shape}));
}

TEST(Identify, FindsTheImageAtAnOffset) {
  const Content image = bytes(5000, 1);
  const Shape shape = shapeOf(image);
  const auto scanned = find(Content(4096, 0xFF) + image, {shape});
  ASSERT_TRUE(scanned);
  EXPECT_EQ(scanned->offset, 4096U);
  EXPECT_FALSE(find(Content(13, 0xFF) + image, {shape}));
  EXPECT_EQ(find(Content(13, 0xFF) + image, {shape}, kBase - 13)->offset, 13U);
  EXPECT_FALSE(find(image, {shape}, kBase + 4));
}

TEST(Identify, PrefersTheLargerOfTwoThatBeginAlike) {
  const Content head = bytes(1000, 1);
  const Content whole = head + bytes(1000, 2);
  const std::vector<Shape> shapes = {shapeOf(head), shapeOf(whole)};
  EXPECT_EQ(find(whole, shapes)->imageHash, shapes[1].imageHash);
  EXPECT_EQ(find(head, shapes)->imageHash, shapes[0].imageHash);
}

TEST(Identify, NothingIsInAnEmptyDump) {
  EXPECT_FALSE(find({}, {shapeOf(bytes(10, 1)), Shape{}}));
}

} // namespace
} // namespace romlink::server
