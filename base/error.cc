#include "base/error.h"

#include <algorithm>
#include <array>

namespace romlink {
namespace {

struct CodeFacts {
  ErrorCode code;
  std::string_view name;
  int exitCode;
};

constexpr std::array kCodes = {
    CodeFacts{ErrorCode::Refused, "REFUSED", 1},         CodeFacts{ErrorCode::Usage, "USAGE", 2},
    CodeFacts{ErrorCode::Malformed, "MALFORMED", 3},     CodeFacts{ErrorCode::NotFound, "NOT_FOUND", 4},
    CodeFacts{ErrorCode::Unavailable, "UNAVAILABLE", 5}, CodeFacts{ErrorCode::Exhausted, "EXHAUSTED", 70},
    CodeFacts{ErrorCode::Damaged, "DAMAGED", 3},         CodeFacts{ErrorCode::Internal, "INTERNAL", 70},
};

const CodeFacts& factsOf(ErrorCode code) {
  const auto* found =
      std::find_if(kCodes.begin(), kCodes.end(), [&](const auto& f) { return f.code == code; });
  return found == kCodes.end() ? kCodes.back() : *found;
}

} // namespace

int exitCodeOf(ErrorCode code) {
  return factsOf(code).exitCode;
}

std::string_view nameOf(ErrorCode code) {
  return factsOf(code).name;
}

ErrorCode errorCodeFromName(std::string_view name) {
  const auto* found =
      std::find_if(kCodes.begin(), kCodes.end(), [&](const auto& f) { return f.name == name; });
  return found == kCodes.end() ? ErrorCode::Internal : found->code;
}

std::string Error::line() const {
  std::string text = what;
  for (const std::string* part : {&where, &why})
    if (!part->empty())
      text += (text.empty() ? "" : ": ") + *part;
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

} // namespace romlink
