// See migrations.h.
#include "store/migrations.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <algorithm>
#include <array>
#include <fstream>

namespace romlink::store {
namespace {

constexpr std::string_view kForeignHint =
    "name the folder of a romlink archive, or one without an archive.db to start a new one";

tl::unexpected<Error> foreign(const std::string& where, std::string why) {
  return fail(ErrorCode::Malformed, "cannot open the archive", where, std::move(why),
              std::string(kForeignHint));
}

Result<void> checkVersion(std::int64_t version, const std::string& where) {
  const int newest = schemaSteps().back().version;
  if (version <= newest)
    return {};
  return fail(ErrorCode::Malformed, "cannot open the archive", where,
              "it was made by a newer romlink (schema version " + std::to_string(version) +
                  ", this romlink knows up to " + std::to_string(newest) + ")",
              "use that romlink or a later one; the archive was not changed");
}

/// Where there is no database, or an empty one, a new archive begins: unless something is left of an old one.
Result<void> checkNothingIsLost(const std::filesystem::path& database, const std::string& how) {
  std::error_code status;
  const std::filesystem::path wal = database.string() + "-wal";
  if (!std::filesystem::exists(wal, status) || std::filesystem::file_size(wal, status) == 0)
    return {};
  return fail(ErrorCode::Damaged, "cannot open the archive", database.string(),
              "it " + how + ", but commits of it are in " + wal.filename().string(),
              "bring the database back from where it went, or restore a backup in another folder; nothing "
              "was changed");
}

std::int64_t pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt64();
}

} // namespace

Result<void> checkHeader(const std::filesystem::path& database) {
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  const std::string where = database.string();
  std::error_code status;
  const auto type = std::filesystem::status(database, status).type();
  if (type == std::filesystem::file_type::not_found)
    return checkNothingIsLost(database, "is missing");
  if (type != std::filesystem::file_type::regular)
    return foreign(where, "it is not a regular file");
  std::ifstream in(database, std::ios::binary);
  if (!in)
    return fail(ErrorCode::Internal, "cannot open the archive", where, "no permission to read it");
  std::array<char, 100> header{};
  in.read(header.data(), header.size());
  const auto length = static_cast<std::size_t>(in.gcount());
  if (length == 0)
    return checkNothingIsLost(database, "is empty");
  // The power failed while the file was made: its journal tells SQLite that it was empty.
  const bool isBlank = std::all_of(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(length),
                                   [](char byte) { return byte == 0; });
  if (isBlank && std::filesystem::exists(where + "-journal", status))
    return {};
  if (length < header.size() || std::string_view(header.data(), kMagic.size()) != kMagic)
    return foreign(where, "it is not an SQLite database");
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i)
      value = value << 8 | static_cast<std::uint8_t>(header.at(i));
    return value;
  };
  const std::uint32_t applicationId = word(68);
  // 0: another program's, or an archive whose first transaction is still in its -wal file. migrate() tells.
  if (applicationId == 0)
    return {};
  if (applicationId != kApplicationId)
    return foreign(where, "it is another program's database");
  return checkVersion(word(60), where);
}

Result<void> migrate(SQLite::Database& database, const std::string& where,
                     const std::function<Result<void>(int version)>& finish) {
  if (pragma(database, "application_id") != kApplicationId &&
      (pragma(database, "application_id") != 0 || pragma(database, "user_version") != 0 ||
       database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt64() != 0))
    return foreign(where, "it is another program's database");
  ROMLINK_TRY(checkVersion(pragma(database, "user_version"), where));
  // Persistent; kept out of the transaction below because SQLite wants it so.
  database.exec("PRAGMA journal_mode = WAL");
  for (const SchemaStep& step : schemaSteps()) {
    if (pragma(database, "user_version") >= step.version)
      continue;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (pragma(database, "user_version") >= step.version)
      continue; // another process was faster
    database.exec(std::string(step.sql));
    if (pragma(database, "user_version") != step.version)
      return fail(ErrorCode::Internal, "cannot bring the archive up to date", where,
                  std::string(step.fileName) + " does not set its version");
    ROMLINK_TRY(finish(step.version));
    transaction.commit();
  }
  return {};
}

} // namespace romlink::store
