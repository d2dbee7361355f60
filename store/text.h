// What a text must be to be archived: shown on any terminal, years from now, by any program.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::store {

inline constexpr std::size_t kLongestText = 4096; ///< bytes

/// Why the text cannot be archived: too long, not UTF-8, or with characters that control or reorder. Nullopt:
/// it can.
[[nodiscard]] std::optional<std::string> flawOf(std::string_view text, std::size_t longest = kLongestText);

/// Why the text is no name for something new: it has characters that do not show, or begins or ends with a
/// space of any kind (Unicode's White_Space). Two names that look the same are not to differ by these; texts
/// may have them, as Persian and emoji need. Nullopt: it is. REQUIRES: flawOf() finds none.
[[nodiscard]] std::optional<std::string> flawOfName(std::string_view name);

/// [a-z0-9][a-z0-9._-]*
[[nodiscard]] bool isRole(std::string_view text);

} // namespace romlink::store
