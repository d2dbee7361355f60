// Withdrawals as rows: a ROM's last one counts (schema/004_log.sql).
//
// All functions throw SQLite::Exception.
#pragma once

#include "base/digest.h"
#include "store/withdrawal.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <functional>
#include <optional>

namespace romlink::store {

/// Usage: no reason, or one that cannot be shown on every terminal.
Result<void> check(const Withdrawal& withdrawal);

/// Adds the withdrawal, unless the ROM's last one says the same, or there is nothing to take back. True:
/// added. REQUIRES: a write transaction is open; check() passed, `withdrawnAt` is set.
Result<bool> insertWithdrawal(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                              const Withdrawal& withdrawal);

/// Adds the withdrawal of another archive if it is stricter than what holds here, and was never said here
/// before. So nothing that a person decided here is undone, however often it comes. True: added. REQUIRES: as
/// above.
Result<bool> adoptWithdrawal(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                             const Withdrawal& withdrawal);

/// Reads the columns links, reason, withdrawn_at. Damaged: a value that no romlink wrote.
Result<Withdrawal> withdrawalIn(SQLite::Statement& row);

/// Is this, read from a row that goes on with position and record_digest, what was recorded?
bool matchesDigest(SQLite::Statement& row, const Digest& imageHash, const Withdrawal& withdrawal);

/// Names every record that does not match its digest.
void verifyWithdrawals(SQLite::Database& database,
                       const std::function<void(const std::string& where, const std::string& why)>& problem);

} // namespace romlink::store
