// The archive's database connections: one that writes, and as many that read as there are readers at a time.
//
// SQLite's WAL mode lets readers go on, on the state of the last commit, while a transaction is written. That
// needs a connection for each: SQLite serialises the users of one connection. Idle reading connections are
// kept for the next reader, at most kIdleReaders of them.
//
// Thread-safety: write() and read() from any thread. A lease belongs to the thread that asked for it.
#pragma once

#include "base/error.h"
#include "base/signature.h"

#include <SQLiteCpp/Database.h>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

namespace romlink::store {

/// In the archive's folder, if no other is given.
inline constexpr const char* kSigningKeyFile = "signing-key.pem";

class Connections {
public:
  static constexpr std::size_t kIdleReaders = 8;
  static constexpr int kBusyTimeoutMs = 10'000; ///< how long to wait for another process's transaction

  /// Opens `directory`/archive.db, creating both if missing, and brings the schema up to date. The log is
  /// signed with the key in `signingKey`; by default that is `directory`/signing-key.pem, which is made if
  /// missing. Throws SQLite::Exception.
  static Result<std::unique_ptr<Connections>> open(const std::filesystem::path& directory,
                                                   int busyTimeoutMs = kBusyTimeoutMs,
                                                   const std::filesystem::path& signingKey = {});

  /// The writing connection; the next writer waits until the lease ends.
  class Writer {
  public:
    SQLite::Database& operator*() const { return database_; }

  private:
    friend Connections;
    Writer(std::mutex& mutex, SQLite::Database& database) : lock_(mutex), database_(database) {}
    std::unique_lock<std::mutex> lock_;
    SQLite::Database& database_;
  };
  Writer write() { return {writerMutex_, *writer_}; }

  /// A reading connection; goes back to the pool when the lease ends.
  class Reader {
  public:
    Reader(Connections& pool, std::unique_ptr<SQLite::Database> database)
        : pool_(pool), database_(std::move(database)) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { pool_.giveBack(std::move(database_)); }
    SQLite::Database& operator*() const { return *database_; }

  private:
    Connections& pool_;
    std::unique_ptr<SQLite::Database> database_;
  };
  Reader read();

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const SigningKey& signingKey() const { return *signingKey_; }
  [[nodiscard]] const std::filesystem::path& signingKeyFile() const { return signingKeyFile_; }

private:
  Connections(std::filesystem::path file, int busyTimeoutMs);
  void giveBack(std::unique_ptr<SQLite::Database> database) noexcept;

  std::filesystem::path file_;
  int busyTimeoutMs_;
  std::filesystem::path signingKeyFile_;
  std::unique_ptr<SigningKey> signingKey_; // set by open()
  // Closed after the readers: the last connection copies the -wal file into the database, which a reader
  // cannot.
  std::unique_ptr<SQLite::Database> writer_;
  std::mutex writerMutex_;
  std::mutex idleMutex_;
  std::vector<std::unique_ptr<SQLite::Database>> idle_;
};

} // namespace romlink::store
