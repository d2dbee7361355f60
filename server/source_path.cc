#include "server/source_path.h"

#include "server/http_target.h"

#include <algorithm>

namespace romlink::server {
namespace {

// How many parts `path` and `member` share at the end; 0 if they do not correspond. Both are canonical.
std::size_t sharedParts(const std::string& path, const std::string& member) {
  const auto isEnd = [&](const std::string& end) {
    return !end.empty() && path.size() >= end.size() &&
           path.compare(path.size() - end.size(), end.size(), end) == 0;
  };
  const auto partsOf = [](const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '/'));
  };
  if (isEnd(member))
    return partsOf(member);
  const std::size_t second = member.find('/', 1);
  if (second == std::string::npos)
    return 0;
  const std::string inner = member.substr(second);
  return isEnd(inner) ? partsOf(inner) : 0;
}

} // namespace

Result<std::size_t> correspondingMember(const std::string& path, const std::vector<std::string>& members) {
  const std::string wanted = canonicalPath(path);
  std::size_t best = 0; // shared parts; of the same path, more than of any other
  std::size_t found = 0;
  std::string foundPath;
  std::string rival;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string member = canonicalPath(members[i]);
    const std::size_t shared = sharedParts(wanted, member) + (member == wanted ? 1 : 0);
    if (member.empty() || shared == 0 || shared < best)
      continue;
    if (shared > best)
      rival.clear();
    else if (member != foundPath)
      rival = foundPath;
    best = shared;
    found = i;
    foundPath = member;
  }
  if (best == 0)
    return fail(ErrorCode::NotFound, "no such source", path,
                "no file of the sources has this path or its end");
  if (!rival.empty())
    return fail(ErrorCode::NotFound, "no such source", path,
                "several files of the sources end alike: " + rival + ", " + foundPath);
  return found;
}

} // namespace romlink::server
