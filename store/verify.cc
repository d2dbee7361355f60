// See verify.h.
#include "store/verify.h"

#include "store/advisories.h"
#include "store/blobs.h"
#include "store/bodies.h"
#include "store/migrations.h"
#include "store/record.h"
#include "store/releases.h"
#include "store/rom_indexes.h"
#include "store/rom_sets.h"
#include "store/sqlite_error.h"

#include <set>

namespace romlink::store {
namespace {

class Verifier {
public:
  Verifier(SQLite::Database& database, const std::function<void(const VerifyProgress&)>& progress)
      : database_(database), progress_(progress) {}

  std::vector<std::string> run() {
    step("database", [&] { return checkDatabase(); });
    step("database", [&] { return checkForeignKeys(); });
    step("database", [&] { return checkSchema(); });
    checkBlobs();
    checkRecords();
    const auto name = [&](const std::string& where, const std::string& why) { problem(where, why); };
    for (const auto verify : {verifyBodies, verifyAdvisories, verifyReleases})
      step("database", [&]() -> Result<void> {
        verify(database_, name);
        return {};
      });
    return std::move(problems_);
  }

private:
  void problem(const std::string& where, const std::string& why) {
    // Error::line() keeps damaged text to one line.
    problems_.push_back(Error{ErrorCode::Damaged, where, "", why, ""}.line());
  }

  // Runs one check; whatever goes wrong in it is a problem of `where`.
  template <typename Check>
  void step(const std::string& where, Check&& check) {
    if (const Result<void> done = guarded(where, "", check); !done)
      problem(where, done.error().why.empty() ? done.error().line() : done.error().why);
  }

  Result<void> checkDatabase() {
    SQLite::Statement check(database_, "PRAGMA integrity_check");
    while (check.executeStep())
      if (const std::string line = check.getColumn(0).getString(); line != "ok")
        problem("database", line);
    return {};
  }

  Result<void> checkForeignKeys() {
    SQLite::Statement check(database_, "PRAGMA foreign_key_check");
    while (check.executeStep())
      problem("database", "a row of table " + check.getColumn(0).getString() +
                              " refers to a missing row of table " + check.getColumn(2).getString());
    return {};
  }

  Result<void> checkSchema() {
    SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE);
    for (const SchemaStep& one : schemaSteps())
      fresh.exec(std::string(one.sql));
    std::set<std::string> present;
    const auto entries =
        "SELECT type || ' ' || name, type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema"
        " ORDER BY type, name";
    for (SQLite::Statement select(database_, entries); select.executeStep();)
      present.insert(select.getColumn(1).getString());
    for (SQLite::Statement select(fresh, entries); select.executeStep();)
      if (!present.contains(select.getColumn(1).getString()))
        problem("database", select.getColumn(0).getString() + " is missing or altered");
    return {};
  }

  // From two places, since damage may hide a blob in one of them.
  std::set<std::int64_t> blobIds() {
    std::set<std::int64_t> ids;
    for (const char* query : {"SELECT id FROM blob NOT INDEXED", "SELECT blob_id FROM artifact",
                              "SELECT blob_id FROM rom_index", "SELECT report_blob_id FROM release",
                              "SELECT policy_blob_id FROM release WHERE policy_blob_id IS NOT NULL"})
      step("database", [&]() -> Result<void> {
        SQLite::Statement select(database_, query);
        while (select.executeStep())
          ids.insert(select.getColumn(0).getInt64());
        return {};
      });
    return ids;
  }

  void checkBlobs() {
    const std::set<std::int64_t> ids = blobIds();
    VerifyProgress done{0, ids.size(), 0};
    for (const std::int64_t id : ids) {
      BlobRow blob{id, {}, 0};
      const Result<void> sound =
          guarded("blob number " + std::to_string(id), "", [&] { return checkOne(blob); });
      if (!sound)
        blobProblem(blob, sound.error().why.empty() ? sound.error().line() : sound.error().why);
      ++done.checkedBlobs;
      done.checkedBytes += blob.size;
      if (progress_)
        progress_(done);
    }
  }

