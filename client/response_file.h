// "@FILE" arguments, as GNU tools and lld read them: words separated by white space, quoted with ' or ", a
// backslash takes the next character literally (libiberty, expandargv(3)).
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace romlink::client {

[[nodiscard]] std::vector<std::string> splitWords(std::string_view text);

/// Replaces each "@FILE" by the words in FILE, which may hold further ones. An "@FILE" that does not exist
/// stays, as with GNU ld. Usage: files that name each other. Malformed: unreadable.
Result<std::vector<std::string>> expandResponseFiles(const std::vector<std::string>& arguments);

} // namespace romlink::client
