#include "server/source_path.h"

#include "server/http_target.h"

#include <algorithm>

namespace romlink::server {
namespace {

// Is `folder` NAME, and `packed` NAME-VERSION, as `git archive --prefix` calls it?
bool isVersionOf(std::string_view packed, std::string_view folder) {
  return !folder.empty() && packed.size() > folder.size() && packed.starts_with(folder) &&
         packed[folder.size()] == '-';
}

// The part of `path` before its last one; empty: none.
std::string_view folderOf(std::string_view path) {
  path = path.substr(0, path.rfind('/'));
  return path.substr(std::min(path.rfind('/') + 1, path.size()));
}

// How many parts `path` and `member` share at the end; 0 if they do not correspond. Both are canonical. A
// file's name alone says nothing unless it is the whole path, or the folders before it are the same.
std::size_t sharedParts(const std::string& path, const std::string& member) {
  const auto isEnd = [&](const std::string& end) {
    return !end.empty() && path.size() >= end.size() &&
           path.compare(path.size() - end.size(), end.size(), end) == 0;
  };
  const auto partsOf = [](const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '/'));
  };
  if (isEnd(member) && (partsOf(member) > 1 || member == path))
    return partsOf(member);
  const std::size_t second = member.find('/', 1);
  if (second == std::string::npos)
    return 0;
  const std::string inner = member.substr(second);
  const std::string_view first = std::string_view(member).substr(1, second - 1);
  if (isEnd(inner) && (partsOf(inner) > 1 || inner == path || isVersionOf(first, folderOf(path))))
    return partsOf(inner);
  return 0;
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
