// Checks everything the archive holds and names what is damaged, without stopping at the first problem.
//
// 1. SQLite's own checks of the file: integrity_check, foreign_key_check. The tables and triggers are those
// that
//    schema/*.sql make; without the triggers the archive would work, but nothing would protect it.
// 2. Every blob is read and re-hashed. A damaged one is named by its digest, and by every artifact
//    and index that it is.
// 3. Every record is put together and compared with its digest (record.h), every index, too
//    (rom_indexes.h); so are the ROMs' bodies (bodies.h), sketches (sketches.h), advisories (advisories.h),
//    releases (releases.h) and withdrawals (withdrawals.h). What is in no digest, the rows' numbering, has no
//    gaps.
// 4. The log over all records is made again and compared with its signed heads (verify_log.h).
//
// Limits: damage to SQLite's pages can hide rows from 2, 3 and 4; 1 reports it then, as damage of the
// database.
#pragma once

#include "store/archive.h"
#include "store/verify_log.h"

#include <SQLiteCpp/Database.h>

namespace romlink::store {

/// The problems, one line each, in the order above; none: the archive is sound. Does not throw: what SQLite
/// throws here is a problem found.
Verification verifyAll(SQLite::Database& database, const WrittenDown& writtenDown,
                       const std::function<void(const VerifyProgress&)>& progress);

} // namespace romlink::store