  Result<void> checkOne(BlobRow& blob) {
    SQLite::Statement select(database_, "SELECT digest, size FROM blob WHERE id = ?");
    select.bind(1, blob.id);
    if (!select.executeStep())
      return fail(ErrorCode::Damaged, "", "", "its row is missing");
    const SQLite::Column digest = select.getColumn(0);
    ROMLINK_ASSIGN(blob.digest, Digest::fromBytes({static_cast<const std::uint8_t*>(digest.getBlob()),
                                                   static_cast<std::size_t>(digest.getBytes())}));
    const std::int64_t size = select.getColumn(1).getInt64();
    select.reset();
    if (size < 0)
      return fail(ErrorCode::Damaged, "", "", "its size is impossible");
    blob.size = static_cast<std::uint64_t>(size);
    return checkBlob(database_, blob);
  }

  void blobProblem(const BlobRow& blob, const std::string& why) {
    const std::string name =
        blob.digest == Digest{} ? "blob number " + std::to_string(blob.id) : "blob " + blob.digest.text();
    bool used = false;
    step(name, [&]() -> Result<void> {
      SQLite::Statement select(
          database_, "SELECT name || '@' || version, use FROM (SELECT rom_id, blob_id, 'artifact ' || role"
                     " AS use FROM artifact UNION ALL SELECT rom_id, blob_id, 'index of format ' ||"
                     " format_version FROM rom_index) LEFT JOIN rom ON rom.id = rom_id WHERE blob_id = ?1"
                     " UNION ALL SELECT 'release sha256:' || lower(hex(release_hash)), 'report' FROM release"
                     " WHERE report_blob_id = ?1"
                     " UNION ALL SELECT 'release sha256:' || lower(hex(release_hash)), 'policy' FROM release"
                     " WHERE policy_blob_id = ?1 ORDER BY 1, 2");
      select.bind(1, blob.id);
      while (select.executeStep()) {
        used = true;
        problem(select.getColumn(0).getString() + " " + select.getColumn(1).getString(), name + ": " + why);
      }
      return {};
    });
    if (!used)
      problem(name, why);
  }

  void checkRecords() {
    std::set<std::int64_t> ids;
    step("database", [&]() -> Result<void> {
      SQLite::Statement select(database_, "SELECT id FROM rom NOT INDEXED");
      while (select.executeStep())
        ids.insert(select.getColumn(0).getInt64());
      return {};
    });
    for (const std::int64_t id : ids) {
      const std::string title = "ROM number " + std::to_string(id);
      const Result<void> sound = guarded(title, "", [&]() -> Result<void> {
        RomReader reader(database_);
        ROMLINK_ASSIGN(const RomReader::Row row, reader.read(id));
        if (recordDigest(row.rom) != row.recordDigest)
          problem(row.rom.name + "@" + row.rom.version,
                  "the record does not match its digest: a part of it is lost or altered");
        else if (row.rom.artifacts.empty())
          problem(row.rom.name + "@" + row.rom.version, "the record has no artifacts");
        // Found by its keys, too: an index may have lost it.
        else if (findByImageHash(database_, row.rom.imageHash) != id ||
                 findByName(database_, row.rom.name, row.rom.version) != id)
          problem(row.rom.name + "@" + row.rom.version,
                  "the record cannot be found by its image hash or name");
        ROMLINK_ASSIGN(const auto indexes, readIndexes(database_, id));
        for (const RomIndexRow& index : indexes)
          if (indexDigest(row.rom.imageHash, index.index) != index.recordDigest)
            problem(row.rom.name + "@" + row.rom.version + " index of format " +
                        std::to_string(index.index.formatVersion),
                    "the record does not match its digest: a part of it is altered");
        return {};
      });
      if (!sound)
        problem(sound.error().where.empty() ? title : sound.error().where, sound.error().why);
    }
  }

  SQLite::Database& database_;
  const std::function<void(const VerifyProgress&)>& progress_;
  std::vector<std::string> problems_;
};

} // namespace

std::vector<std::string> verifyAll(SQLite::Database& database,
                                   const std::function<void(const VerifyProgress&)>& progress) {
  return Verifier(database, progress).run();
}

} // namespace romlink::store
