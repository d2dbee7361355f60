// What a text must be to be archived: shown on any terminal, years from now, by any program.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::store {

inline constexpr std::size_t kLongestText = 4096; ///< bytes

/// Why the text cannot be archived: too long, not UTF-8, or with control characters, bidirectional overrides
/// among them. Nullopt: it can.
[[nodiscard]] std::optional<std::string> flawOf(std::string_view text, std::size_t longest = kLongestText);

} // namespace romlink::store
