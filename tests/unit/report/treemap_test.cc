// Areas are proportional to weights, fill the rectangle and do not overlap.
#include "relink/report/treemap.h"

#include <gmock/gmock.h>

namespace romlink::report::test {
namespace {

using testing::DoubleNear;
using testing::IsEmpty;

constexpr double kTolerance = 1e-6;

double overlap(const Rectangle& a, const Rectangle& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  return std::max(0.0, width) * std::max(0.0, height);
}

/// The example of the paper: 6, 6, 4, 3, 2, 2, 1 in a 6 x 4 rectangle; its first row is the two sixes, 3 x 2
/// each.
TEST(Treemap, ExampleOfThePaper) {
  const auto places = squarify({6, 6, 4, 3, 2, 2, 1}, {0, 0, 6, 4});
  ASSERT_EQ(places.size(), 7U);
  EXPECT_THAT(places[0].width, DoubleNear(3, kTolerance));
  EXPECT_THAT(places[0].height, DoubleNear(2, kTolerance));
  EXPECT_THAT(places[1].y, DoubleNear(2, kTolerance));
  EXPECT_THAT(places[2].x, DoubleNear(3, kTolerance));
}

TEST(Treemap, AreasAreProportionalAndFillTheRectangle) {
  const std::vector<double> weights = {900, 500, 300, 300, 80, 20, 7, 1};
  const Rectangle all{10, 20, 300, 100};
  const auto places = squarify(weights, all);
  double area = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_THAT(places[i].area(), DoubleNear(weights[i] / 2108 * all.area(), kTolerance));
    EXPECT_THAT(overlap(places[i], all), DoubleNear(places[i].area(), kTolerance));
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_THAT(overlap(places[i], places[j]), DoubleNear(0, kTolerance)) << i << ' ' << j;
    area += places[i].area();
  }
  EXPECT_THAT(area, DoubleNear(all.area(), kTolerance));
}

TEST(Treemap, NothingToPlace) {
  EXPECT_THAT(squarify({}, {0, 0, 10, 10}), IsEmpty());
}

TEST(Treemap, AnEmptyRectangleGivesEmptyRectangles) {
  for (const Rectangle& place : squarify({2, 1}, {5, 5, 0, 0}))
    EXPECT_EQ(place.area(), 0);
}

TEST(Treemap, InsetIsNeverNegative) {
  EXPECT_EQ((Rectangle{0, 0, 3, 3}).inset(2, 2, 2, 2).width, 0);
}

} // namespace
} // namespace romlink::report::test
