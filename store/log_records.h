// The tables whose rows are records: sealed by a record_digest, with an entry in the log (log.h).
//
// A schema step that adds such a table adds the trigger that appends its entries, and the table here; a test
// compares both with the schema.
//
// All functions throw SQLite::Exception.
#pragma once

#include "base/digest.h"

#include <SQLiteCpp/Database.h>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace romlink::store {

struct RecordKind {
  std::string_view table; ///< also the kind of the log's entries
  std::string_view query; ///< record_digest, and what people call the record
};

std::span<const RecordKind> recordKinds();

/// A digest that is damaged is handed over as zeros.
void forEachRecord(SQLite::Database& database, const RecordKind& kind,
                   const std::function<void(const Digest& digest, const std::string& title)>& take);

/// The name of the record with this digest; if there is none, what an entry says of it. Reads the whole
/// table.
std::string titleOf(SQLite::Database& database, std::string_view table, const Digest& digest);

} // namespace romlink::store
