// The parts of the text report that a person has to judge: what is shared on somebody's word, and which
// waivers would gain more, each with the difference itself.
#pragma once

#include "relink/report/render.h"
#include "relink/report/text_table.h"

namespace romlink::report {

/// "... and 7 more (in the JSON and HTML)\n"; empty if nothing is left.
[[nodiscard]] std::string leftOut(int number);

/// A table of what the policy took without proof, with the differences. Empty if there is nothing.
[[nodiscard]] std::string acceptedText(const romlink::v1::LinkReport& report, const TextStyle& style,
                                       const Pen& pen);

/// The suggested sets of waivers with both listings and the policy's lines. One line if they were asked for
/// and there are none.
[[nodiscard]] std::string suggestionsText(const romlink::v1::LinkReport& report, const TextStyle& style,
                                          const Pen& pen);

} // namespace romlink::report
