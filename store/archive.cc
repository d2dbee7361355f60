// The archive's public functions. Each takes a connection (connections.h), does its work in one of the room's
// parts (rom_sets.h, blobs.h, references.h, verify.h) and turns exceptions into errors (sqlite_error.h).
#include "store/archive_impl.h"

#include "store/blobs.h"
#include "store/bodies.h"
#include "store/record.h"
#include "store/references.h"
#include "store/rom_indexes.h"
#include "store/rom_sets.h"
#include "store/sketches.h"

#include <algorithm>
#include <ctime>
#include <tuple>

namespace romlink::store {

namespace {

constexpr const char* kCannotPublish = "cannot publish the ROM";

Result<RomRecord> recordOf(SQLite::Database& database, std::int64_t id) {
  ROMLINK_ASSIGN(RomReader::Row row, RomReader(database).read(id));
  return std::move(row.rom);
}

// The one already there, if `rom` is the same set; nothing, if neither its image nor its name is taken.
Result<std::optional<RomRecord>> findArchived(SQLite::Database& database, const RomRecord& rom) {
  auto id = findByImageHash(database, rom.imageHash);
  const bool sameImage = id.has_value();
  if (!id)
    id = findByName(database, rom.name, rom.version);
  if (!id)
    return std::optional<RomRecord>();
  ROMLINK_ASSIGN(RomRecord archived, recordOf(database, *id));
  std::string why;
  for (const std::string& difference : differences(archived, rom))
    why += (why.empty() ? "" : "; ") + difference;
  if (why.empty())
    return std::optional(std::move(archived));
  if (sameImage)
    return fail(ErrorCode::Refused, kCannotPublish, rom.name + "@" + rom.version,
                "this flash image is archived with another set: " + why,
                "archived sets are permanent; `romlink rom show " + archived.imageHash.text() +
                    "` shows this one");
  return fail(ErrorCode::Refused, kCannotPublish, rom.name + "@" + rom.version,
              "this name and version belong to another ROM, " + archived.imageHash.text() + ": " + why,
              "archived sets are permanent; publish under another version");
}

} // namespace

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::string text(sizeof "2035-01-31T23:59:59Z", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc));
  return text;
}

