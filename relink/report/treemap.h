// Squarified treemap: divides a rectangle into rectangles of given areas that are as square as possible.
//
// Algorithm: M. Bruls, K. Huizing, J. van Wijk, "Squarified Treemaps" (2000). Rows are laid along the shorter
// side; a row takes the next item as long as that makes its worst aspect ratio better.
#pragma once

#include <vector>

namespace romlink::report {

struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  [[nodiscard]] double area() const { return width * height; }
  /// The rectangle without a border of this width; empty rather than negative.
  [[nodiscard]] Rectangle inset(double left, double top, double right, double bottom) const;
};

/// One rectangle for each weight, in the same order; together they fill `area`.
/// REQUIRES: weights are positive; the picture is best if they are sorted, largest first.
[[nodiscard]] std::vector<Rectangle> squarify(const std::vector<double>& weights, Rectangle area);

} // namespace romlink::report
