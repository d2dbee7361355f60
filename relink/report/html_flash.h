// The page's two pictures of the flash, as mustache data: the treemap of the plain link's symbols and the
// bars that set the plain link against this one.
#pragma once

#include "relink/report/tally.h"

#include <kainjow/mustache.hpp>

namespace romlink::report {

/// A style class for a decision: "shared", "changed", "not-in-rom" ...; "other" for a reason nobody knows.
[[nodiscard]] std::string styleClassOf(std::string_view reason);

/// {width, height, legend: [{class, label, bytes}], groups: [{class, label, x, y, cells: [{class, x, y,
/// width, height, title, label, ...}]}]}
///
/// The area of a group or cell is proportional to its bytes. Symbols too small to see are one cell, "N
/// smaller symbols"; what no symbol accounts for is a group of its own. Zero-initialised data takes no flash
/// and is not shown.
[[nodiscard]] kainjow::mustache::data treemapData(const romlink::v1::LinkReport& report, const Tally& tally);

/// [{title, bytes, segments: [{class, x, width, title}]}]: plain link, this link; `full` is 1000 units.
[[nodiscard]] kainjow::mustache::data barsData(const romlink::v1::LinkReport& report);

} // namespace romlink::report