bool isTimestamp(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(),
                    [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

Archive::Archive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

Result<Archive> Archive::open(const std::filesystem::path& directory,
                              const std::filesystem::path& signingKey) {
  return guarded("cannot open the archive", (directory / "archive.db").string(), [&]() -> Result<Archive> {
    ROMLINK_ASSIGN(auto connections, Connections::open(directory, Connections::kBusyTimeoutMs, signingKey));
    return Archive(std::make_unique<Impl>(Impl{std::move(connections)}));
  });
}

Result<Published> Archive::publish(RomRecord rom, const std::vector<ArtifactSource>& artifacts,
                                   const std::optional<RomIndexSource>& index,
                                   const std::optional<Sketch>& sketch) {
  return guarded(kCannotPublish, impl_->connections->file().string(), [&]() -> Result<Published> {
    ROMLINK_ASSIGN(rom, normalised(std::move(rom)));
    ROMLINK_ASSIGN(const std::vector<ArtifactSource> sources, normalised(artifacts));
    rom.artifacts.clear();
    rom.indexes.clear();
    rom.withdrawal.reset();
    for (const ArtifactSource& source : sources) {
      ROMLINK_ASSIGN(const SourceFacts facts, hashSource(source.file));
      rom.artifacts.push_back({source.role, source.fileName, facts.size, facts.digest});
    }
    if (rom.publishedAt.empty())
      rom.publishedAt = now();
    else if (!isTimestamp(rom.publishedAt))
      return fail(ErrorCode::Malformed, kCannotPublish, rom.name + "@" + rom.version,
                  "the time of its publication is none");

    return impl_->write(kCannotPublish, [&](auto& database) -> Result<Published> {
      ROMLINK_ASSIGN(std::optional<RomRecord> archived, findArchived(database, rom));
      if (archived)
        return Published{std::move(*archived), true};
      std::vector<StoredArtifact> stored;
      for (std::size_t i = 0; i < sources.size(); ++i) {
        const Artifact& artifact = rom.artifacts[i];
        ROMLINK_ASSIGN(const std::int64_t blobId,
                       storeBlob(database, sources[i].file, {artifact.size, artifact.digest}));
        stored.push_back({artifact, blobId});
      }
      const std::int64_t romId = insertRom(database, rom, stored);
      if (index) {
        ROMLINK_ASSIGN(RomIndex inserted, insertIndex(database, romId, rom.imageHash, *index));
        rom.indexes.push_back(inserted);
        insertBodies(database, romId, rom.imageHash, index->formatVersion, index->bodies,
                     index->unknownBodies);
      }
      if (sketch)
        insertSketch(database, romId, rom.imageHash, *sketch);
      return Published{std::move(rom), false};
    });
  });
}

Result<bool> Archive::isPublished(const RomRecord& rom) const {
  return impl_->read([&](SQLite::Database& database) -> Result<bool> {
    ROMLINK_ASSIGN(const auto archived, findArchived(database, rom));
    return archived.has_value();
  });
}

Result<RomIndex> Archive::addIndex(const Digest& imageHash, const RomIndexSource& index) {
  return impl_->write("cannot archive the ROM's index", [&](auto& database) -> Result<RomIndex> {
    const auto romId = findByImageHash(database, imageHash);
    if (!romId)
      return fail(ErrorCode::NotFound, "no such ROM", imageHash.text());
    ROMLINK_ASSIGN(const RomIndex added, insertIndex(database, *romId, imageHash, index));
    insertBodies(database, *romId, imageHash, index.formatVersion, index.bodies, index.unknownBodies);
    return added;
  });
}

Result<Archive::Page> Archive::list(const std::string& name, std::size_t limit,
                                    const std::string& after) const {
  return guarded(kCannotRead, impl_->connections->file().string(), [&]() -> Result<Page> {
    const auto invalid = [&](const char* what) {
      return fail(ErrorCode::Usage, "cannot list the ROMs", what);
    };
    if (limit == 0)
      return invalid("the page size must not be 0");
    const Connections::Reader reader = impl_->connections->read();
    const SQLite::Transaction snapshot(*reader);
    // The token is the hash of the page's last ROM. ROMs never go, so its place stays.
    RomRecord last;
    if (!after.empty()) {
      const auto hash = Digest::parse(after);
      const auto id = hash ? findByImageHash(*reader, *hash) : std::nullopt;
      if (!id)
        return invalid("no such page token");
      ROMLINK_ASSIGN(RomReader::Row row, RomReader(*reader).readUnchecked(*id));
      last = std::move(row.rom);
    }
    if (!name.empty() && !after.empty() && last.name != name)
      return invalid("the page token is that of another list");
    // Each is a search in the index over name and version.
    SQLite::Statement select(*reader, name.empty() ? "SELECT id FROM rom WHERE (name, version) > (?1, ?2)"
                                                     " ORDER BY name, version LIMIT ?3"
                                                   : "SELECT id FROM rom WHERE name = ?1 AND version > ?2"
                                                     " ORDER BY version LIMIT ?3");
    select.bind(1, name.empty() ? last.name : name);
    select.bind(2, last.version);
    select.bind(3, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000)) + 1);
    RomReader records(*reader);
    Page page;
    while (select.executeStep()) {
      if (page.roms.size() == limit) {
        page.nextToken = page.roms.back().imageHash.hex();
        break;
      }
      // One damaged record must not hide the others; whoever asks for it is told.
      ROMLINK_ASSIGN(RomReader::Row row, records.readUnchecked(select.getColumn(0).getInt64()));
      page.roms.push_back(std::move(row.rom));
    }
    return page;
  });
}

Result<RomRecord> Archive::find(const std::string& reference) const {
  return guarded(kCannotRead, impl_->connections->file().string(), [&]() -> Result<RomRecord> {
    const Connections::Reader reader = impl_->connections->read();
    const SQLite::Transaction snapshot(*reader);
    ROMLINK_ASSIGN(const std::int64_t id, resolve(*reader, reference));
    return recordOf(*reader, id);
  });
}

