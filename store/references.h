// Which ROM does a reference mean?
//
//   sha256:HEX      the image hash, or a prefix of it of 8 digits or more
//   HEX             the same; or a build-id in full, also a synthetic one, which is a prefix of the hash
//   NAME@VERSION    as published
//
// Letter case does not matter in hex. A reference that fits several ROMs fits none: the error names them all.
#pragma once

#include "base/error.h"

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <set>
#include <string>

namespace romlink::store {

/// The row id of the ROM that `reference` names. NotFound: none. Usage: several, or no reference at all.
/// Throws SQLite::Exception.
Result<std::int64_t> resolve(SQLite::Database& database, const std::string& reference);

/// The row ids of Archive::findByBuildId(). Throws SQLite::Exception.
std::set<std::int64_t> romsWithBuildId(SQLite::Database& database, const std::string& buildId);

} // namespace romlink::store
