// Checks the log (log.h): what digests of records cannot tell, because whoever alters a record can compute
// its digest, too.
//
// 1. Entries are numbered without gaps; each has its record, and each record its entry.
// 2. The tree is made again from the entries. Each inner node that is stored must be equal, and so must the
// root of each
//    signed head at its size.
// 3. Each head's signature is verified. The newest head covers all entries.
// 4. What somebody wrote down of this archive (Witness) must fit: the archive's name, the signature, and the
// root at that size.
//
// Limits: whoever has the signing key can sign another log, and whoever can write the file can take the
// newest entries away together with their heads. Both show only in 4.
//
// Memory: about 100 bytes an entry. Throws SQLite::Exception.
#pragma once

#include "store/archive.h"

#include <SQLiteCpp/Database.h>

namespace romlink::store {

using Problem = std::function<void(const std::string& where, const std::string& why)>;

/// A witness that was read.
struct WrittenDown {
  struct Head {
    SignedNote note;
    LogHead head;
  };
  std::optional<Head> head;
  std::optional<VerifierKey> key;
};

/// Malformed: the head is no signed head, or the key no verifier key.
Result<WrittenDown> read(const Witness& witness);

/// Reports each problem; adds what else is to be said to `found`. REQUIRES: a transaction is open, so that it
/// is one state.
void verifyLog(SQLite::Database& database, const WrittenDown& writtenDown, const Problem& problem,
               Verification& found);

} // namespace romlink::store
