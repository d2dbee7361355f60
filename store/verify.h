// Checks everything the archive holds and names what is damaged, without stopping at the first problem.
//
// 1. SQLite's own checks of the file: integrity_check, foreign_key_check. The tables and triggers are those
// that
//    schema/*.sql make; without the triggers the archive would work, but nothing would protect it.
// 2. Every blob is read and re-hashed. A damaged one is named by its digest, and by every artifact
//    and index that it is.
// 3. Every record is put together and compared with its digest (record.h), every index, too
//    (rom_indexes.h); so are the ROMs' bodies (bodies.h), advisories (advisories.h) and releases
//    (releases.h).
//
// Limits: damage to SQLite's pages can hide rows from 2 and 3; 1 reports it then, as damage of the database.
#pragma once

#include "store/archive.h"

#include <SQLiteCpp/Database.h>

namespace romlink::store {

/// The problems, one line each, in the order above; none: the archive is sound. Does not throw: what SQLite
/// throws here is a problem found.
std::vector<std::string> verifyAll(SQLite::Database& database,
                                   const std::function<void(const VerifyProgress&)>& progress);

} // namespace romlink::store
