// Is a database's schema the one that schema/*.sql make, and nothing else?
//
// Without the triggers an archive would work, but nothing would protect it. And a file from elsewhere may
// have views or triggers that do what no romlink would.
#pragma once

#include <SQLiteCpp/Database.h>
#include <string>
#include <vector>

namespace romlink::store {

/// What is missing, altered or foreign in the schema of this version, one phrase each. Reads sqlite_schema
/// only, so it is safe on a hostile database. Throws SQLite::Exception.
std::vector<std::string> schemaProblems(SQLite::Database& database, int version);

} // namespace romlink::store
