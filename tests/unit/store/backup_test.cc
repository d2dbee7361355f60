// Backups are whole, made under load, and restored whole or not at all.
#include "fixture.h"

#include <atomic>
#include <thread>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Backup : public StoreTest {
protected:
  [[nodiscard]] fs::path file() const { return folder() / "roms.backup"; }
  [[nodiscard]] fs::path restored() const { return folder() / "restored"; }

  void publishOne(Archive& archive, const std::string& version) {
    ok(archive.publish(romRecord("bl2", version, version),
                       {source("elf", noise(300'000, 7)), source("map", version)}));
  }
};

TEST_F(Backup, comesBackAsItWas) {
  Archive archive = open();
  publishOne(archive, "1.0");
  publishOne(archive, "1.1");
  EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
  EXPECT_FALSE(fs::exists(file().string() + "-wal"));
  ok(Archive::restore(file(), restored()));

  const Archive copy = ok(Archive::open(restored()));
  const auto roms = ok(copy.list("", 10, "")).roms;
  ASSERT_EQ(roms.size(), 2U);
  EXPECT_EQ(roms[0].publishedAt, ok(archive.list("", 10, "")).roms[0].publishedAt);
  EXPECT_EQ(contentOf(copy, roms[1].artifacts.at(0).digest), noise(300'000, 7));
  EXPECT_THAT(ok(copy.verify({})), IsEmpty());
}

TEST_F(Backup, isOfOneMomentWhileOthersPublish) {
  Archive archive = open();
  publishOne(archive, "0");
  std::atomic<bool> stop = false;
  std::atomic<int> published = 1;
  std::thread writer([&] {
    for (int i = 1; !stop; ++i) {
      publishOne(archive, std::to_string(i));
      published = i + 1;
    }
  });
  int last = 0;
  for (int round = 0; round < 5; ++round) {
    fs::remove(file());
    fs::remove_all(restored());
    const int before = published;
    EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
    ok(Archive::restore(file(), restored())); // verifies it
    const auto count = static_cast<int>(ok(ok(Archive::open(restored())).stats()).roms);
    EXPECT_GE(count, before);
    EXPECT_GE(count, last);
    last = count;
    while (published <= before) // the writer is not held up for good
      std::this_thread::yield();
  }
  stop = true;
  writer.join();
}

TEST_F(Backup, reportsItsProgress) {
  Archive archive = open();
  publishOne(archive, "1.0");
  CopyProgress copied;
  VerifyProgress verified;
  EXPECT_THAT(ok(archive.backup(
                  file(), [&](const CopyProgress& p) { copied = p; },
                  [&](const VerifyProgress& p) { verified = p; })),
              IsEmpty());
  EXPECT_GT(copied.totalPages, 70U);
  EXPECT_EQ(copied.copiedPages, copied.totalPages);
  EXPECT_EQ(verified.checkedBlobs, 2U);
}

TEST_F(Backup, ofADamagedArchiveSaysSo) {
  Archive archive = open();
  publishOne(archive, "1.0");
  sql(database(), "DROP TRIGGER chunk_no_update");
  sql(database(), "UPDATE chunk SET compressed = zeroblob(length(compressed)) WHERE size < 1000");
  EXPECT_EQ(ok(archive.backup(file())), ok(archive.verify({})));
  EXPECT_THAT(ok(archive.verify({})), SizeIs(2)); // the blob, and the trigger that is missing
  const auto restore = Archive::restore(file(), restored());
  ASSERT_FALSE(restore);
  EXPECT_EQ(restore.error().code, ErrorCode::Damaged);
  EXPECT_THAT(restore.error().line(), HasSubstr("trigger chunk_no_update is missing"));
}

TEST_F(Backup, isNeverRestoredOverAnArchive) {
  Archive archive = open();
  publishOne(archive, "1.0");
  EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
  publishOne(archive, "1.1");
  const auto again = Archive::restore(file(), directory());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::Refused);
  EXPECT_EQ(ok(archive.stats()).roms, 2U);
}

TEST_F(Backup, isNotRestoredBesideWhatIsLeftOfAnArchive) {
  {
    Archive archive = open();
    publishOne(archive, "1.0");
    EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
  }
  for (const char* left : {"archive.db-wal", "archive.db-journal", "archive.db-shm"}) {
    fs::create_directories(restored());
    ok(writeFile(restored() / left, asBytes("commits of another archive")));
    const auto done = Archive::restore(file(), restored());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::Refused);
    EXPECT_THAT(done.error().line(), HasSubstr(left));
    fs::remove_all(restored());
  }
}

TEST_F(Backup, isNotAnArchiveThatWasCopiedWithoutItsLatestCommits) {
  Archive archive = open();
  publishOne(archive, "1.0"); // in archive.db-wal, as long as the archive is open
  const auto done = Archive::restore(database(), restored());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Refused);
  EXPECT_THAT(done.error().line(), HasSubstr("archive.db-wal"));
  EXPECT_FALSE(fs::exists(restored() / "archive.db"));
}

TEST_F(Backup, isRestoredAfterARestoreThatWasKilled) {
  {
    Archive archive = open();
    publishOne(archive, "1.0");
    EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
  }
  fs::create_directories(restored() / "restore.partial");
  ok(writeFile(restored() / "restore.partial" / "archive.db-wal", asBytes("half")));
  ok(Archive::restore(file(), restored()));
  EXPECT_FALSE(fs::exists(restored() / "restore.partial"));
  EXPECT_THAT(ok(ok(Archive::open(restored())).verify({})), IsEmpty());
}

TEST_F(Backup, thatIsDamagedLeavesNothing) {
  Archive archive = open();
  publishOne(archive, "1.0");
  EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
  const auto whole = ok(readFile(file()));
  const auto expectRefused = [&](const std::vector<std::uint8_t>& content, ErrorCode code) {
    ok(writeFile(file(), content));
    const auto done = Archive::restore(file(), restored());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, code) << done.error().line();
    EXPECT_THAT(done.error().line(), HasSubstr("cannot restore"));
    EXPECT_FALSE(fs::exists(restored() / "archive.db"));
    EXPECT_TRUE(!fs::exists(restored()) || fs::is_empty(restored()));
  };
  auto content = whole;
  content[content.size() / 2] ^= 0x20;
  expectRefused(content, ErrorCode::Damaged);
  content = whole;
  content.resize(content.size() / 2);
  expectRefused(content, ErrorCode::Damaged);
  expectRefused({}, ErrorCode::Malformed);
  const std::string text = "not a database";
  expectRefused({text.begin(), text.end()}, ErrorCode::Malformed);
}

TEST_F(Backup, ofANewerVersionIsRefused) {
  Archive archive = open();
  publishOne(archive, "1.0");
  EXPECT_THAT(ok(archive.backup(file())), IsEmpty());
  sql(file(), "PRAGMA user_version = 9999");
  const auto newer = Archive::restore(file(), restored());
  ASSERT_FALSE(newer);
  EXPECT_THAT(newer.error().line(), HasSubstr("newer romlink"));
}

} // namespace
} // namespace romlink::store
