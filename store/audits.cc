// The archive's public functions for advisories, releases and bodies (archive.h).
#include "store/advisories.h"
#include "store/archive_impl.h"
#include "store/blobs.h"
#include "store/bodies.h"
#include "store/columns.h"
#include "store/releases.h"
#include "store/rom_sets.h"

#include <algorithm>

namespace romlink::store {
namespace {

constexpr std::size_t kLargestPage = 1'000'000;

Result<std::vector<RomTitle>> titlesIn(SQLite::Statement& select) {
  std::vector<RomTitle> titles;
  while (select.executeStep()) {
    const auto image = digestIn(select.getColumn(0));
    if (!image)
      return damagedRecord(select.getColumn(1).getString());
    titles.push_back({*image, select.getColumn(1).getString(), select.getColumn(2).getString()});
  }
  return titles;
}

constexpr const char* kBodies = "SELECT image_hash, name, version, body_count, unknown_count FROM rom"
                                " JOIN body_set ON rom_id = rom.id AND format_version = ?1";

Result<std::vector<Archive::Bodies>> bodiesIn(SQLite::Statement& select) {
  std::vector<Archive::Bodies> all;
  while (select.executeStep()) {
    const auto image = digestIn(select.getColumn(0));
    if (!image)
      return damagedRecord(select.getColumn(1).getString());
    all.push_back({{*image, select.getColumn(1).getString(), select.getColumn(2).getString()},
                   wordIn(select.getColumn(3)),
                   wordIn(select.getColumn(4))});
  }
  return all;
}

Result<std::int64_t> romIdOf(SQLite::Database& database, const Digest& imageHash) {
  const auto id = findByImageHash(database, imageHash);
  if (!id)
    return fail(ErrorCode::NotFound, "no such ROM", imageHash.text());
  return *id;
}

} // namespace

Result<RecordedAdvisory> Archive::recordAdvisory(const Advisory& advisory) {
  ROMLINK_TRY(check(advisory));
  return impl_->write("cannot record the advisory",
                      [&](auto& database) { return insertAdvisory(database, advisory, now()); });
}

Result<std::vector<Advisory>> Archive::advisories() const {
  return impl_->read([](auto& database) { return readAdvisories(database); });
}

Result<Advisory> Archive::advisory(const std::string& id) const {
  return impl_->read([&](auto& database) -> Result<Advisory> {
    ROMLINK_ASSIGN(auto found, store::findAdvisory(database, id));
    if (!found)
      return fail(ErrorCode::NotFound, "no such advisory", id.substr(0, 200), {},
                  "`romlink advisory list` shows what is recorded");
    return std::move(*found);
  });
}

Result<std::vector<RomTitle>> Archive::romsWithBodies(const std::vector<Digest>& bodies,
                                                      std::uint32_t formatVersion) const {
  return impl_->read([&](auto& database) -> Result<std::vector<RomTitle>> {
    SQLite::Statement select(database,
                             "SELECT image_hash, name, version FROM body JOIN rom ON rom.id = rom_id"
                             " WHERE head = ? AND format_version = ?");
    std::vector<RomTitle> all;
    for (const Digest& body : bodies) {
      select.reset();
      select.bind(1, headOf(body));
      select.bind(2, static_cast<std::int64_t>(formatVersion));
      ROMLINK_ASSIGN(const auto titles, titlesIn(select));
      all.insert(all.end(), titles.begin(), titles.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  });
}

Result<std::vector<RomTitle>> Archive::romsWithoutBodies(std::uint32_t formatVersion) const {
  return impl_->read([&](auto& database) {
    SQLite::Statement select(database,
                             "SELECT image_hash, name, version FROM rom WHERE NOT EXISTS (SELECT 1 FROM"
                             " body_set WHERE rom_id = rom.id AND format_version = ?)"
                             " ORDER BY name, version");
    select.bind(1, static_cast<std::int64_t>(formatVersion));
    return titlesIn(select);
  });
}

Result<bool> Archive::mayHaveBodies(const Digest& imageHash, const std::vector<Digest>& bodies,
                                    std::uint32_t formatVersion) const {
  return impl_->read([&](auto& database) -> Result<bool> {
    ROMLINK_ASSIGN(const std::int64_t rom, romIdOf(database, imageHash));
    SQLite::Statement select(database,
                             "SELECT 1 FROM body WHERE head = ? AND rom_id = ? AND format_version = ?");
    select.bind(2, rom);
    select.bind(3, static_cast<std::int64_t>(formatVersion));
    for (const Digest& body : bodies) {
      select.reset();
      select.bind(1, headOf(body));
      if (select.executeStep())
        return true;
    }
    return false;
  });
}

Result<std::optional<Archive::Bodies>> Archive::bodiesOf(const Digest& imageHash,
                                                         std::uint32_t formatVersion) const {
  return impl_->read([&](auto& database) -> Result<std::optional<Bodies>> {
    SQLite::Statement select(database, std::string(kBodies) + " WHERE image_hash = ?2");
    select.bind(1, static_cast<std::int64_t>(formatVersion));
    bindDigest(select, 2, imageHash);
    ROMLINK_ASSIGN(const auto found, bodiesIn(select));
    return found.empty() ? std::nullopt : std::optional(found.front());
  });
}

Result<std::vector<Archive::Bodies>> Archive::unknownBodies(std::uint32_t formatVersion) const {
  return impl_->read([&](auto& database) {
    SQLite::Statement select(database,
                             std::string(kBodies) + " WHERE unknown_count > 0 ORDER BY name, version");
    select.bind(1, static_cast<std::int64_t>(formatVersion));
    return bodiesIn(select);
  });
}

Result<ArchivedRelease> Archive::archiveRelease(ReleaseSource source) {
  ROMLINK_TRY(checkLabels(source.release.labels));
  source = normalised(std::move(source));
  return guarded("cannot archive the release", impl_->connections->file().string(),
                 [&]() -> Result<ArchivedRelease> {
                   Release& release = source.release;
                   ROMLINK_ASSIGN(const SourceFacts report, hashSource(source.report));
                   release.report = report.digest;
                   release.policy.reset();
                   if (!source.policy.empty()) {
                     ROMLINK_ASSIGN(const SourceFacts policy, hashSource(source.policy));
                     release.policy = policy.digest;
                   }
                   release.id = releaseId(release);
                   release.linkedAt = now();
                   return impl_->write("cannot archive the release",
                                       [&](auto& database) { return insertRelease(database, source); });
                 });
}

Result<Archive::ReleasePage> Archive::releases(const std::optional<Digest>& rom, std::size_t limit,
                                               const std::string& after) const {
  return impl_->read([&](auto& database) -> Result<ReleasePage> {
    const auto invalid = [](const char* what) {
      return fail(ErrorCode::Usage, "cannot list the releases", what);
    };
    if (limit == 0)
      return invalid("the page size must not be 0");
    std::int64_t before = INT64_MAX;
    if (!after.empty()) {
      const auto id = Digest::parse(after);
      const auto row = id ? store::findRelease(database, *id) : std::nullopt;
      if (!row)
        return invalid("no such page token");
      before = *row;
    }
    // Rows are numbered in the order of their coming.
    SQLite::Statement select(database,
                             rom ? "SELECT release_id FROM release_rom WHERE release_id < ?1 AND"
                                   " rom_id = ?3 ORDER BY release_id DESC LIMIT ?2"
                                 : "SELECT id FROM release WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    select.bind(1, before);
    select.bind(2, static_cast<std::int64_t>(std::min(limit, kLargestPage)) + 1);
    if (rom) {
      ROMLINK_ASSIGN(const std::int64_t id, romIdOf(database, *rom));
      select.bind(3, id);
    }
    ReleasePage page;
    while (select.executeStep()) {
      if (page.releases.size() == limit) {
        page.nextToken = page.releases.back().id.hex();
        break;
      }
      ROMLINK_ASSIGN(Release release, readRelease(database, select.getColumn(0).getInt64()));
      page.releases.push_back(std::move(release));
    }
    return page;
  });
}

Result<Release> Archive::findRelease(const std::string& reference) const {
  return impl_->read([&](auto& database) -> Result<Release> {
    ROMLINK_ASSIGN(const std::int64_t id, resolveRelease(database, reference));
    return readRelease(database, id);
  });
}

Result<std::vector<ReleaseShare>> Archive::sharesOf(const Digest& release) const {
  return impl_->read([&](auto& database) -> Result<std::vector<ReleaseShare>> {
    const auto id = store::findRelease(database, release);
    if (!id)
      return fail(ErrorCode::NotFound, "no such release", release.text());
    return readShares(database, *id);
  });
}

Result<std::map<std::uint32_t, std::uint32_t>> Archive::usesOf(const Digest& rom) const {
  return impl_->read([&](auto& database) -> Result<std::map<std::uint32_t, std::uint32_t>> {
    ROMLINK_ASSIGN(const std::int64_t id, romIdOf(database, rom));
    SQLite::Statement select(database,
                             "SELECT address, count(DISTINCT release_id) FROM release_rom JOIN release_share"
                             " USING (release_id) WHERE rom_id = ? GROUP BY address");
    select.bind(1, id);
    std::map<std::uint32_t, std::uint32_t> uses;
    while (select.executeStep())
      uses.emplace(wordIn(select.getColumn(0)), wordIn(select.getColumn(1)));
    return uses;
  });
}

} // namespace romlink::store
