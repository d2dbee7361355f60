// See releases.h.
#include "store/releases.h"

#include "store/blobs.h"
#include "store/columns.h"
#include "store/netstrings.h"
#include "store/rom_sets.h"
#include "store/text.h"

#include <algorithm>

namespace romlink::store {
namespace {

constexpr std::size_t kShortestPrefix = 8;
constexpr std::size_t kDigits = 64;
constexpr std::size_t kLongestLabel = 200;

Digest recordDigest(const Release& release, const std::vector<ReleaseShare>& shares) {
  Netstrings form;
  form.add("romlink-release-record-1").add(release.id.hex()).add(release.linkedAt);
  form.add(std::to_string(release.savedBytes)).add(shares.size());
  for (const ReleaseShare& share : shares)
    form.add(share.address).add(share.name);
  return form.finish();
}

tl::unexpected<Error> refuse(std::string where, std::string why) {
  return fail(ErrorCode::Usage, "cannot archive the release", std::move(where), std::move(why));
}

template <typename Items, typename Bind>
void insertEach(SQLite::Database& database, const char* statement, const Items& items, const Bind& bind) {
  SQLite::Statement insert(database, statement);
  std::int64_t position = 0;
  for (const auto& item : items) {
    bind(insert, item, position++);
    insert.exec();
    insert.reset();
  }
}

void insertTexts(SQLite::Database& database, std::int64_t id, const ReleaseSource& source) {
  insertEach(database, "INSERT INTO release_input (release_id, path, digest) VALUES (?, ?, ?)",
             source.release.inputs, [&](auto& insert, const ReleaseInput& input, std::int64_t) {
               insert.bind(1, id);
               insert.bind(2, input.path);
               bindDigest(insert, 3, input.digest);
             });
  insertEach(database, "INSERT INTO release_argument (release_id, position, text) VALUES (?, ?, ?)",
             source.release.arguments, [&](auto& insert, const std::string& text, std::int64_t position) {
               insert.bind(1, id);
               insert.bind(2, position);
               insert.bind(3, text);
             });
  insertEach(database, "INSERT INTO release_label (release_id, key, value) VALUES (?, ?, ?)",
             source.release.labels, [&](auto& insert, const auto& label, std::int64_t) {
               insert.bind(1, id);
               insert.bind(2, label.first);
               insert.bind(3, label.second);
             });
  insertEach(database, "INSERT INTO release_share (release_id, address, name) VALUES (?, ?, ?)",
             source.shares, [&](auto& insert, const ReleaseShare& share, std::int64_t) {
               insert.bind(1, id);
               insert.bind(2, static_cast<std::int64_t>(share.address));
               insert.bind(3, share.name);
             });
}

Result<void> insertRoms(SQLite::Database& database, std::int64_t id, const Release& release) {
  if (release.roms.empty())
    return refuse("roms", "a release has at least one");
  std::vector<std::int64_t> roms;
  for (const RomTitle& rom : release.roms) {
    const auto romId = findByImageHash(database, rom.imageHash);
    if (!romId)
      return fail(ErrorCode::NotFound, "no such ROM", rom.imageHash.text());
    roms.push_back(*romId);
  }
  insertEach(database, "INSERT INTO release_rom (release_id, position, rom_id) VALUES (?, ?, ?)", roms,
             [&](auto& insert, std::int64_t romId, std::int64_t position) {
               insert.bind(1, id);
               insert.bind(2, position);
               insert.bind(3, romId);
             });
  return {};
}

Result<std::int64_t> storeFile(SQLite::Database& database, const std::filesystem::path& file) {
  ROMLINK_ASSIGN(const SourceFacts facts, hashSource(file));
  return storeBlob(database, file, facts);
}

void seal(SQLite::Database& database, std::int64_t id, const ReleaseSource& source, std::int64_t report,
          std::optional<std::int64_t> policy) {
  const Release& release = source.release;
  SQLite::Statement insert(database,
                           "INSERT INTO release (id, release_hash, linked_at, image_hash, tool_version,"
                           " policy_blob_id, report_blob_id, saved_bytes, record_digest)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, id);
  bindDigest(insert, 2, release.id);
  insert.bind(3, release.linkedAt);
  bindDigest(insert, 4, release.imageHash);
  insert.bind(5, release.toolVersion);
  if (policy)
    insert.bind(6, *policy);
  insert.bind(7, report);
  insert.bind(8, static_cast<std::int64_t>(release.savedBytes));
  bindDigest(insert, 9, recordDigest(release, source.shares));
  insert.exec();
}

/// Calls `take` for each row of the query, whose parameter is `id`.
template <typename Take>
void forEachRow(SQLite::Database& database, const char* query, std::int64_t id, const Take& take) {
  SQLite::Statement select(database, query);
  select.bind(1, id);
  while (select.executeStep())
    take(select);
}

Result<void> readTables(SQLite::Database& database, std::int64_t id, Release& release) {
  bool sound = true;
  const auto digest = [&](const SQLite::Column& column) {
    const auto read = digestIn(column);
    sound = sound && read.has_value();
    return read.value_or(Digest());
  };
  forEachRow(database,
             "SELECT rom.image_hash, name, version FROM release_rom LEFT JOIN rom ON rom.id = rom_id"
             " WHERE release_id = ? ORDER BY position",
             id, [&](SQLite::Statement& row) {
               release.roms.push_back(
                   {digest(row.getColumn(0)), row.getColumn(1).getString(), row.getColumn(2).getString()});
             });
  forEachRow(database, "SELECT path, digest FROM release_input WHERE release_id = ? ORDER BY path", id,
             [&](SQLite::Statement& row) {
               release.inputs.push_back({row.getColumn(0).getString(), digest(row.getColumn(1))});
             });
  forEachRow(database, "SELECT text FROM release_argument WHERE release_id = ? ORDER BY position", id,
             [&](SQLite::Statement& row) { release.arguments.push_back(row.getColumn(0).getString()); });
  forEachRow(database, "SELECT key, value FROM release_label WHERE release_id = ?", id,
             [&](SQLite::Statement& row) {
               release.labels.emplace(row.getColumn(0).getString(), row.getColumn(1).getString());
             });
  forEachRow(database, "SELECT count(*) FROM release_share WHERE release_id = ?", id,
             [&](SQLite::Statement& row) { release.sharedSymbols = wordIn(row.getColumn(0)); });
  if (!sound)
    return damagedRecord("release " + release.id.text());
  return {};
}

} // namespace

Digest releaseId(const Release& release) {
  Netstrings form;
  form.add("romlink-release-1").add(release.roms.size());
  for (const RomTitle& rom : release.roms)
    form.add(rom.imageHash.hex());
  form.add(release.imageHash.hex()).add(release.toolVersion);
  form.add(release.policy ? release.policy->hex() : std::string()).add(release.report.hex());
  form.add(release.arguments.size());
  for (const std::string& argument : release.arguments)
    form.add(argument);
  form.add(release.inputs.size());
  for (const ReleaseInput& input : release.inputs)
    form.add(input.path).add(input.digest.hex());
  form.add(release.labels.size());
  for (const auto& [key, value] : release.labels)
    form.add(key).add(value);
  return form.finish();
}

Result<void> checkLabels(const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : labels) {
    if (key.empty() || key.find('=') != std::string::npos)
      return refuse("label '" + key.substr(0, 200) + "'", "must have a name without '='");
    if (const auto flaw = flawOf(key, kLongestLabel))
      return refuse("label name", *flaw);
    if (const auto flaw = flawOf(value))
      return refuse("label '" + key + "'", *flaw);
  }
  return {};
}

ReleaseSource normalised(ReleaseSource source) {
  Release& release = source.release;
  std::sort(release.inputs.begin(), release.inputs.end(),
            [](const ReleaseInput& a, const ReleaseInput& b) { return a.path < b.path; });
  std::sort(source.shares.begin(), source.shares.end());
  source.shares.erase(std::unique(source.shares.begin(), source.shares.end()), source.shares.end());
  release.sharedSymbols = static_cast<std::uint32_t>(source.shares.size());
  return source;
}

Result<ArchivedRelease> insertRelease(SQLite::Database& database, const ReleaseSource& source) {
  if (const auto archived = findRelease(database, source.release.id)) {
    ROMLINK_ASSIGN(Release release, readRelease(database, *archived));
    return ArchivedRelease{std::move(release), true};
  }
  const std::int64_t id = database.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM release").getInt64();
  ROMLINK_ASSIGN(const std::int64_t report, storeFile(database, source.report));
  std::optional<std::int64_t> policy;
  if (!source.policy.empty()) {
    ROMLINK_ASSIGN(policy, storeFile(database, source.policy));
  }
  ROMLINK_TRY(insertRoms(database, id, source.release));
  insertTexts(database, id, source);
  seal(database, id, source, report, policy);
  ROMLINK_ASSIGN(Release release, readRelease(database, id));
  return ArchivedRelease{std::move(release), false};
}

std::optional<std::int64_t> findRelease(SQLite::Database& database, const Digest& id) {
  SQLite::Statement select(database, "SELECT id FROM release WHERE release_hash = ?");
  bindDigest(select, 1, id);
  return select.executeStep() ? std::optional(select.getColumn(0).getInt64()) : std::nullopt;
}

Result<std::int64_t> resolveRelease(SQLite::Database& database, const std::string& reference) {
  constexpr std::string_view kScheme = "sha256:";
  const std::string hex = reference.starts_with(kScheme) ? reference.substr(kScheme.size()) : reference;
  const bool isHex = hex.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!isHex || hex.size() < kShortestPrefix || hex.size() > kDigits)
    return fail(ErrorCode::Usage, "not a release", reference.substr(0, 100),
                isHex && hex.size() < kShortestPrefix ? "a prefix needs 8 or more digits" : "no hash",
                "a release is sha256:HEX, or 8 or more digits of it; a link prints it");
  const auto low = Digest::parse(hex + std::string(kDigits - hex.size(), '0'));
  const auto high = Digest::parse(hex + std::string(kDigits - hex.size(), 'f'));
  if (!low || !high)
    return fail(ErrorCode::Usage, "not a release", reference.substr(0, 100));
  SQLite::Statement select(database, "SELECT id, lower(hex(release_hash)) FROM release"
                                     " WHERE release_hash BETWEEN ? AND ? ORDER BY release_hash LIMIT 9");
  bindDigest(select, 1, *low);
  bindDigest(select, 2, *high);
  std::vector<std::pair<std::int64_t, std::string>> found;
  while (select.executeStep())
    found.emplace_back(select.getColumn(0).getInt64(), "sha256:" + select.getColumn(1).getString());
  if (found.empty())
    return fail(ErrorCode::NotFound, "no such release", reference, "nothing is archived under this hash",
                "`romlink release list` shows what is archived");
  if (found.size() == 1)
    return found.front().first;
  std::string all;
  for (const auto& [id, text] : found)
    all += (all.empty() ? "" : ", ") + text;
  return fail(ErrorCode::Usage, "ambiguous release", reference, "it fits " + all, "use more digits");
}

