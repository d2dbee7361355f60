// See references.h.
#include "store/references.h"

#include "base/digest.h"
#include "store/archive.h"
#include "store/rom_sets.h"

#include <algorithm>
#include <set>

namespace romlink::store {
namespace {

constexpr std::size_t kShortestPrefix = 8;
constexpr std::size_t kDigits = 64;
constexpr std::size_t kSyntheticDigits = 40;
constexpr const char* kListHint = "`romlink rom list` shows what is archived";
constexpr const char* kFormHint = "a ROM is sha256:HEX, 8 or more digits of it, NAME@VERSION, or a build-id; "
                                  "`romlink rom list` shows what is archived";

bool isHex(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

tl::unexpected<Error> notFound(const std::string& reference, std::string why, std::string hint = kListHint) {
  return fail(ErrorCode::NotFound, "no such ROM", reference, std::move(why), std::move(hint));
}

std::string titleOf(SQLite::Database& database, std::int64_t id) {
  SQLite::Statement select(database,
                           "SELECT name || '@' || version, lower(hex(image_hash)) FROM rom WHERE id = ?");
  select.bind(1, id);
  if (!select.executeStep())
    return "ROM number " + std::to_string(id);
  return select.getColumn(0).getString() + " (sha256:" + select.getColumn(1).getString() + ")";
}

// "A, B and 7 more"
std::string listOf(SQLite::Database& database, const std::set<std::int64_t>& ids) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> titles;
  for (const std::int64_t id : ids) {
    if (titles.size() == kMost)
      break;
    titles.push_back(titleOf(database, id));
  }
  std::sort(titles.begin(), titles.end());
  std::string text;
  for (const std::string& title : titles)
    text += (text.empty() ? "" : ", ") + title;
  return ids.size() > kMost ? text + " and " + std::to_string(ids.size() - kMost) + " more" : text;
}

void collect(SQLite::Statement& select, std::set<std::int64_t>& ids) {
  while (select.executeStep())
    ids.insert(select.getColumn(0).getInt64());
}

// All hashes between PREFIX000... and PREFIXfff...: a range of the index.
void collectByPrefix(SQLite::Database& database, const std::string& hex, std::set<std::int64_t>& ids) {
  const auto low = Digest::parse(hex + std::string(kDigits - hex.size(), '0'));
  const auto high = Digest::parse(hex + std::string(kDigits - hex.size(), 'f'));
  if (!low || !high)
    return;
  SQLite::Statement select(database, "SELECT id FROM rom WHERE image_hash BETWEEN ? AND ?");
  select.bind(1, low->bytes.data(), static_cast<int>(low->bytes.size()));
  select.bind(2, high->bytes.data(), static_cast<int>(high->bytes.size()));
  collect(select, ids);
}

void collectByBuildId(SQLite::Database& database, std::string hex, std::set<std::int64_t>& ids) {
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  // "<> ''" lets SQLite use the partial index.
  SQLite::Statement select(database, "SELECT id FROM rom WHERE build_id = ? AND build_id <> ''");
  select.bind(1, hex);
  collect(select, ids);
}

std::set<std::int64_t> idsNamed(SQLite::Database& database, const std::string& name) {
  SQLite::Statement select(database, "SELECT id FROM rom WHERE name = ?");
  select.bind(1, name);
  std::set<std::int64_t> ids;
  collect(select, ids);
  return ids;
}

Result<std::int64_t> resolveName(SQLite::Database& database, const std::string& reference, std::size_t at) {
  const std::string name = reference.substr(0, at);
  if (const auto id = findByName(database, name, reference.substr(at + 1)))
    return *id;
  if (const auto others = idsNamed(database, name); !others.empty())
    return notFound(reference, "there is no such version",
                    "archived under this name: " + listOf(database, others));
  return notFound(reference, "nothing is archived under this name");
}

} // namespace

Result<std::int64_t> resolve(SQLite::Database& database, const std::string& reference) {
  constexpr std::string_view kScheme = "sha256:";
  if (const auto at = reference.find('@'); at != std::string::npos)
    return resolveName(database, reference, at);
  const bool isHash = reference.starts_with(kScheme);
  const std::string hex = isHash ? reference.substr(kScheme.size()) : reference;
  if (!isHex(hex) || hex.size() < kShortestPrefix) {
    if (const auto named = idsNamed(database, reference); !named.empty())
      return notFound(reference, "a name needs a version",
                      "archived under this name: " + listOf(database, named));
    if (reference.empty() || isHash || isHex(hex))
      return fail(ErrorCode::Usage, "not a ROM reference", reference,
                  isHex(hex) ? "a hash prefix needs 8 or more digits" : "no hex digits", kFormHint);
    return notFound(reference, "it is neither hex digits nor NAME@VERSION", kFormHint);
  }
  std::set<std::int64_t> ids;
  if (hex.size() <= kDigits)
    collectByPrefix(database, hex, ids);
  if (!isHash)
    collectByBuildId(database, hex, ids);
  if (ids.empty())
    return notFound(reference, isHash ? "no image with this hash is archived"
                                      : "no image hash begins with it, and no ROM has this build-id");
  if (ids.size() > 1)
    return fail(ErrorCode::Usage, "ambiguous ROM reference", reference, "it fits " + listOf(database, ids),
                "use NAME@VERSION or more digits of the hash");
  return *ids.begin();
}

std::set<std::int64_t> romsWithBuildId(SQLite::Database& database, const std::string& buildId) {
  std::set<std::int64_t> ids;
  if (!isHex(buildId))
    return ids;
  collectByBuildId(database, buildId, ids);
  if (buildId.size() == kSyntheticDigits)
    collectByPrefix(database, buildId, ids);
  return ids;
}

std::string syntheticBuildId(const Digest& imageHash) {
  return imageHash.hex().substr(0, kSyntheticDigits);
}

} // namespace romlink::store
