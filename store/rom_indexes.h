// ROM indexes as rows: one row in `rom_index` for each format of a ROM's index (schema/002_rom_index.sql).
//
// All functions throw SQLite::Exception.
#pragma once

#include "store/archive.h"

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <optional>
#include <vector>

namespace romlink::store {

/// A row as it is stored. `digest` and `size` of a damaged row's blob may be missing.
struct RomIndexRow {
  RomIndex index;
  Digest recordDigest; ///< as stored; indexDigest() unless the row is damaged
};

/// The ROM's indexes by format. Damaged: a value that no romlink wrote.
Result<std::vector<RomIndexRow>> readIndexes(SQLite::Database& database, std::int64_t romId);

/// Adds the index if the ROM has none of its format; the one that is there then.
/// REQUIRES: a write transaction is open.
Result<RomIndex> insertIndex(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                             const RomIndexSource& source);

/// SHA-256 over the row, in the form that docs/archive_format.md gives.
Digest indexDigest(const Digest& imageHash, const RomIndex& index);

} // namespace romlink::store