Result<Release> readRelease(SQLite::Database& database, std::int64_t id) {
  SQLite::Statement select(database,
                           "SELECT release_hash, linked_at, image_hash, tool_version, policy_blob_id IS NULL,"
                           " policy.digest, report.digest, saved_bytes FROM release"
                           " LEFT JOIN blob AS policy ON policy.id = policy_blob_id"
                           " LEFT JOIN blob AS report ON report.id = report_blob_id WHERE release.id = ?");
  select.bind(1, id);
  if (!select.executeStep())
    return damagedRecord("release number " + std::to_string(id));
  const auto hash = digestIn(select.getColumn(0));
  const auto image = digestIn(select.getColumn(2));
  const bool defaultPolicy = select.getColumn(4).getInt() != 0;
  const auto policy = digestIn(select.getColumn(5));
  const auto report = digestIn(select.getColumn(6));
  if (!hash || !image || !report || (!policy && !defaultPolicy))
    return damagedRecord("release number " + std::to_string(id));
  Release release;
  release.id = *hash;
  release.number = id;
  release.linkedAt = select.getColumn(1).getString();
  release.imageHash = *image;
  release.toolVersion = select.getColumn(3).getString();
  if (!defaultPolicy)
    release.policy = *policy;
  release.report = *report;
  release.savedBytes = static_cast<std::int32_t>(select.getColumn(7).getInt64());
  ROMLINK_TRY(readTables(database, id, release));
  return release;
}

std::vector<ReleaseShare> readShares(SQLite::Database& database, std::int64_t id) {
  std::vector<ReleaseShare> shares;
  forEachRow(database, "SELECT address, name FROM release_share WHERE release_id = ? ORDER BY address, name",
             id, [&](SQLite::Statement& row) {
               shares.push_back({wordIn(row.getColumn(0)), row.getColumn(1).getString()});
             });
  return shares;
}

void verifyReleases(SQLite::Database& database,
                    const std::function<void(const std::string&, const std::string&)>& problem) {
  SQLite::Statement rows(database, "SELECT id, record_digest FROM release NOT INDEXED");
  while (rows.executeStep()) {
    const std::int64_t id = rows.getColumn(0).getInt64();
    const auto release = readRelease(database, id);
    if (!release) {
      problem(release.error().where, release.error().why);
      continue;
    }
    if (releaseId(*release) != release->id ||
        recordDigest(*release, readShares(database, id)) != digestIn(rows.getColumn(1)).value_or(Digest()))
      problem("release " + release->id.text(),
              "the record does not match its digest: a part of it is lost or altered");
    else if (findRelease(database, release->id) != id)
      problem("release " + release->id.text(), "the record cannot be found by its id");
  }
}

} // namespace romlink::store
