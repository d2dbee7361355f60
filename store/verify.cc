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
#include "store/schema_check.h"
#include "store/sketches.h"
#include "store/sqlite_error.h"
#include "store/withdrawals.h"

#include <SQLiteCpp/Transaction.h>
#include <map>
#include <set>

namespace romlink::store {
namespace {

// What no digest covers: queries that name the rows that no romlink wrote.
struct RowCheck {
  const char* why;
  const char* query;
};
constexpr const char* kGap = "its rows are not numbered 0, 1, 2, ...: one is lost or altered";
constexpr const char* kNumber = "a number is impossible";
constexpr RowCheck kRowChecks[] = {
    {kGap, "SELECT 'blob number ' || blob_id FROM chunk GROUP BY blob_id"
           " HAVING min(position) <> 0 OR max(position) + 1 <> count(*)"
           " OR sum(chunk.size) <> (SELECT size FROM blob WHERE id = blob_id)"},
    {kGap,
     "SELECT (SELECT name || '@' || version FROM rom WHERE id = rom_id) || ' ' || kind || ' ranges'"
     " FROM address_range GROUP BY rom_id, kind HAVING min(position) <> 0 OR max(position) + 1 <> count(*)"
     " OR (kind = 'shared_ram' AND count(*) > 1)"},
    {kGap,
     "SELECT (SELECT name || '@' || version FROM rom WHERE id = rom_id) || ' notes' FROM note GROUP BY rom_id"
     " HAVING min(position) <> 0 OR max(position) + 1 <> count(*)"},
    {kGap,
     "SELECT (SELECT name || '@' || version FROM rom WHERE id = rom_id) || ' withdrawals' FROM withdrawal"
     " GROUP BY rom_id HAVING min(position) <> 0 OR max(position) + 1 <> count(*)"},
    {kGap,
     "SELECT 'release sha256:' || (SELECT lower(hex(release_hash)) FROM release WHERE id = release_id) || ' "
     "ROMs'"
     " FROM release_rom GROUP BY release_id HAVING min(position) <> 0 OR max(position) + 1 <> count(*)"},
    {kGap,
     "SELECT 'release sha256:' || (SELECT lower(hex(release_hash)) FROM release WHERE id = release_id) ||"
     " ' arguments' FROM release_argument GROUP BY release_id"
     " HAVING min(position) <> 0 OR max(position) + 1 <> count(*)"},
    {kNumber, "SELECT name || '@' || version FROM rom WHERE image_size NOT BETWEEN 0 AND 4294967295"
              " OR entry NOT BETWEEN 0 AND 4294967295 OR function_count NOT BETWEEN 0 AND 4294967295"
              " OR object_count NOT BETWEEN 0 AND 4294967295"},
    {kNumber,
     "SELECT (SELECT name || '@' || version FROM rom WHERE id = rom_id) || ' index of format ' ||"
     " format_version FROM rom_index WHERE format_version > 4294967295"
     " OR function_count NOT BETWEEN 0 AND 4294967295 OR reference_count NOT BETWEEN 0 AND 4294967295"},
    {kNumber, "SELECT (SELECT name || '@' || version FROM rom WHERE id = rom_id) || ' sketch of format ' ||"
              " format_version FROM rom_sketch WHERE format_version > 4294967295"},
    {kNumber, "SELECT 'release sha256:' || lower(hex(release_hash)) FROM release"
              " WHERE saved_bytes NOT BETWEEN -2147483648 AND 2147483647"},
};

class Verifier {
public:
  Verifier(SQLite::Database& database, const std::function<void(const VerifyProgress&)>& progress)
      : database_(database), progress_(progress) {}

  Verification run(const WrittenDown& writtenDown) {
    step("database", [&] { return checkDatabase(); });
    step("database", [&] { return checkForeignKeys(); });
    step("database", [&] { return checkSchema(); });
    checkBlobs();
    checkRecords();
    const Problem name = [&](const std::string& where, const std::string& why) { problem(where, why); };
    for (const auto verify :
         {verifyBodies, verifySketches, verifyAdvisories, verifyReleases, verifyWithdrawals})
      step("database", [&]() -> Result<void> {
        verify(database_, name);
        return {};
      });
    checkRows();
    Verification found;
    step("log", [&]() -> Result<void> {
      const SQLite::Transaction snapshot(database_);
      verifyLog(database_, writtenDown, name, found);
      return {};
    });
    found.problems = std::move(problems_);
    return found;
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
    for (const std::string& why : schemaProblems(database_, schemaSteps().back().version))
      problem("database", why);
    return {};
  }

  void checkRows() {
    for (const RowCheck& check : kRowChecks)
      step("database", [&]() -> Result<void> {
        for (SQLite::Statement select(database_, check.query); select.executeStep();)
          problem(select.isColumnNull(0) ? "database" : select.getColumn(0).getString(), check.why);
        return {};
      });
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
    ROMLINK_TRY(checkBlob(database_, blob));
    const auto found = findBlob(database_, blob.digest);
    if (!found || found->id != blob.id)
      return fail(ErrorCode::Damaged, "", "", "it cannot be found by its digest");
    return {};
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
        ROMLINK_ASSIGN(const RomReader::Row row, reader.readUnchecked(id));
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

Verification verifyAll(SQLite::Database& database, const WrittenDown& writtenDown,
                       const std::function<void(const VerifyProgress&)>& progress) {
  return Verifier(database, progress).run(writtenDown);
}

} // namespace romlink::store
