// Numbers and untrusted names as people read them: thousands separators, percentages, printable UTF-8,
// columns.
#pragma once

#include "romlink/v1/report.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::report {

/// 1234567 -> "1,234,567"; -1234 -> "-1,234".
[[nodiscard]] std::string withCommas(std::int64_t number);

/// part / whole with one decimal, "6.4 %"; "0.0 %" if whole is 0.
[[nodiscard]] std::string percent(std::int64_t part, std::int64_t whole);

/// "1 symbol", "1,200 symbols".
[[nodiscard]] std::string counted(std::uint64_t number, const std::string& noun);

/// The name with control and direction-changing characters as '?' and bytes that are not UTF-8 as U+FFFD.
[[nodiscard]] std::string printable(std::string_view name);

/// Columns a printable text takes: one for each code point.
[[nodiscard]] std::size_t columnsOf(std::string_view text);

/// The text, cut to `columns` with `mark` at its end if it is longer. Never cuts inside a code point.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns, std::string_view mark = "...");

/// The text with "..." in its middle, so that both ends of a mangled name stay visible.
[[nodiscard]] std::string cutMiddle(std::string_view text, std::size_t columns);

/// "sha256:" and the first 12 digits.
[[nodiscard]] std::string shortHash(std::string_view hash);

/// "NAME@VERSION", or "plain link" for a report without a ROM.
[[nodiscard]] std::string romTitle(std::string_view name, std::string_view version);

/// What a blocker's detail says of each of its members, in their order; for a single one all of it. Its form
/// for a set is "NAME: TEXT; NAME: TEXT"; where it has another one, all of it belongs to the first member.
[[nodiscard]] std::vector<std::string> memberDetails(const romlink::v1::Blocker& blocker);

/// What becomes of a shared variable at start: "retain" or "reinit"; empty if nobody said.
[[nodiscard]] std::string_view actionText(romlink::v1::SharedState::Action action);

} // namespace romlink::report
