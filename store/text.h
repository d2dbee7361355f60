// What a text must be to be archived: shown on any terminal, years from now, by any program.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::store {

inline constexpr std::size_t kLongestText = 4096; ///< bytes

/// Why the text cannot be archived: too long, not UTF-8, or with characters that control, reorder or do not
/// show: two texts that look the same on a terminal are not to differ by these. Nullopt: it can.
[[nodiscard]] std::optional<std::string> flawOf(std::string_view text, std::size_t longest = kLongestText);

/// Does it begin or end with a space of any kind (Unicode's White_Space)? REQUIRES: flawOf() finds none.
[[nodiscard]] bool isEnclosedInSpace(std::string_view text);

/// [a-z0-9][a-z0-9._-]*
[[nodiscard]] bool isRole(std::string_view text);

} // namespace romlink::store
