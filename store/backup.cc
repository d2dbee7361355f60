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

/// What `done` says, as a failure to restore.
Result<void> restoring(Result<void> done) {
  if (!done)
    done.error().what = kCannotRestore;
  return done;
}

std::vector<std::string> problemsOf(const fs::path& file,
                                    const std::function<void(const VerifyProgress&)>& progress) {
  SQLite::Database copy(file.string(), SQLite::OPEN_READONLY);
  copy.exec("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
  return verifyAll(copy, {}, progress).problems;
}

/// Opens the copy of a backup as an archive, which brings it up to date, and verifies it.
Result<void> prepare(const fs::path& staging, const fs::path& signingKey, const fs::path& backup,
                     const std::function<void(const VerifyProgress&)>& progress) {
  ROMLINK_ASSIGN(const Archive archive, Archive::open(staging, signingKey));
  ROMLINK_ASSIGN(const auto problems, archive.verify(progress));
  if (problems.empty())
    return {};
  const std::string more =
      problems.size() == 1 ? "" : " (and " + std::to_string(problems.size() - 1) + " more problems)";
  return fail(ErrorCode::Damaged, kCannotRestore, backup.string(), problems.front() + more);
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
  return guarded(kCannotRestore, target.string(), [&]() -> Result<void> {
    std::error_code status;
    if (fs::exists(fs::symlink_status(target, status)))
      return fail(ErrorCode::Refused, kCannotRestore, target.string(), "there is an archive already",
                  "restore into an empty folder; archives are never overwritten");
    ROMLINK_TRY(restoring(checkHeader(backup)));
    if (!fs::is_regular_file(backup, status) || fs::file_size(backup, status) == 0)
      return fail(ErrorCode::Malformed, kCannotRestore, backup.string(), "it is not a backup of an archive");
    fs::create_directories(directory, status);
    ROMLINK_ASSIGN(const TemporaryDirectory staging, TemporaryDirectory::create(directory, "restore"));
    const fs::path copy = staging.path() / "archive.db";
    fs::copy_file(backup, copy, status);
    if (status)
      return fail(ErrorCode::Exhausted, kCannotRestore, copy.string(), status.message());
    // The key that signs from now on: the one that is there, else a new one.
    const fs::path key = directory / kSigningKeyFile;
    const bool hasKey = fs::exists(key, status);
    ROMLINK_TRY(restoring(prepare(staging.path(), hasKey ? key : fs::path(), backup, verified)));
    if (!hasKey)
      ROMLINK_TRY(place(staging.path() / kSigningKeyFile, directory));
    return place(copy, directory);
  });
}

Result<Archive> Archive::openForeign(const fs::path& directory) {
  const fs::path file = directory / "archive.db";
  constexpr const char* kWhat = "cannot open the bundle";
  return guarded(kWhat, file.filename().string(), [&]() -> Result<Archive> {
    const auto refuse = [&](std::string why) {
      return fail(ErrorCode::Malformed, kWhat, "", std::move(why),
                  "give a file that `romlink archive export` made");
    };
    ROMLINK_TRY(checkHeader(file));
    {
      SQLite::Database database(file.string(), SQLite::OPEN_READONLY);
      database.exec("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
      const auto version = database.execAndGet("PRAGMA user_version").getInt();
      if (database.execAndGet("PRAGMA application_id").getInt64() != kApplicationId || version < 1)
        return refuse("it is no archive");
      if (const auto problems = schemaProblems(database, version); !problems.empty())
        return refuse("its " + problems.front());
    }
    return open(directory);
  });
}

} // namespace romlink::store
