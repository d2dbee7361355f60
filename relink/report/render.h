// The link report for people and programs: a table for terminals, one self-contained HTML page, JSON.
//
// All three are pure functions of the message: no clock, no locale, no environment. Same report, same bytes.
// Names in a report come from untrusted object files. Text output holds no control characters and HTML output
// no markup but its own; bytes that are not UTF-8 appear as U+FFFD.
//
// Links protobuf only, so the client may use it. Thread-safe.
#pragma once

#include "base/error.h"
#include "romlink/v1/report.pb.h"

#include <string>

namespace romlink::report {

struct TextStyle {
  bool colour = false; ///< ANSI colours
  unsigned width = 0;  ///< columns of the terminal; long names and sentences are cut to fit; 0: no limit
  bool all = false;    ///< list every local symbol and blocker instead of sums
  bool suggestionsAsked = false; ///< say so where there are no suggestions
};

/// A header line, the table of symbols (shared ones by size, local ones by reason), sums, blockers,
/// what rests on a person's word, shared variables, suggestions, findings.
[[nodiscard]] std::string renderText(const romlink::v1::LinkReport& report, const TextStyle& style);

/// One HTML file without external resources; works without JavaScript and in light and dark mode.
[[nodiscard]] std::string renderHtml(const romlink::v1::LinkReport& report);

/// Protobuf's JSON mapping, indented, with every field present. Internal error if the message cannot be
/// mapped.
Result<std::string> renderJson(const romlink::v1::LinkReport& report);

} // namespace romlink::report
