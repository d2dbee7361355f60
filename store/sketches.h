// Sketches as rows: one row in `rom_sketch` for each format of a ROM's sketch (schema/005_sketch.sql).
//
// All functions throw SQLite::Exception.
#pragma once

#include "store/archive.h"

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace romlink::store {

/// Adds the sketch, unless the ROM has one of its format.
/// REQUIRES: a write transaction is open.
void insertSketch(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                  const Sketch& sketch);

/// As Archive::imagesAfter().
Result<std::vector<ArchivedImage>> readImages(SQLite::Database& database, std::int64_t after,
                                              std::size_t limit, std::uint32_t formatVersion);

/// As Archive::sketchOf().
Result<std::optional<Sketch>> readSketch(SQLite::Database& database, std::int64_t romId,
                                         std::uint32_t formatVersion);

/// Names every sketch that does not match its digest.
void verifySketches(SQLite::Database& database,
                    const std::function<void(const std::string& where, const std::string& why)>& problem);

} // namespace romlink::store
