// Formatting of numbers and untrusted names.
#include "relink/report/wording.h"

#include <cstdlib>
#include <optional>

namespace romlink::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr std::size_t kShortHashDigits = 12;

bool isContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

struct CodePoint {
  char32_t value;
  std::size_t length;
};

/// The code point at the start of `text`, or nothing if it is not well-formed UTF-8 (RFC 3629).
std::optional<CodePoint> decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80)
    return CodePoint{lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
    return std::nullopt;
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!isContinuation(text[i]))
      return std::nullopt;
    value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF)
    return std::nullopt;
  return CodePoint{value, length};
}

/// Control characters (C0, DEL, C1), line separators and the marks that change the direction of text.
bool isUnprintable(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

/// The first `columns` code points.
std::string_view head(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  while (at < text.size() && (columns > 0 || isContinuation(text[at])))
    columns -= isContinuation(text[at++]) ? 0 : 1;
  return text.substr(0, at);
}

/// The last `columns` code points.
std::string_view tail(std::string_view text, std::size_t columns) {
  std::size_t at = text.size();
  while (at > 0 && columns > 0)
    columns -= isContinuation(text[--at]) ? 0 : 1;
  return text.substr(at);
}

} // namespace

std::string withCommas(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0)
    return "0.0 %";
  const std::int64_t half = (part < 0) != (whole < 0) ? -whole / 2 : whole / 2;
  const std::int64_t tenths = (part * 1000 + half) / whole;
  return (tenths < 0 ? "-" : "") + withCommas(std::abs(tenths / 10)) + '.' +
         std::to_string(std::abs(tenths % 10)) + " %";
}

std::string printable(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  while (!name.empty()) {
    const auto point = decode(name);
    if (!point)
      out += kReplacement;
    else if (isUnprintable(point->value))
      out += '?';
    else
      out += name.substr(0, point->length);
    name.remove_prefix(point ? point->length : 1);
  }
  return out;
}

std::size_t columnsOf(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text)
    columns += isContinuation(c) ? 0 : 1;
  return columns;
}

std::string cut(std::string_view text, std::size_t columns, std::string_view mark) {
  if (columnsOf(text) <= columns)
    return std::string(text);
  if (columns <= columnsOf(mark))
    return std::string(head(text, columns));
  return std::string(head(text, columns - columnsOf(mark))).append(mark);
}

std::string cutMiddle(std::string_view text, std::size_t columns) {
  if (columnsOf(text) <= columns || columns <= 8)
    return cut(text, columns);
  const std::size_t kept = columns - 3;
  return std::string(head(text, kept - kept / 2)) + "..." + std::string(tail(text, kept / 2));
}

std::string shortHash(std::string_view hash) {
  const std::size_t prefix = hash.starts_with("sha256:") ? 7 : 0;
  return printable(hash.substr(0, prefix + kShortHashDigits));
}

std::string romTitle(std::string_view name, std::string_view version) {
  if (name.empty() && version.empty())
    return "plain link";
  return printable(name) + '@' + printable(version);
}

} // namespace romlink::report
