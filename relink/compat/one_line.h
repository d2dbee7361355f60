// Texts of errors on one line: LLVM's may hold several lines, and bytes of the file that they are about.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace romlink::relink {

/// The text in printable ASCII, everything else as a space, cut where an archive's record would refuse it.
[[nodiscard]] inline std::string oneLine(std::string text) {
  constexpr std::size_t kLongest = 2000; // bytes
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  if (text.size() > kLongest)
    text.replace(kLongest, std::string::npos, "...");
  return text;
}

} // namespace romlink::relink
