// Brings a database to the newest schema, forward only.
//
// Each file schema/NNN_*.sql takes the schema from version NNN-1 to NNN and sets PRAGMA user_version = NNN
// itself, so that a file run by hand with sqlite3 has the same effect. Here each file runs in a transaction
// of its own: a database is at one version or the next, never between. A file that was released is never
// edited again.
#pragma once

#include "base/error.h"

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace romlink::store {

/// 'RLNK', in the database header (https://www.sqlite.org/fileformat.html, offset 68): this file is an
/// archive.
inline constexpr std::int64_t kApplicationId = 0x524c4e4b;

struct SchemaStep {
  int version; ///< the version this step leads to
  std::string_view fileName;
  std::string_view sql;
};

/// All steps, ascending; built from schema/*.sql.
std::span<const SchemaStep> schemaSteps();

/// Looks at the file's header without SQLite, so that a file of someone else's is not touched at all: SQLite
/// would recover a journal or leave -wal and -shm files. A missing or empty file passes. Malformed: not a
/// database, another program's, or of a newer romlink.
Result<void> checkHeader(const std::filesystem::path& database);

/// The step that brings the log (log.h), which needs its first signed head in the same transaction.
inline constexpr int kLogVersion = 4;

/// Runs the missing steps, and `finish` before each commit, with the version that the step leads to.
/// Malformed as above, with nothing changed. Throws SQLite::Exception.
Result<void> migrate(SQLite::Database& database, const std::string& where,
                     const std::function<Result<void>(int version)>& finish);

} // namespace romlink::store
