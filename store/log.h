// The archive's log: one entry for every record, a Merkle tree over them, and the signed heads
// (schema/004_log.sql).
//
// Triggers append the entry of a record when it is inserted. signLog(), before each commit, adds the inner
// nodes that the new entries complete and one signed head: it reads as many nodes as the log's size has bits,
// so publishing stays as fast as it was. verify_log.h checks all of it.
//
// All functions throw SQLite::Exception.
#pragma once

#include "base/error.h"
#include "base/signature.h"
#include "store/log_head.h"
#include "store/merkle.h"

#include <SQLiteCpp/Database.h>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::store {

/// The leaf of an entry.
[[nodiscard]] Digest entryHash(std::string_view kind, const Digest& recordDigest);

/// "romlink-archive/" and the identity. Damaged: there is none.
Result<std::string> originOf(SQLite::Database& database);

/// The tree that was signed last. REQUIRES: a write transaction is open, and nothing was written in it.
/// Damaged: the log does not fit it any more; nothing may be added to it.
Result<MerkleTree> signedTree(SQLite::Database& database);

/// Signs what came since `tree`; nothing came: does nothing. REQUIRES: the same transaction as
/// signedTree()'s.
Result<void> signLog(SQLite::Database& database, MerkleTree tree, const SigningKey& key);

/// The first head, over what the archive holds already. REQUIRES: a write transaction is open; there is no
/// head yet.
Result<void> beginLog(SQLite::Database& database, const SigningKey& key);

/// Damaged: there is none, or a value that no romlink wrote.
Result<SignedHead> newestHead(SQLite::Database& database);

/// Heads were signed with it before.
bool isKnownKey(SQLite::Database& database, const PublicKey& key);

} // namespace romlink::store
