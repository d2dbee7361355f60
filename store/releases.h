// Release records as rows: one row in `release`, and the rows of five tables that refer to it, which it seals
// (schema/003_audit.sql).
//
// All functions throw SQLite::Exception.
#pragma once

#include "base/error.h"
#include "store/release.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <functional>

namespace romlink::store {

/// SHA-256 of what was linked and what came out, in the form that docs/archive_format.md gives.
Digest releaseId(const Release& release);

/// Sorts inputs and shares.
ReleaseSource normalised(ReleaseSource source);

/// Archives the release with its report and policy, unless it is there.
/// REQUIRES: a write transaction is open; `source` is normalised, its `id`, `policy`, `report` are set.
/// NotFound: no such ROM. Usage: no ROM at all.
Result<ArchivedRelease> insertRelease(SQLite::Database& database, const ReleaseSource& source);

std::optional<std::int64_t> findRelease(SQLite::Database& database, const Digest& id);
/// The row id of the release that `reference` names: "sha256:HEX", or 8 or more of its digits. NotFound:
/// none. Usage: several, or no reference at all.
Result<std::int64_t> resolveRelease(SQLite::Database& database, const std::string& reference);

/// Damaged: no such row, or a value no romlink wrote.
Result<Release> readRelease(SQLite::Database& database, std::int64_t id);
/// By address, then name.
std::vector<ReleaseShare> readShares(SQLite::Database& database, std::int64_t id);

/// Names every record that does not match its digest.
void verifyReleases(SQLite::Database& database,
                    const std::function<void(const std::string& where, const std::string& why)>& problem);

} // namespace romlink::store
