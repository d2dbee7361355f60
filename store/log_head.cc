// See log_head.h.
#include "store/log_head.h"

#include <algorithm>
#include <charconv>

namespace romlink::store {
namespace {

/// Takes the next line off `text`, without its newline; an empty one is none.
std::string_view nextLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

} // namespace

std::string LogHead::text() const {
  return origin + "\n" + std::to_string(size) + "\n" + toBase64(root.bytes) + "\n";
}

Result<LogHead> LogHead::parse(std::string_view text) {
  const auto bad = [](const char* why) {
    return fail(ErrorCode::Malformed, "not an archive's head", {}, why);
  };
  LogHead head;
  head.origin = std::string(nextLine(text));
  if (head.origin.empty())
    return bad("its first line names no archive");
  const std::string_view size = nextLine(text);
  const auto number = std::from_chars(size.data(), size.data() + size.size(), head.size);
  if (number.ec != std::errc() || std::to_string(head.size) != size)
    return bad("its second line is no size");
  const auto root = fromBase64(nextLine(text));
  const auto digest = root ? Digest::fromBytes(*root) : Result<Digest>(Digest());
  if (!root || !digest)
    return bad("its third line is no root hash");
  head.root = *digest;
  return head;
}

} // namespace romlink::store
