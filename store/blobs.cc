// See blobs.h.
#include "store/blobs.h"

#include <SQLiteCpp/Statement.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>
#include <zstd.h>

namespace romlink::store {
namespace {

// Reads a file in pieces of kChunkBytes; only the last is shorter.
class SourceFile {
public:
  explicit SourceFile(const std::filesystem::path& file)
      : name_(file.string()), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)),
        buffer_(kChunkBytes) {}
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;
  ~SourceFile() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  [[nodiscard]] Result<void> check() const {
    struct stat status{};
    if (fd_ < 0 || ::fstat(fd_, &status) != 0)
      return unreadable();
    // A pipe gives its bytes once, and storing needs them twice.
    if (!S_ISREG(status.st_mode))
      return fail(ErrorCode::Malformed, "cannot archive", name_, "not a regular file");
    return {};
  }

  // Empty at the end of the file.
  Result<Bytes> next() {
    std::size_t have = 0;
    while (have < buffer_.size()) {
      const ssize_t n = ::read(fd_, buffer_.data() + have, buffer_.size() - have);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return unreadable();
      if (n == 0)
        break;
      have += static_cast<std::size_t>(n);
    }
    return Bytes(buffer_.data(), have);
  }

private:
  [[nodiscard]] tl::unexpected<Error> unreadable() const {
    return fail(ErrorCode::Malformed, "cannot read", name_, std::strerror(errno));
  }
  std::string name_;
  int fd_;
  std::vector<std::uint8_t> buffer_;
};

class Compressor {
public:
  Compressor() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx), buffer_(ZSTD_compressBound(kChunkBytes)) {
    if (!context_)
      throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kCompressionLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  Result<Bytes> compress(Bytes plain) {
    const std::size_t n =
        ZSTD_compress2(context_.get(), buffer_.data(), buffer_.size(), plain.data(), plain.size());
    if (ZSTD_isError(n) != 0)
      return fail(ErrorCode::Internal, "cannot compress", {}, ZSTD_getErrorName(n));
    return Bytes(buffer_.data(), n);
  }

private:
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  std::vector<std::uint8_t> buffer_;
};

// Hands out a blob's chunks in order. Never trusts what the rows say.
class ChunkReader {
public:
  ChunkReader(SQLite::Database& database, const BlobRow& blob)
      : blob_(blob),
        select_(database, "SELECT size, compressed FROM chunk WHERE blob_id = ? AND position = ?") {}

  void rewind() { position_ = 0, done_ = 0; }
  [[nodiscard]] bool atEnd() const { return done_ == blob_.size; }

  // The next chunk's content, valid until the next call.
  Result<Bytes> next() {
    select_.reset();
    select_.bind(1, blob_.id);
    select_.bind(2, position_);
    if (!select_.executeStep())
      return damaged("is missing");
    const std::int64_t size = select_.getColumn(0).getInt64();
    if (size <= 0 || static_cast<std::uint64_t>(size) > kLargestChunk ||
        static_cast<std::uint64_t>(size) > blob_.size - done_)
      return damaged("has an impossible size");
    plain_.resize(static_cast<std::size_t>(size));
    const SQLite::Column compressed = select_.getColumn(1);
    const void* data = compressed.getBlob();
    const std::size_t n = ZSTD_decompress(plain_.data(), plain_.size(), data,
                                          static_cast<std::size_t>(std::max(0, compressed.getBytes())));
    // Ends the read transaction: a slow receiver must not keep SQLite from tidying its -wal file.
    select_.reset();
    if (ZSTD_isError(n) != 0)
      return damaged(std::string("does not decompress: ") + ZSTD_getErrorName(n));
    if (n != plain_.size())
      return damaged("has another size than recorded");
    done_ += n;
    ++position_;
    return Bytes(plain_);
  }

  [[nodiscard]] tl::unexpected<Error> damaged(const std::string& what) const {
    return damagedBlob("chunk " + std::to_string(position_) + " " + what);
  }
  [[nodiscard]] tl::unexpected<Error> damagedBlob(std::string why) const {
    return fail(ErrorCode::Damaged, "stored content is damaged", blob_.digest.text(), std::move(why),
                "`romlink archive verify` names what is affected; restore it from a backup");
  }
  [[nodiscard]] Bytes current() const { return plain_; }

private:
  const BlobRow& blob_;
  SQLite::Statement select_;
  std::int64_t position_ = 0;
  std::uint64_t done_ = 0;
  std::vector<std::uint8_t> plain_;
};

