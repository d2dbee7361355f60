// ROM sets as rows: one row in `rom`, and the rows of six tables that refer to it.
//
// insertRom() writes the referring rows first and the row of `rom` last: it is the seal after which triggers
// refuse any further row (schema/001_archive.sql). RomReader puts a record together again.
//
// All functions throw SQLite::Exception.
#pragma once

#include "store/archive.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <cstdint>
#include <optional>
#include <vector>

namespace romlink::store {

/// An artifact together with the id of its blob, ready to be inserted.
struct StoredArtifact {
  Artifact artifact;
  std::int64_t blobId = 0;
};

/// REQUIRES: a write transaction is open; `rom` is normalised, publishedAt set, artifacts as in `artifacts`.
/// The id of the new row.
std::int64_t insertRom(SQLite::Database& database, const RomRecord& rom,
                       const std::vector<StoredArtifact>& artifacts);

std::optional<std::int64_t> findByImageHash(SQLite::Database& database, const Digest& imageHash);
std::optional<std::int64_t> findByName(SQLite::Database& database, const std::string& name,
                                       const std::string& version);

/// Reads records; keeps its statements prepared, so reading many is cheap.
class RomReader {
public:
  explicit RomReader(SQLite::Database& database);

  struct Row {
    RomRecord rom;
    Digest recordDigest; ///< as stored; recordDigest(rom) unless the record is damaged
    bool withdrawalIsSound = true;
  };
  /// Damaged: no such row, a value no romlink wrote, or the record does not match its digest.
  Result<Row> read(std::int64_t id);
  /// The same, whatever the digest says.
  Result<Row> readUnchecked(std::int64_t id);

private:
  std::vector<AddressRange> ranges(std::int64_t id, const char* kind);

  SQLite::Database& database_;
  SQLite::Statement rom_;
  SQLite::Statement artifacts_;
  SQLite::Statement ranges_;
  SQLite::Statement labels_;
  SQLite::Statement notes_;
  SQLite::Statement symbols_;
  SQLite::Statement withdrawals_;
};

} // namespace romlink::store
