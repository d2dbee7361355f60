// Squarified treemap layout.
#include "relink/report/treemap.h"

#include <algorithm>
#include <numeric>

namespace romlink::report {
namespace {

/// The worst aspect ratio in a row of areas between `least` and `most`, `sum` in all, along a side.
double worstRatio(double least, double most, double sum, double side) {
  const double side2 = side * side;
  const double sum2 = sum * sum;
  return std::max(side2 * most / sum2, sum2 / (side2 * least));
}

/// Lays areas[from, to) as one row along the shorter side of `rest` and takes the row away from `rest`.
void layRow(const std::vector<double>& areas, std::size_t from, std::size_t to, double sum, Rectangle& rest,
            std::vector<Rectangle>& out) {
  const bool column = rest.width >= rest.height;
  const double side = column ? rest.height : rest.width;
  const double thickness = side > 0 ? sum / side : 0;
  double along = column ? rest.y : rest.x;
  for (std::size_t i = from; i < to; ++i) {
    const double length = thickness > 0 ? areas[i] / thickness : 0;
    if (column)
      out.push_back({rest.x, along, thickness, length});
    else
      out.push_back({along, rest.y, length, thickness});
    along += length;
  }
  if (column) {
    rest.x += thickness;
    rest.width = std::max(0.0, rest.width - thickness);
  } else {
    rest.y += thickness;
    rest.height = std::max(0.0, rest.height - thickness);
  }
}

} // namespace

Rectangle Rectangle::inset(double left, double top, double right, double bottom) const {
  return {x + left, y + top, std::max(0.0, width - left - right), std::max(0.0, height - top - bottom)};
}

std::vector<Rectangle> squarify(const std::vector<double>& weights, Rectangle area) {
  std::vector<Rectangle> out;
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (total <= 0)
    return std::vector<Rectangle>(weights.size(), Rectangle{area.x, area.y, 0, 0});
  std::vector<double> areas = weights;
  for (double& a : areas)
    a *= area.area() / total;

  for (std::size_t from = 0; from < areas.size();) {
    const double side = std::min(area.width, area.height);
    double sum = areas[from];
    double least = areas[from];
    double most = areas[from];
    std::size_t to = from + 1;
    for (; to < areas.size(); ++to) {
      const double nextLeast = std::min(least, areas[to]);
      const double nextMost = std::max(most, areas[to]);
      if (worstRatio(nextLeast, nextMost, sum + areas[to], side) > worstRatio(least, most, sum, side))
        break;
      sum += areas[to];
      least = nextLeast;
      most = nextMost;
    }
    layRow(areas, from, to, sum, area, out);
    from = to;
  }
  return out;
}

} // namespace romlink::report
