// The bodies of ROM functions, by which the same code is found in other ROMs: for each function of a ROM, the
// first five bytes of its body's digest, and one row that seals them (schema/003_audit.sql).
//
// Five bytes keep a row near 16 bytes of disk, with 100,000 ROMs of 1,000 functions. They name candidates
// only: of a hundred million bodies one in ten thousand questions finds a ROM too many. Whoever asks looks
// into that ROM's index, which has the whole digests.
//
// All functions throw SQLite::Exception.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace romlink::store {

/// Adds the bodies of a ROM's index of this format, unless they are there.
/// REQUIRES: a write transaction is open.
void insertBodies(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                  std::uint32_t formatVersion, const std::vector<Digest>& bodies,
                  std::uint32_t unknownBodies);

/// Names every set that does not match its digest.
void verifyBodies(SQLite::Database& database,
                  const std::function<void(const std::string& where, const std::string& why)>& problem);

/// The first five bytes as a big-endian number.
std::int64_t headOf(const Digest& body);

} // namespace romlink::store
