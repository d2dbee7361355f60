// See connections.h.
#include "store/connections.h"

#include "store/log.h"
#include "store/migrations.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

class Descriptor {
public:
  explicit Descriptor(const fs::path& directory)
      : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

private:
  int fd_;
};

tl::unexpected<Error> noDirectory(const fs::path& directory, const std::string& why) {
  return fail(ErrorCode::Internal, "cannot open the archive", directory.string(), why,
              "name a folder that exists or can be created, and that you may write to");
}

// A new folder's name is on disk only once the folder that holds it has been synced.
Result<void> createDurably(const fs::path& directory) {
  std::error_code status;
  if (fs::is_directory(directory, status))
    return {};
  const fs::path parent = directory.parent_path();
  if (!parent.empty() && parent != directory)
    ROMLINK_TRY(createDurably(parent));
  fs::create_directory(directory, status);
  if (status)
    return noDirectory(directory, status.message());
  const Descriptor opened(parent.empty() ? fs::path(".") : parent);
  if (opened.get() >= 0)
    ::fsync(opened.get());
  return {};
}

/// REQUIRES: no other program opens the archive meanwhile, which might make a key, too.
Result<SigningKey> keyOf(const fs::path& file, bool given) {
  std::error_code status;
  return given || fs::exists(file, status) ? SigningKey::read(file) : SigningKey::create(file);
}

void configure(SQLite::Database& database) {
  // FULL: a commit returns when the -wal file is on disk. cell_size_check: damage shows as an error early.
  // journal_size_limit: the -wal file of one huge publish does not stay.
  database.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
                "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864");
}

} // namespace

Connections::Connections(fs::path file, int busyTimeoutMs)
    : file_(std::move(file)), busyTimeoutMs_(busyTimeoutMs),
      writer_(std::make_unique<SQLite::Database>(
          file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX,
          busyTimeoutMs)) {}

Result<std::unique_ptr<Connections>> Connections::open(const fs::path& directory, int busyTimeoutMs,
                                                       const fs::path& signingKey) {
  const fs::path absolute = fs::absolute(directory).lexically_normal();
  const fs::path folder = absolute.has_filename() ? absolute : absolute.parent_path();
  ROMLINK_TRY(createDurably(folder));
  // Two programs may start with the same new folder at once; SQLite's switch to WAL mode does not wait.
  const Descriptor lock(folder);
  if (lock.get() < 0)
    return noDirectory(folder, std::strerror(errno));
  while (::flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR)
      return noDirectory(folder, std::strerror(errno));

  const fs::path file = folder / "archive.db";
  ROMLINK_TRY(checkHeader(file));
  std::unique_ptr<Connections> connections(new Connections(file, busyTimeoutMs));
  connections->signingKeyFile_ = signingKey.empty() ? folder / kSigningKeyFile : fs::absolute(signingKey);
  SQLite::Database& writer = *connections->writer_;
  // Until migrate() has accepted the database it may be someone else's: closing must not tidy it up.
  sqlite3_db_config(writer.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  configure(writer);
  const auto needKey = [&]() -> Result<void> {
    if (connections->signingKey_ == nullptr) {
      ROMLINK_ASSIGN(SigningKey key, keyOf(connections->signingKeyFile_, !signingKey.empty()));
      connections->signingKey_ = std::make_unique<SigningKey>(std::move(key));
    }
    return {};
  };
  const auto sign = [&](int version) -> Result<void> {
    if (version < kLogVersion)
      return {};
    ROMLINK_TRY(needKey());
    if (version == kLogVersion)
      return beginLog(writer, *connections->signingKey_);
    ROMLINK_ASSIGN(MerkleTree tree, signedTree(writer));
    return signLog(writer, std::move(tree), *connections->signingKey_);
  };
  ROMLINK_TRY(migrate(writer, file.string(), sign));
  sqlite3_db_config(writer.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  sqlite3_db_config(writer.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (sqlite3_db_readonly(writer.getHandle(), "main") == 1)
    return fail(ErrorCode::Internal, "cannot open the archive", file.string(), "it is read-only",
                "romlink must be able to write archive.db and to create files beside it");
  ROMLINK_TRY(needKey());
  ::fsync(lock.get());
  return connections;
}

Connections::Reader Connections::read() {
  {
    const std::lock_guard lock(idleMutex_);
    if (!idle_.empty()) {
      auto database = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(database)};
    }
  }
  // Not OPEN_READONLY: integrity_check then leaves the CHECK constraints out (seen with SQLite 3.40).
  auto database = std::make_unique<SQLite::Database>(
      file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, busyTimeoutMs_);
  configure(*database);
  database->exec("PRAGMA query_only = ON");
  return {*this, std::move(database)};
}

void Connections::giveBack(std::unique_ptr<SQLite::Database> database) noexcept {
  const std::lock_guard lock(idleMutex_);
  if (idle_.size() < kIdleReaders)
    try {
      idle_.push_back(std::move(database));
    } catch (const std::bad_alloc&) {
      database.reset();
    }
}

} // namespace romlink::store
