// Content-addressed blobs: a file's bytes, stored once, under their SHA-256.
//
// In:   hashSource() reads the file and names its digest; if the archive has no such blob, storeBlob() reads
// it again,
//       256 KiB at a time, compresses each piece into one zstd frame and hashes along. A file that is not the
//       same in both readings is refused, and the caller's transaction with it.
// Out:  readBlob() decompresses and hashes everything first and compares with the digest, then does it again
// and
//       hands out each piece that still has the hash it had in the first round. A blob of one piece is read
//       once.
//
// Memory: two pieces, plus 32 bytes for each piece of the blob (a 1 GiB blob: 128 KiB).
// All functions throw SQLite::Exception.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "store/archive.h"

#include <SQLiteCpp/Database.h>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace romlink::store {

inline constexpr std::size_t kChunkBytes = std::size_t{256} * 1024;
/// A row that claims more is damaged; bounds what a damaged archive can make us allocate.
inline constexpr std::size_t kLargestChunk = std::size_t{16} * 1024 * 1024;
/// zstd's default. Measured on a 6.7 MB ELF file with line tables: level 9 saves 6 % more and takes six times
/// as long, level 19 saves 14 % and takes a hundred times as long, and other writers wait meanwhile.
inline constexpr int kCompressionLevel = 3;

struct SourceFacts {
  std::uint64_t size = 0;
  Digest digest;
};

/// Size and digest of a regular file. Malformed: unreadable, or not a regular file.
Result<SourceFacts> hashSource(const std::filesystem::path& file);

struct BlobRow {
  std::int64_t id = 0;
  Digest digest;
  std::uint64_t size = 0;
};

std::optional<BlobRow> findBlob(SQLite::Database& database, const Digest& digest);

/// The id of the blob with `expected`'s digest; stores the content of `file` if there is none yet.
/// REQUIRES: a write transaction is open. Malformed: the file no longer is what `expected` says. Damaged: the
/// content is there already, and not sound.
Result<std::int64_t> storeBlob(SQLite::Database& database, const std::filesystem::path& file,
                               const SourceFacts& expected);

/// Reads the whole blob and compares it with its digest. Damaged: it differs; the error's `why` says where.
Result<void> checkBlob(SQLite::Database& database, const BlobRow& blob);

/// checkBlob(), then the content. No SQLite transaction is open while `sink` runs.
Result<void> readBlob(SQLite::Database& database, const BlobRow& blob, const Sink& sink);

} // namespace romlink::store
