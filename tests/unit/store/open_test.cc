// Opening: new archives, old ones, and what is not ours, which must stay as it is.
#include "fixture.h"
#include "store/connections.h"
#include "store/migrations.h"
#include "store/record.h"
#include "store/sqlite_error.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Open : public StoreTest {
protected:
  Error refusal() const {
    const auto archive = Archive::open(directory());
    if (archive)
      throw std::runtime_error("it was opened");
    EXPECT_THAT(archive.error().where, HasSubstr(directory().string()));
    return archive.error();
  }
  // The refusal of a database that someone else made, after checking that it was left alone.
  Error refusalOfForeign(const std::string& statements) {
    fs::create_directories(directory());
    sql(database(), statements);
    const auto before = ok(readFile(database()));
    const Error error = refusal();
    EXPECT_EQ(ok(readFile(database())), before);
    EXPECT_FALSE(fs::exists(database().string() + "-wal"));
    return error;
  }
};

TEST_F(Open, createsFoldersAndIsSafeByDefault) {
  const fs::path deep = folder() / "a" / "b" / "c";
  ok(Archive::open(deep));
  ok(Archive::open(deep / "")); // a trailing separator
  EXPECT_THAT(sql(deep / "archive.db", "PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode;"
                                       "PRAGMA integrity_check"),
              ElementsAre("1380732491", std::to_string(schemaSteps().back().version), "wal", "ok"));
  const auto connections = ok(Connections::open(deep));
  const auto pragma = [](SQLite::Database& database, const char* name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt();
  };
  const auto writer = connections->write();
  const auto reader = connections->read();
  for (SQLite::Database* database : {&*writer, &*reader}) {
    EXPECT_EQ(pragma(*database, "synchronous"), 2);
    EXPECT_EQ(pragma(*database, "foreign_keys"), 1);
    EXPECT_EQ(pragma(*database, "busy_timeout"), Connections::kBusyTimeoutMs);
  }
  EXPECT_THROW((*reader).exec("CREATE TABLE t (a)"), SQLite::Exception);
}

TEST_F(Open, aSecondOpenerSeesTheSameArchive) {
  Archive first = open();
  const Archive second = open();
  ok(first.publish(romRecord("bl2", "1", "a"), {source("elf", "x")}));
  EXPECT_EQ(ok(second.find("bl2@1")).name, "bl2");
}

TEST_F(Open, manyOpenersOfANewFolderAtOnce) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(directory());
    std::vector<std::thread> threads;
    std::vector<std::string> errors(8);
    for (std::string& error : errors)
      threads.emplace_back([&] {
        if (const auto archive = Archive::open(directory()); !archive)
          error = archive.error().line();
      });
    for (std::thread& thread : threads)
      thread.join();
    EXPECT_THAT(errors, testing::Each(IsEmpty()));
  }
}

TEST_F(Open, schemaStepsAreNumberedWithoutGapsAndSetTheirVersion) {
  int version = 0;
  for (const SchemaStep& step : schemaSteps()) {
    EXPECT_EQ(step.version, ++version);
    const fs::path file = folder() / "by_hand.db";
    sql(file, std::string(step.sql));
    EXPECT_THAT(sql(file, "PRAGMA user_version"), ElementsAre(std::to_string(version)));
  }
  EXPECT_GE(version, 1);
}

// Each later version adds its own case here: made by the steps before it, opened, used.
TEST_F(Open, archiveOfVersion1IsBroughtUpToDate) {
  fs::create_directories(directory());
  sql(database(), std::string(schemaSteps().front().sql));
  Archive archive = open();
  ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", "x")}));
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
  EXPECT_THAT(sql(database(), "PRAGMA user_version"),
              ElementsAre(std::to_string(schemaSteps().back().version)));
}

TEST_F(Open, setsOfVersion1GetTheirIndexInVersion2) {
  fs::create_directories(directory());
  sql(database(), std::string(schemaSteps().front().sql));
  const Digest hash = romRecord("bl2", "1", "a").imageHash;
  RomRecord rom;
  rom.imageHash = hash;
  rom.name = "bl2";
  rom.version = "1";
  sql(database(), "INSERT INTO rom VALUES (1, x'" + hash.hex() + "', 'bl2', '1', '', 0, 0, '', 0, 0, '', x'" +
                      recordDigest(rom).hex() + "')");
  Archive archive = open();
  EXPECT_THAT(ok(archive.find("bl2@1")).indexes, IsEmpty());
  ok(archive.addIndex(hash, indexSource(3, "three")));
  ASSERT_EQ(ok(archive.find("bl2@1")).indexes.size(), 1U);
  EXPECT_EQ(ok(archive.find("bl2@1")).indexes.front().digest, sha256Of(std::string_view("three")));
}

