// Advisories as rows: one in `advisory`, one in `advisory_target` for each target (schema/003_audit.sql).
//
// An advisory has no seal: targets are added to it later, each with the next position and a digest of its
// own.
//
// All functions throw SQLite::Exception.
#pragma once

#include "store/advisory.h"

#include "base/error.h"
#include <SQLiteCpp/Database.h>
#include <functional>

namespace romlink::store {

/// Checks what a person supplied: an id without control characters, '/' or spaces at its ends, at least one
/// target. Usage otherwise.
Result<void> check(const Advisory& advisory);

/// Adds what is not recorded yet. Refused: recorded with another summary or URL (an empty one says nothing).
/// NotFound: no such ROM.
/// REQUIRES: a write transaction is open; check() passed.
Result<RecordedAdvisory> insertAdvisory(SQLite::Database& database, const Advisory& advisory,
                                        const std::string& now);

/// The advisory of this id, if any. Damaged: a value that no romlink wrote.
Result<std::optional<Advisory>> findAdvisory(SQLite::Database& database, const std::string& id);

/// All, by id.
Result<std::vector<Advisory>> readAdvisories(SQLite::Database& database);

/// Names every row that does not match its digest.
void verifyAdvisories(SQLite::Database& database,
                      const std::function<void(const std::string& where, const std::string& why)>& problem);

} // namespace romlink::store
