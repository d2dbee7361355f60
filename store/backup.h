// Copies of a whole archive: made while it is in use, checked before they count, put in place whole.
//
// A backup is one file: the database as it was at one moment, without a -wal file, readable by plain sqlite3
// from any medium. It is copied with SQLite's online backup inside of one read transaction, so writers go on
// and no commit tears it (https://www.sqlite.org/backup.html); then it is verified as an archive is.
//
// restore() does it the other way round: the file is copied beside the place where the archive will be,
// verified, synced, and only then gets its name.
#pragma once

#include "base/error.h"
#include "store/archive.h"

#include <SQLiteCpp/Database.h>
#include <filesystem>
#include <functional>

namespace romlink::store {

/// Copies what `source` sees to `file`, which must not exist yet, and syncs it. Throws SQLite::Exception.
Result<void> copyDatabase(SQLite::Database& source, const std::filesystem::path& file,
                          const std::function<void(const CopyProgress&)>& progress);

} // namespace romlink::store
