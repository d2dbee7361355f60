// See text.h.
#include "store/text.h"

namespace romlink::store {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0; // 0: not UTF-8
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80)
    return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
    return {};
  char32_t value = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = value < (length == 3 ? 0x800 : length == 4 ? 0x10000 : 0x80);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return {};
  return {value, length};
}

// C0, DEL, C1, and what reorders or hides text on a terminal (line separators, bidirectional overrides).
bool isControl(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

} // namespace

std::optional<std::string> flawOf(std::string_view text, std::size_t longest) {
  if (text.size() > longest)
    return "longer than " + std::to_string(longest) + " bytes";
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (c.length == 0)
      return "not valid UTF-8";
    if (isControl(c.value))
      return "contains a control character";
    text.remove_prefix(c.length);
  }
  return std::nullopt;
}

} // namespace romlink::store