Result<std::vector<RomRecord>> Archive::findByBuildId(const std::string& buildId) const {
  return impl_->read([&](SQLite::Database& database) -> Result<std::vector<RomRecord>> {
    std::vector<RomRecord> roms;
    RomReader records(database);
    for (const std::int64_t id : romsWithBuildId(database, buildId)) {
      ROMLINK_ASSIGN(RomReader::Row row, records.read(id));
      roms.push_back(std::move(row.rom));
    }
    std::sort(roms.begin(), roms.end(), [](const RomRecord& a, const RomRecord& b) {
      return std::tie(a.name, a.version) < std::tie(b.name, b.version);
    });
    return roms;
  });
}

Result<std::optional<RomRecord>> Archive::findByImage(const Digest& imageHash) const {
  return guarded(kCannotRead, impl_->connections->file().string(), [&]() -> Result<std::optional<RomRecord>> {
    const Connections::Reader reader = impl_->connections->read();
    const SQLite::Transaction snapshot(*reader);
    const auto id = findByImageHash(*reader, imageHash);
    if (!id)
      return std::optional<RomRecord>();
    ROMLINK_ASSIGN(RomRecord rom, recordOf(*reader, *id));
    return std::optional(std::move(rom));
  });
}

Result<std::vector<ArchivedImage>> Archive::imagesAfter(std::int64_t after, std::size_t limit,
                                                        std::uint32_t formatVersion) const {
  return impl_->read(
      [&](SQLite::Database& database) { return readImages(database, after, limit, formatVersion); });
}

Result<std::optional<Sketch>> Archive::sketchOf(std::int64_t romId, std::uint32_t formatVersion) const {
  return impl_->read([&](SQLite::Database& database) { return readSketch(database, romId, formatVersion); });
}

Result<void> Archive::addSketch(const Digest& imageHash, const Sketch& sketch) {
  return impl_->write("cannot archive the ROM's sketch", [&](SQLite::Database& database) -> Result<void> {
    const auto romId = findByImageHash(database, imageHash);
    if (!romId)
      return fail(ErrorCode::NotFound, "no such ROM", imageHash.text());
    insertSketch(database, *romId, imageHash, sketch);
    return {};
  });
}

Result<void> Archive::read(const Digest& digest, const Sink& sink) const {
  return guarded("cannot read the stored content", digest.text(), [&]() -> Result<void> {
    const Connections::Reader reader = impl_->connections->read();
    const auto blob = findBlob(*reader, digest);
    if (!blob)
      return fail(ErrorCode::NotFound, "no such content in the archive", digest.text());
    return readBlob(*reader, *blob, sink);
  });
}

Result<Stats> Archive::stats() const {
  return guarded(kCannotRead, impl_->connections->file().string(), [&]() -> Result<Stats> {
    const Connections::Reader reader = impl_->connections->read();
    const SQLite::Transaction snapshot(*reader);
    const auto number = [&](const char* query) {
      return static_cast<std::uint64_t>((*reader).execAndGet(query).getInt64());
    };
    Stats stats;
    stats.roms = number("SELECT count(*) FROM rom");
    stats.artifacts = number("SELECT count(*) FROM artifact");
    stats.blobs = number("SELECT count(*) FROM blob");
    stats.contentBytes = number("SELECT coalesce(sum(size), 0) FROM artifact JOIN blob ON blob.id = blob_id");
    stats.distinctBytes =
        number("SELECT coalesce(sum(size), 0) FROM blob WHERE id IN (SELECT blob_id FROM artifact)");
    stats.blobBytes = number("SELECT coalesce(sum(size), 0) FROM blob");
    stats.storedBytes = number("SELECT coalesce(sum(length(compressed)), 0) FROM chunk");
    stats.advisories = number("SELECT count(*) FROM advisory");
    stats.releases = number("SELECT count(*) FROM release");
    stats.databaseBytes = number("PRAGMA page_count") * number("PRAGMA page_size");
    return stats;
  });
}

} // namespace romlink::store
