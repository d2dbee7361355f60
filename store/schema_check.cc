// See schema_check.h.
#include "store/schema_check.h"

#include "store/migrations.h"

#include <SQLiteCpp/Statement.h>
#include <map>

namespace romlink::store {
namespace {

// By type and name. Not the two tables that ANALYZE leaves, which are harmless.
std::map<std::string, std::string> schemaOf(SQLite::Database& database) {
  std::map<std::string, std::string> schema;
  for (SQLite::Statement select(database, "SELECT type || ' ' || name, tbl_name || ' ' || coalesce(sql, '')"
                                          " FROM sqlite_schema WHERE type <> 'table' OR"
                                          " name NOT IN ('sqlite_stat1', 'sqlite_stat4')");
       select.executeStep();)
    schema.emplace(select.getColumn(0).getString(), select.getColumn(1).getString());
  return schema;
}

} // namespace

std::vector<std::string> schemaProblems(SQLite::Database& database, int version) {
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE);
  for (const SchemaStep& one : schemaSteps())
    if (one.version <= version)
      fresh.exec(std::string(one.sql));
  std::vector<std::string> problems;
  std::map<std::string, std::string> present = schemaOf(database);
  for (const auto& [name, definition] : schemaOf(fresh))
    if (const auto found = present.extract(name); found.empty() || found.mapped() != definition)
      problems.push_back(name + " is missing or altered");
  for (const auto& [name, definition] : present)
    problems.push_back(name + " is not romlink's");
  return problems;
}

} // namespace romlink::store