// Compares the blob with its digest; the digests of its chunks.
Result<std::vector<Digest>> checkChunks(ChunkReader& chunks, const Digest& expected) {
  Sha256 whole;
  std::vector<Digest> digests;
  while (!chunks.atEnd()) {
    ROMLINK_ASSIGN(const Bytes piece, chunks.next());
    whole.update(piece);
    digests.push_back(sha256Of(piece));
  }
  if (whole.finish() != expected)
    return chunks.damagedBlob("its bytes do not match its SHA-256");
  return digests;
}

} // namespace

Result<SourceFacts> hashSource(const std::filesystem::path& file) {
  SourceFile source(file);
  ROMLINK_TRY(source.check());
  SourceFacts facts;
  Sha256 hash;
  for (;;) {
    ROMLINK_ASSIGN(const Bytes piece, source.next());
    if (piece.empty())
      break;
    hash.update(piece);
    facts.size += piece.size();
  }
  facts.digest = hash.finish();
  return facts;
}

std::optional<BlobRow> findBlob(SQLite::Database& database, const Digest& digest) {
  SQLite::Statement select(database, "SELECT id, size FROM blob WHERE digest = ?");
  select.bind(1, digest.bytes.data(), static_cast<int>(digest.bytes.size()));
  if (!select.executeStep())
    return std::nullopt;
  const std::int64_t size = select.getColumn(1).getInt64();
  return BlobRow{select.getColumn(0).getInt64(), digest, size < 0 ? 0 : static_cast<std::uint64_t>(size)};
}

Result<std::int64_t> storeBlob(SQLite::Database& database, const std::filesystem::path& file,
                               const SourceFacts& expected) {
  if (const auto existing = findBlob(database, expected.digest)) {
    // Whoever publishes it again must not be told that it is safe while it is not.
    if (const auto sound = checkBlob(database, *existing); !sound)
      return fail(ErrorCode::Damaged, "cannot archive", file.filename().string(),
                  "the archive has this content, " + expected.digest.text() +
                      ", and it is damaged: " + sound.error().why,
                  "`romlink archive verify` names what is affected; restore the archive from a backup first");
    return existing->id;
  }
  const std::int64_t id = database.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM blob").getInt64();
  SourceFile source(file);
  ROMLINK_TRY(source.check());
  Compressor compressor;
  Sha256 hash;
  SQLite::Statement insert(database,
                           "INSERT INTO chunk (blob_id, position, size, compressed) VALUES (?, ?, ?, ?)");
  std::uint64_t done = 0;
  for (std::int64_t position = 0;; ++position) {
    ROMLINK_ASSIGN(const Bytes piece, source.next());
    done += piece.size();
    if (piece.empty() || done > expected.size)
      break;
    hash.update(piece);
    ROMLINK_ASSIGN(const Bytes compressed, compressor.compress(piece));
    insert.bind(1, id);
    insert.bind(2, position);
    insert.bind(3, static_cast<std::int64_t>(piece.size()));
    insert.bindNoCopy(4, compressed.data(), static_cast<int>(compressed.size()));
    insert.exec();
    insert.reset();
  }
  if (done != expected.size || hash.finish() != expected.digest)
    return fail(ErrorCode::Malformed, "cannot archive", file.string(), "the file changed while it was read",
                "publish again when nothing writes to it; nothing was archived");
  SQLite::Statement seal(database, "INSERT INTO blob (id, digest, size) VALUES (?, ?, ?)");
  seal.bind(1, id);
  seal.bind(2, expected.digest.bytes.data(), static_cast<int>(expected.digest.bytes.size()));
  seal.bind(3, static_cast<std::int64_t>(expected.size));
  seal.exec();
  return id;
}

Result<void> checkBlob(SQLite::Database& database, const BlobRow& blob) {
  ChunkReader chunks(database, blob);
  ROMLINK_TRY(checkChunks(chunks, blob.digest));
  return {};
}

Result<void> readBlob(SQLite::Database& database, const BlobRow& blob, const Sink& sink) {
  ChunkReader chunks(database, blob);
  ROMLINK_ASSIGN(const std::vector<Digest> digests, checkChunks(chunks, blob.digest));
  if (digests.size() == 1)
    return sink(chunks.current());
  chunks.rewind();
  for (const Digest& digest : digests) {
    ROMLINK_ASSIGN(const Bytes piece, chunks.next());
    if (sha256Of(piece) != digest)
      return chunks.damagedBlob("its bytes changed while it was read");
    ROMLINK_TRY(sink(piece));
  }
  return {};
}

} // namespace romlink::store
