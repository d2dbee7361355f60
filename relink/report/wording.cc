// Formatting of numbers and untrusted names.
#include "relink/report/wording.h"

#include "relink/report/utf8.h"

#include <algorithm>
#include <cstdlib>

namespace romlink::report {
namespace {

constexpr std::size_t kShortHashDigits = 12;

bool isContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
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

std::string counted(std::uint64_t number, const std::string& noun) {
  return withCommas(static_cast<std::int64_t>(number)) + ' ' + noun + (number == 1 ? "" : "s");
}

std::string printable(std::string_view name) {
  const std::string text = toUtf8(name);
  std::string out;
  out.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    const CodePoint point = decodeUtf8(rest);
    out += isUnprintable(point.value) ? "?" : rest.substr(0, point.length);
    rest.remove_prefix(point.length);
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

std::vector<std::string> memberDetails(const romlink::v1::Blocker& blocker) {
  const std::string& detail = blocker.detail();
  const int members = std::max(blocker.members_size(), 1);
  std::vector<std::string> details(static_cast<std::size_t>(members));
  details[0] = detail;
  if (members == 1)
    return details;
  std::vector<std::size_t> begins;
  for (const std::string& member : blocker.members()) {
    const std::string separator = begins.empty() ? "" : "; ";
    const auto at = detail.find(separator + member + ": ", begins.empty() ? 0 : begins.back());
    if (at == std::string::npos || (begins.empty() && at != 0))
      return details;
    begins.push_back(at + separator.size() + member.size() + 2);
  }
  for (std::size_t i = 0; i < begins.size(); ++i) {
    const bool last = i + 1 == begins.size();
    const std::size_t end =
        last ? detail.size() : begins[i + 1] - blocker.members(static_cast<int>(i) + 1).size() - 4;
    details[i] = detail.substr(begins[i], end - begins[i]);
  }
  return details;
}

std::string_view actionText(romlink::v1::SharedState::Action action) {
  using romlink::v1::SharedState;
  return action == SharedState::RETAIN ? "retain" : action == SharedState::REINIT ? "reinit" : "";
}

std::string romTitle(std::string_view name, std::string_view version) {
  if (name.empty() && version.empty())
    return "plain link";
  return printable(name) + '@' + printable(version);
}

} // namespace romlink::report
