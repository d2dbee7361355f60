// See text.h.
#include "store/text.h"

#include <algorithm>
#include <cstdio>
#include <span>
#include <utility>

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

using Range = std::pair<char32_t, char32_t>; // first and last

bool isIn(std::span<const Range> ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return c >= range.first && c <= range.second; });
}

// C0, DEL, C1, and what reorders text (line separators, bidirectional controls).
constexpr Range kControls[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
                               {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
// What shows nothing (of Unicode's Default_Ignorable_Code_Point; variation selectors are left, which choose
// how the character before them looks).
constexpr Range kInvisible[] = {{0x00ad, 0x00ad},  {0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
                                {0x180e, 0x180e},  {0x200b, 0x200d}, {0x2060, 0x206f}, {0x3164, 0x3164},
                                {0xfeff, 0xfeff},  {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1d173, 0x1d17a},
                                {0xe0000, 0xe00ff}};
// White_Space in Unicode's PropList.txt, without the controls.
constexpr Range kSpaces[] = {{0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                             {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

std::string titleOf(char32_t c) {
  char text[sizeof "U+10FFFF"];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c));
  return text;
}

} // namespace

std::optional<std::string> flawOf(std::string_view text, std::size_t longest) {
  if (text.size() > longest)
    return "longer than " + std::to_string(longest) + " bytes";
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (c.length == 0)
      return "not valid UTF-8";
    if (isIn(kControls, c.value))
      return "contains a control character";
    text.remove_prefix(c.length);
  }
  return std::nullopt;
}

std::optional<std::string> flawOfName(std::string_view name) {
  CodePoint last;
  for (std::size_t i = 0; i < name.size(); i += std::max<std::size_t>(last.length, 1)) {
    last = decode(name.substr(i));
    if (isIn(kInvisible, last.value))
      return "contains the invisible character " + titleOf(last.value);
    if (i == 0 && isIn(kSpaces, last.value))
      return "must not begin or end with a space";
  }
  if (!name.empty() && isIn(kSpaces, last.value))
    return "must not begin or end with a space";
  return std::nullopt;
}

bool isRole(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto allowed = [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; };
  return !text.empty() && plain(text.front()) && std::all_of(text.begin(), text.end(), allowed);
}

} // namespace romlink::store
