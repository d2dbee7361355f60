#include "server/http_target.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <vector>

namespace romlink::server {
namespace {

tl::unexpected<Error> malformed(const char* why) {
  return fail(ErrorCode::Usage, "bad request target", {}, why);
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool isControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

} // namespace

Result<std::string> decodedPath(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (boost::beast::iequals(target.substr(0, kScheme.size()), kScheme)) { // RFC 3986 section 3.1
    const std::size_t path = target.find('/', kScheme.size());
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  if (!target.starts_with('/'))
    return malformed("it does not begin with '/'");
  target = target.substr(0, target.find('?'));
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    char c = target[i];
    if (c == '%') {
      const int high = i + 1 < target.size() ? hexDigit(target[i + 1]) : -1;
      const int low = i + 2 < target.size() ? hexDigit(target[i + 2]) : -1;
      if (high < 0 || low < 0)
        return malformed("'%' is not followed by two hex digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (isControl(c))
      return malformed("it contains a control character");
    path += c;
  }
  return path;
}

std::string canonicalPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part == ".." && !parts.empty())
      parts.pop_back();
    else if (!part.empty() && part != "." && part != "..")
      parts.push_back(part);
  }
  std::string text;
  for (const std::string_view part : parts)
    (text += '/') += part;
  return text;
}

} // namespace romlink::server
