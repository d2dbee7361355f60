// See backup.h.
#include "store/backup.h"

#include "base/file.h"
#include "store/archive_impl.h"
#include "store/migrations.h"
#include "store/schema_check.h"
#include "store/verify.h"

#include <SQLiteCpp/Backup.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

constexpr int kPagesAtOnce = 2048; // 8 MiB of 4 KiB pages between two reports of progress
constexpr const char* kCannotBackUp = "cannot back up the archive";
constexpr const char* kCannotRestore = "cannot restore the archive";

/// A file or folder that was written is on disk.
Result<void> sync(const fs::path& path, const char* what) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0)
    ::close(fd);
  if (!synced)
    return fail(ErrorCode::Internal, what, path.string(), std::generic_category().message(error));
  return {};
}

/// What is wrong with the file of this name, as a failure to restore it.
tl::unexpected<Error> cannotRestore(Error error, const fs::path& backup) {
  error.what = kCannotRestore;
  error.where = backup.string();
  if (error.code == ErrorCode::Malformed && error.hint.empty())
    error.hint = "give a file that `romlink archive backup` made";
  return fail(std::move(error));
}

/// Where the power or a program was lost, part of the database is in a second file.
Result<void> checkIsOneFile(const fs::path& backup) {
  for (const char* suffix : {"-wal", "-journal"}) {
    std::error_code status;
    const fs::path beside = backup.string() + suffix;
    if (fs::exists(beside, status) && fs::file_size(beside, status) > 0)
      return fail(ErrorCode::Refused, kCannotRestore, backup.string(),
                  "it is not whole without " + beside.filename().string() + ", which is beside it",
                  "it is an archive rather than a backup: let `romlink archive backup` make one of it");
  }
  return {};
}

/// Nothing of an archive may be there: SQLite would take a -wal file for the new database's.
Result<void> checkIsFree(const fs::path& target) {
  for (const char* suffix : {"", "-wal", "-journal", "-shm"}) {
    std::error_code status;
    const fs::path file = target.string() + suffix;
    if (fs::exists(fs::symlink_status(file, status)))
      return fail(ErrorCode::Refused, kCannotRestore, file.string(),
                  *suffix == '\0' ? "there is an archive already" : "it is left of another archive",
                  "restore into an empty folder; archives are never overwritten");
  }
  return {};
}

/// A restore that was killed leaves its folder; the lock is held by one at a time.
class Staging {
public:
  static Result<Staging> create(const fs::path& directory) {
    const int lock = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0)
      return fail(ErrorCode::Internal, kCannotRestore, directory.string(),
                  std::generic_category().message(errno), "name a folder that you may write to");
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock);
      return fail(ErrorCode::Refused, kCannotRestore, directory.string(), "another program uses the folder",
                  "wait for the restore that runs there, or name another folder");
    }
    fs::path path = directory / "restore.partial";
    std::error_code status;
    fs::remove_all(path, status);
    fs::create_directory(path, status);
    Staging staging(lock, std::move(path));
    if (status)
      return fail(ErrorCode::Internal, kCannotRestore, staging.path_.string(), status.message());
    return staging;
  }
  Staging(Staging&& other) noexcept : lock_(std::exchange(other.lock_, -1)), path_(std::move(other.path_)) {}
  Staging& operator=(Staging&&) = delete;
  ~Staging() {
    if (lock_ < 0)
      return;
    std::error_code status;
    fs::remove_all(path_, status);
    ::close(lock_);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

private:
  Staging(int lock, fs::path path) : lock_(lock), path_(std::move(path)) {}
  int lock_;
  fs::path path_;
};

