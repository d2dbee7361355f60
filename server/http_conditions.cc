#include "server/http_conditions.h"

#include <algorithm>
#include <charconv>
#include <strings.h>

namespace romlink::server {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Is the tag in the list, or the list "*"? Weak tags ("W/...") are equal to their strong ones only if `weak`.
bool listHas(std::string_view list, std::string_view etag, bool weak) {
  if (trimmed(list) == "*")
    return true;
  // Commas may stand inside a tag, too: ours has none, so what is cut there is not ours.
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view tag = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (weak && tag.starts_with("W/"))
      tag.remove_prefix(2);
    if (tag == etag)
      return true;
  }
  return false;
}

// Nothing unless it is digits only. More than fit are as good as the most that fit.
std::optional<std::uint64_t> numberIn(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  std::uint64_t number = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return end.ec == std::errc::result_out_of_range ? UINT64_MAX : number;
}

ServedRange part(std::uint64_t first, std::uint64_t last, std::uint64_t size) {
  if (first >= size)
    return {ServedRange::Unsatisfiable, 0, 0};
  return {ServedRange::Part, first, std::min(last, size - 1) - first + 1};
}

// "bytes=FIRST-[LAST]" or "bytes=-LENGTH".
ServedRange parseRange(std::string_view range, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const ServedRange whole{ServedRange::Whole, 0, size};
  if (range.size() < kUnit.size() || ::strncasecmp(range.data(), kUnit.data(), kUnit.size()) != 0)
    return whole;
  range = trimmed(range.substr(kUnit.size()));
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos)
    return whole;
  const auto left = numberIn(range.substr(0, dash));
  const auto right = numberIn(range.substr(dash + 1));
  if (dash == 0) {
    if (!right || (size == 0 && *right > 0))
      return whole;
    return part(size - std::min(*right, size), UINT64_MAX, size);
  }
  if (!left || (!right && dash + 1 != range.size()) || (right && *right < *left))
    return whole;
  return part(*left, right.value_or(UINT64_MAX), size);
}

bool isUnchanged(const std::string& ifRange, const Validators& validators) {
  if (ifRange.find('"') != std::string::npos)
    return trimmed(ifRange) == validators.etag;
  return parseHttpDate(ifRange) == validators.modified;
}

} // namespace

Precondition evaluate(const ConditionalFields& fields, const Validators& validators) {
  if (!fields.ifMatch.empty()) {
    if (!listHas(fields.ifMatch, validators.etag, false))
      return Precondition::Failed;
  } else if (const auto date = parseHttpDate(fields.ifUnmodifiedSince); date && validators.modified > *date) {
    return Precondition::Failed;
  }
  if (!fields.ifNoneMatch.empty())
    return listHas(fields.ifNoneMatch, validators.etag, true) ? Precondition::NotModified
                                                              : Precondition::Holds;
  const auto date = parseHttpDate(fields.ifModifiedSince);
  return date && validators.modified <= *date ? Precondition::NotModified : Precondition::Holds;
}

ServedRange servedRange(const ConditionalFields& fields, const Validators& validators, std::uint64_t size) {
  if (fields.range.empty() || (!fields.ifRange.empty() && !isUnchanged(fields.ifRange, validators)))
    return {ServedRange::Whole, 0, size};
  return parseRange(fields.range, size);
}

std::string httpDate(std::time_t time) {
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::string text(sizeof "Sun, 06 Nov 1994 08:49:37 GMT", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
  return text;
}

std::optional<std::time_t> parseHttpDate(const std::string& text) {
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm utc{};
    const char* end = ::strptime(text.c_str(), form, &utc);
    if (end != nullptr && *end == '\0')
      return ::timegm(&utc);
  }
  return std::nullopt;
}

} // namespace romlink::server