TEST_F(Open, setsOfVersion2GetAdvisoriesAndReleasesInVersion3) {
  fs::create_directories(directory());
  sql(database(), std::string(schemaSteps()[0].sql) + std::string(schemaSteps()[1].sql));
  const RomRecord rom = romRecord("bl2", "1", "a");
  sql(database(), "INSERT INTO rom VALUES (1, x'" + rom.imageHash.hex() +
                      "', 'bl2', '1', '', 1, 1, '', 0, 0, '', zeroblob(32));"
                      "INSERT INTO blob VALUES (1, x'" +
                      sha256Of(std::string_view("")).hex() +
                      "', 0); INSERT INTO rom_index VALUES (1, 3, 0, 0, 1, zeroblob(32))");
  Archive archive = open();
  EXPECT_EQ(ok(archive.romsWithoutBodies(3)).size(), 1U) << "its index is of a time before";
  RomIndexSource index = indexSource(3, "three");
  index.bodies = {sha256Of(std::string_view("f"))};
  ok(archive.addIndex(rom.imageHash, index));
  EXPECT_EQ(ok(archive.romsWithBodies(index.bodies, 3)).size(), 1U);
  ok(archive.recordAdvisory(advisoryOf("A", rom, {"f"})));
  ok(archive.archiveRelease(releaseOf({rom}, "1")));
  EXPECT_EQ(ok(archive.stats()).releases, 1U);
}

TEST_F(Open, newerArchiveIsRefusedUntouched) {
  ok(Archive::open(directory()));
  const Error error = refusalOfForeign("PRAGMA user_version = 99");
  EXPECT_EQ(error.code, ErrorCode::Malformed);
  EXPECT_THAT(error.why, HasSubstr("newer romlink (schema version 99"));
  EXPECT_THAT(error.hint, HasSubstr("not changed"));
}

TEST_F(Open, foreignDatabasesAreRefusedUntouched) {
  for (const char* statements :
       {"CREATE TABLE t (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 1; CREATE TABLE t (a)",
        "PRAGMA journal_mode = WAL; PRAGMA application_id = 7", "PRAGMA user_version = 3",
        "PRAGMA application_id = 7; CREATE TABLE t (a)"}) {
    SCOPED_TRACE(statements);
    fs::remove_all(directory());
    const Error error = refusalOfForeign(statements);
    EXPECT_EQ(error.code, ErrorCode::Malformed);
    EXPECT_THAT(error.why, HasSubstr("another program"));
  }
}

TEST_F(Open, whatIsNoDatabaseIsRefusedUntouched) {
  fs::create_directories(directory());
  for (const std::string& content : {std::string("hello"), std::string(5000, 'x')}) {
    ok(writeFile(database(), asBytes(content)));
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::Malformed);
    EXPECT_THAT(error.why, HasSubstr("not an SQLite database"));
    EXPECT_EQ(asText(ok(readFile(database()))), content);
  }
  fs::remove(database());
  fs::create_directory(database());
  EXPECT_THAT(refusal().why, HasSubstr("not a regular file"));
}

TEST_F(Open, anEmptyFileBecomesAnArchive) {
  fs::create_directories(directory());
  ok(writeFile(database(), {}));
  EXPECT_EQ(ok(open().stats()).roms, 0U);
}

TEST_F(Open, aLostDatabaseIsNotTakenForANewArchive) {
  const fs::path wal = database().string() + "-wal";
  const auto commits = asBytes("commits");
  fs::create_directories(directory());
  ok(writeFile(wal, commits));
  for (const bool empty : {false, true}) {
    if (empty)
      ok(writeFile(database(), {}));
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::Damaged);
    EXPECT_THAT(error.why, HasSubstr("archive.db-wal"));
    EXPECT_EQ(asText(ok(readFile(wal))), "commits");
    EXPECT_EQ(fs::exists(database()), empty);
  }
}

TEST_F(Open, aFileInTheFoldersPlaceIsRefused) {
  ok(writeFile(directory(), asBytes("x")));
  EXPECT_EQ(refusal().code, ErrorCode::Internal);
  EXPECT_EQ(Archive::open(directory() / "below").error().code, ErrorCode::Internal);
}

// Root may write anywhere, so a child without privileges tries.
std::string errorWithoutPrivileges(const std::function<Result<void>()>& attempt) {
  int report[2];
  if (::pipe(report) != 0)
    throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0)
      ::_exit(1);
    const auto done = attempt();
    const std::string text = done ? "it was done" : done.error().line() + "\n" + done.error().hint;
    ::_exit(::write(report[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(report[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(report[0], text.data(), text.size()))));
  ::close(report[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

TEST_F(Open, readOnlyFolderIsOneClearLine) {
  const auto attempt = [&]() -> Result<void> {
    ROMLINK_TRY(Archive::open(directory()));
    return {};
  };
  fs::permissions(folder(), fs::perms(0755));
  fs::create_directory(directory());
  fs::permissions(directory(), fs::perms(0555));
  EXPECT_THAT(errorWithoutPrivileges(attempt),
              AllOf(HasSubstr("cannot open the archive: "), HasSubstr("permission"),
                    HasSubstr("must be able to write")));
  fs::permissions(directory(), fs::perms(0755));
  ok(Archive::open(directory()));
  fs::permissions(database(), fs::perms(0444));
  fs::permissions(directory(), fs::perms(0555));
  EXPECT_THAT(errorWithoutPrivileges(attempt),
              AllOf(HasSubstr("cannot open the archive: "), HasSubstr("read-only"),
                    HasSubstr("must be able to write")));
  fs::permissions(directory(), fs::perms(0755));
}

TEST_F(Open, aLockedDatabaseIsUnavailable) {
  ok(Archive::open(directory()));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(database().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE", nullptr, nullptr, nullptr),
      SQLITE_OK);
  const auto opened =
      guarded("cannot open the archive", "", [&] { return Connections::open(directory(), 20); });
  sqlite3_close(other);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Unavailable);
  EXPECT_THAT(opened.error().why, HasSubstr("locked"));
}

} // namespace
} // namespace romlink::store