/// Asks `cancelled` again and again while SQLite works on a database.
class Interruptible {
public:
  Interruptible(SQLite::Database& database, const std::function<bool()>& cancelled) : database_(database) {
    constexpr int kInstructions = 100'000; // some milliseconds
    sqlite3_progress_handler(
        database.getHandle(), kInstructions,
        [](void* asked) { return (*static_cast<const std::function<bool()>*>(asked))() ? 1 : 0; },
        const_cast<std::function<bool()>*>(
            &cancelled)); // NOLINT(cppcoreguidelines-pro-type-const-cast): SQLite's type
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() { sqlite3_progress_handler(database_.getHandle(), 0, nullptr, nullptr); }

private:
  SQLite::Database& database_;
};

/// Is this file from elsewhere an archive, with a schema that is romlink's and pages that are SQLite's? Until
/// that is known no query may read from it: triggers and views could do anything, and pages that lead to each
/// other never end.
Result<void> checkForeign(const fs::path& file, const char* what, const std::function<bool()>& cancelled) {
  const auto fails = [&](ErrorCode code, std::string why) { return fail(code, what, {}, std::move(why)); };
  if (const auto readable = checkHeader(file); !readable)
    return fail(readable.error().code, what, {}, readable.error().why,
                readable.error().why.find("newer romlink") != std::string::npos ? readable.error().hint
                                                                                : std::string());
  SQLite::Database database(file.string(),
                            SQLite::OPEN_READWRITE); // for CHECK constraints, too (connections.cc)
  const Interruptible interruptible(database, cancelled);
  database.exec("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
  const auto version = database.execAndGet("PRAGMA user_version").getInt();
  if (database.execAndGet("PRAGMA application_id").getInt64() != kApplicationId || version < 1)
    return fails(ErrorCode::Malformed, "it is no archive");
  if (const auto problems = schemaProblems(database, version); !problems.empty())
    return fails(ErrorCode::Damaged, "its " + problems.front());
  const std::string sound = database.execAndGet("PRAGMA integrity_check(1)").getString();
  return sound == "ok" ? Result<void>() : fails(ErrorCode::Damaged, sound);
}

std::vector<std::string> problemsOf(const fs::path& file,
                                    const std::function<void(const VerifyProgress&)>& progress) {
  SQLite::Database copy(file.string(), SQLite::OPEN_READWRITE); // for CHECK constraints, too (connections.cc)
  copy.exec("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
  return verifyAll(copy, {}, progress).problems;
}

/// Opens the copy of a backup as an archive, which brings it up to date, and verifies it.
Result<void> prepare(const fs::path& staging, const fs::path& signingKey,
                     const std::function<void(const VerifyProgress&)>& progress) {
  ROMLINK_ASSIGN(const Archive archive, Archive::open(staging, signingKey));
  ROMLINK_ASSIGN(const auto problems, archive.verify(progress));
  if (problems.empty())
    return {};
  const std::string more =
      problems.size() == 1 ? "" : " (and " + std::to_string(problems.size() - 1) + " more problems)";
  return fail(ErrorCode::Damaged, kCannotRestore, {}, problems.front() + more);
}

/// Gives the file its name in `directory`. Unlike rename(), link() does not replace what another program put
/// there meanwhile.
Result<void> place(const fs::path& file, const fs::path& directory) {
  ROMLINK_TRY(sync(file, kCannotRestore));
  std::error_code status;
  fs::create_hard_link(file, directory / file.filename(), status);
  if (status)
    return fail(ErrorCode::Internal, kCannotRestore, (directory / file.filename()).string(),
                status.message());
  return sync(directory, kCannotRestore);
}

} // namespace

Result<void> copyDatabase(SQLite::Database& source, const fs::path& file,
                          const std::function<void(const CopyProgress&)>& progress) {
  {
    SQLite::Database target(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // Nobody needs the copy if this does not reach its end; it is synced then.
    target.exec("PRAGMA synchronous = OFF");
    {
      SQLite::Backup copy(target, source);
      for (int state = SQLITE_OK; state != SQLITE_DONE;) {
        state = copy.executeStep(kPagesAtOnce);
        if (state == SQLITE_BUSY || state == SQLITE_LOCKED)
          return fail(ErrorCode::Unavailable, kCannotBackUp, file.string(), "the copy is locked");
        if (progress)
          progress({static_cast<std::uint64_t>(copy.getTotalPageCount() - copy.getRemainingPageCount()),
                    static_cast<std::uint64_t>(copy.getTotalPageCount())});
      }
    }
    target.exec("PRAGMA journal_mode = DELETE"); // one file, that read-only media can hold
  }
  return sync(file, kCannotBackUp);
}

Result<std::vector<std::string>>
Archive::backup(const fs::path& file, const std::function<void(const CopyProgress&)>& copied,
                const std::function<void(const VerifyProgress&)>& verified) const {
  ROMLINK_TRY(impl_->read([&](SQLite::Database& database) -> Result<void> {
    // The snapshot begins with the first read, and the copy stays within it.
    database.execAndGet("SELECT count(*) FROM sqlite_schema");
    return copyDatabase(database, file, copied);
  }));
  return guarded(kCannotBackUp, file.string(),
                 [&]() -> Result<std::vector<std::string>> { return problemsOf(file, verified); });
}

Result<void> Archive::restore(const fs::path& backup, const fs::path& directory,
                              const std::function<void(const VerifyProgress&)>& verified) {
  const fs::path target = directory / "archive.db";
  return guarded(kCannotRestore, backup.string(), [&]() -> Result<void> {
    std::error_code status;
    ROMLINK_TRY(checkIsFree(target));
    if (!fs::is_regular_file(backup, status) || fs::file_size(backup, status) == 0)
      return fail(ErrorCode::Malformed, kCannotRestore, backup.string(), "it is not a backup of an archive");
    ROMLINK_TRY(checkIsOneFile(backup));
    fs::create_directories(directory, status);
    ROMLINK_ASSIGN(const Staging staging, Staging::create(directory));
    const fs::path copy = staging.path() / "archive.db";
    fs::copy_file(backup, copy, status);
    if (status)
      return fail(ErrorCode::Exhausted, kCannotRestore, copy.string(), status.message(),
                  "nothing was restored; the folder's disk needs room for the backup");
    if (auto sound = checkForeign(copy, kCannotRestore, [] { return false; }); !sound)
      return cannotRestore(std::move(sound.error()), backup);
    // The key that signs from now on: the one that is there, else a new one.
    const fs::path key = directory / kSigningKeyFile;
    const bool hasKey = fs::exists(key, status);
    if (auto prepared = prepare(staging.path(), hasKey ? key : fs::path(), verified); !prepared)
      return prepared.error().code == ErrorCode::Damaged ? cannotRestore(std::move(prepared.error()), backup)
                                                         : fail(std::move(prepared.error()));
    if (!hasKey)
      ROMLINK_TRY(place(staging.path() / kSigningKeyFile, directory));
    return place(copy, directory);
  });
}

Result<Archive> Archive::openForeign(const fs::path& directory, const std::function<bool()>& cancelled) {
  constexpr const char* kWhat = "cannot open the bundle";
  const fs::path file = directory / "archive.db";
  return guarded(kWhat, {}, [&]() -> Result<Archive> {
    std::error_code status;
    if (!fs::is_regular_file(file, status) || fs::file_size(file, status) == 0)
      return fail(ErrorCode::Malformed, kWhat, {}, "it is empty");
    ROMLINK_TRY(checkForeign(file, kWhat, cancelled));
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
    if (database.execAndGet("PRAGMA user_version").getInt() < kLogVersion ||
        database.execAndGet("SELECT count(*) FROM signed_head WHERE size > 0").getInt() != 1)
      return fail(ErrorCode::Malformed, kWhat, {}, "it is not signed as a whole, by one head",
                  "an earlier romlink made it, or it was cut off: export the ROMs again");
    return open(directory);
  });
}

} // namespace romlink::store
