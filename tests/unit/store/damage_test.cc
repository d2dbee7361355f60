// Damaged archives: never a wrong byte, never a crash, always a name.
#include "fixture.h"

#include <fstream>
#include <random>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

class Damage : public StoreTest {
protected:
  Damage() {
    Archive archive = open();
    ok(archive.publish(romRecord("bl1", "1", "a"), {source("elf", kElf), source("map", kMap)}));
    ok(archive.publish(romRecord("bl2", "2", "b"), {source("copy", kElf), source("other", kOther)}));
  }

  // The archive's problems; also checks that the ELF is refused before the first byte.
  std::vector<std::string> problemsOfDamagedElf() const {
    const Archive archive = open();
    std::size_t bytes = 0;
    const auto read = archive.read(sha256Of(kElf), [&](Bytes piece) -> Result<void> {
      bytes += piece.size();
      return {};
    });
    EXPECT_FALSE(read);
    if (!read) {
      EXPECT_EQ(read.error().code, ErrorCode::Damaged);
      EXPECT_THAT(read.error().line(), HasSubstr(sha256Of(kElf).text()));
      EXPECT_THAT(read.error().hint, HasSubstr("archive verify"));
    }
    EXPECT_EQ(bytes, 0U);
    EXPECT_EQ(contentOf(archive, sha256Of(kMap)), kMap); // the others are not affected
    return ok(archive.verify({}));
  }

  void expectElfNamed(const std::vector<std::string>& problems) const {
    EXPECT_THAT(problems, Contains(AllOf(HasSubstr("bl1@1 artifact elf"), HasSubstr(sha256Of(kElf).text()))));
    EXPECT_THAT(problems,
                Contains(AllOf(HasSubstr("bl2@2 artifact copy"), HasSubstr(sha256Of(kElf).text()))));
    EXPECT_THAT(problems, testing::Not(Contains(HasSubstr("artifact map"))));
  }

  const std::string kElf = noise(600'000, 1);
  const std::string kMap = noise(300'000, 2);
  const std::string kOther = noise(600'000, 3);
  // In order of publication: the ELF is blob 1, the map 2, the other 3.
};

TEST_F(Damage, alteredChunkIsFound) {
  change(
      "UPDATE chunk SET compressed = CAST(substr(compressed, 1, 1000) || x'5a5a' || substr(compressed, 1003)"
      " AS BLOB) WHERE blob_id = 1 AND position = 2");
  expectElfNamed(problemsOfDamagedElf());
}

TEST_F(Damage, exchangedChunkIsFoundThoughItDecompresses) {
  change("UPDATE chunk SET compressed = (SELECT compressed FROM chunk WHERE blob_id = 3 AND position = 1)"
         " WHERE blob_id = 1 AND position = 1");
  const auto problems = problemsOfDamagedElf();
  expectElfNamed(problems);
  EXPECT_THAT(problems, Contains(HasSubstr("SHA-256")));
}

TEST_F(Damage, missingTruncatedAndMisstatedChunksAreFound) {
  const fs::path good = folder() / "good.db";
  fs::copy_file(database(), good);
  for (const char* statement :
       {"DELETE FROM chunk WHERE blob_id = 1 AND position = 1", "DELETE FROM chunk WHERE blob_id = 1",
        "UPDATE chunk SET compressed = substr(compressed, 1, 50) WHERE blob_id = 1 AND position = 0",
        "UPDATE chunk SET compressed = x'' WHERE blob_id = 1 AND position = 0",
        "UPDATE chunk SET size = size - 1 WHERE blob_id = 1 AND position = 0",
        "UPDATE chunk SET size = 9223372036854775807 WHERE blob_id = 1 AND position = 0",
        "UPDATE chunk SET size = -1 WHERE blob_id = 1 AND position = 0",
        "UPDATE blob SET size = size + 1 WHERE id = 1", "UPDATE blob SET size = 262144 WHERE id = 1",
        "UPDATE blob SET size = 1 << 50 WHERE id = 1; UPDATE chunk SET size = 1 << 45 WHERE blob_id = 1",
        "UPDATE blob SET size = 0 WHERE id = 1", "UPDATE blob SET size = -1 WHERE id = 1",
        "UPDATE blob SET size = 9223372036854775807 WHERE id = 1"}) {
    SCOPED_TRACE(statement);
    fs::copy_file(good, database(), fs::copy_options::overwrite_existing);
    change(statement);
    expectElfNamed(problemsOfDamagedElf());
  }
}

TEST_F(Damage, lostAndAlteredRowsAreFoundAndTheRecordNamed) {
  const fs::path good = folder() / "good.db";
  fs::copy_file(database(), good);
  for (const char* statement :
       {"DELETE FROM artifact WHERE rom_id = 2 AND role = 'other'", "DELETE FROM artifact WHERE rom_id = 2",
        "DELETE FROM label WHERE rom_id = 2 AND key = 'board'",
        "UPDATE rom SET version = '2', entry = 5 WHERE id = 2",
        "UPDATE rom SET record_digest = zeroblob(32) WHERE id = 2",
        "DELETE FROM address_range WHERE rom_id = 2",
        "UPDATE shared_symbol SET name = 'x' WHERE rom_id = 2 AND name = 'memcpy'",
        "UPDATE artifact SET blob_id = 2 WHERE rom_id = 2 AND role = 'copy'",
        "DELETE FROM note WHERE rom_id = 2", "UPDATE rom SET image_hash = x'00' WHERE id = 2",
        "DELETE FROM blob WHERE id = 3", "UPDATE blob SET digest = x'00' WHERE id = 3"}) {
    SCOPED_TRACE(statement);
    fs::copy_file(good, database(), fs::copy_options::overwrite_existing);
    change(statement);
    const auto problems = ok(open().verify({}));
    EXPECT_THAT(problems, Contains(HasSubstr("bl2@2")));
    EXPECT_THAT(problems, testing::Not(Contains(HasSubstr("bl1@1"))));
  }
}

TEST_F(Damage, anIndexThatNoRecordNeedsIsChecked) {
  const auto page =
      std::stoul(sql(database(), "SELECT rootpage FROM sqlite_schema WHERE name = 'rom_by_build_id'").at(0));
  std::vector<std::uint8_t> bytes = ok(readFile(database()));
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>((page - 1) * 4096 + 8), 4088, 0);
  ok(writeFile(database(), bytes));
  EXPECT_THAT(ok(open().verify({})), Contains(testing::StartsWith("database: ")));
}

TEST_F(Damage, aLostRomRowIsFound) {
  change("DELETE FROM rom WHERE id = 2");
  EXPECT_THAT(ok(open().verify({})), Contains(HasSubstr("refers to a missing row of table rom")));
}

TEST_F(Damage, aDamagedContentIsNotTakenForPublished) {
  change("UPDATE chunk SET compressed = x'00' WHERE blob_id = 2 AND position = 1");
  Archive archive = open();
  const auto again = archive.publish(romRecord("bl3", "3", "c"), {source("elf", "new"), source("map", kMap)});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::Damaged);
  EXPECT_THAT(again.error().line(), HasSubstr(sha256Of(kMap).text()));
  EXPECT_EQ(ok(archive.stats()).roms, 2U);
  ok(archive.publish(romRecord("bl3", "3", "c"), {source("elf", "new"), source("map", kOther)}));
}

TEST_F(Damage, anAlteredRecordIsNotHandedOut) {
  for (const char* statement : {"UPDATE label SET value = 'forged' WHERE rom_id = 1",
                                "UPDATE artifact SET blob_id = 3 WHERE rom_id = 1 AND role = 'elf'",
                                "UPDATE rom SET entry = entry + 4 WHERE id = 1"}) {
    const fs::path good = folder() / "good.db";
    fs::copy_file(database(), good, fs::copy_options::overwrite_existing);
    change(statement);
    const Archive archive = open();
    const auto found = archive.find("bl1@1");
    ASSERT_FALSE(found) << statement;
    EXPECT_EQ(found.error().code, ErrorCode::Damaged);
    EXPECT_THAT(found.error().line(), HasSubstr("bl1@1"));
    EXPECT_EQ(ok(archive.find("bl2@2")).name, "bl2");
    const Archive::Page first = ok(archive.list({}, 1, {})); // the others are not hidden
    EXPECT_EQ(first.roms.front().name, "bl1");
    EXPECT_EQ(ok(archive.list({}, 1, first.nextToken)).roms.front().name, "bl2");
    fs::copy_file(good, database(), fs::copy_options::overwrite_existing);
  }
}

TEST_F(Damage, numbersThatDoNotFitAreFound) {
  for (const char* statement : {"UPDATE address_range SET address = address + 4294967296 WHERE rom_id = 1",
                                "UPDATE address_range SET size = size + 4294967296 WHERE rom_id = 1"}) {
    change(std::string("PRAGMA ignore_check_constraints = ON; ") + statement);
    EXPECT_THAT(ok(open().verify({})), Contains(HasSubstr("CHECK constraint failed in address_range")));
  }
}

TEST_F(Damage, aTriggerOfAnyNameIsFound) {
  change("PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_stat_w', "
         "'withdrawal', 0,"
         " 'CREATE TRIGGER sqlite_stat_w BEFORE INSERT ON withdrawal BEGIN SELECT RAISE(IGNORE); END');"
         "PRAGMA writable_schema = RESET");
  EXPECT_THAT(ok(open().verify({})), Contains(HasSubstr("trigger sqlite_stat_w is not romlink's")));
}

TEST_F(Damage, verifyReportsItsProgress) {
  const Archive archive = open();
  std::vector<VerifyProgress> steps;
  EXPECT_THAT(ok(archive.verify([&](const VerifyProgress& p) { steps.push_back(p); })), IsEmpty());
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps.back().checkedBlobs, 3U);
  EXPECT_EQ(steps.back().totalBlobs, 3U);
  EXPECT_EQ(steps.back().checkedBytes, kElf.size() + kMap.size() + kOther.size());
}

class FlippedBytes : public Damage {
protected:
  // Uses the archive in every way. Errors are fine; wrong content, or silence about wrong content, is not.
  void use() {
    auto archive = Archive::open(directory());
    if (!archive)
      return;
    bool allWell = true;
    for (const std::string& content : {kElf, kMap, kOther}) {
      std::string read;
      const auto done = archive->read(sha256Of(content), [&](Bytes piece) -> Result<void> {
        read += asText(piece);
        return {};
      });
      EXPECT_TRUE(!done || read == content) << "wrong content";
      EXPECT_TRUE(done || read.empty()) << "content was handed out before it was checked";
      allWell = allWell && done;
    }
    for (const char* reference : {"bl1@1", "bl2@2"})
      if (!archive->find(reference))
        allWell = false;
    (void)archive->list("", 100, "");
    (void)archive->imagesAfter(0, 10, 1);
    (void)archive->stats();
    (void)archive->publish(romRecord("bl3", "3", "c"), {source("elf", "new")});
    const auto problems = ok(archive->verify({}));
    EXPECT_TRUE(allWell || !problems.empty()) << "verify did not see it";
    EXPECT_THAT(problems, Each(testing::Not(HasSubstr("\n"))));
    damaged_ += problems.empty() ? 0 : 1;
  }
  int damaged_ = 0;
};

TEST_F(FlippedBytes, neverCrashNorDeceive) {
  const std::vector<std::uint8_t> good = ok(readFile(database()));
  std::mt19937 random(42);
  for (int i = 0; i < 250; ++i) {
    std::vector<std::uint8_t> bad = good;
    // Half of them where the structure is: the start of a page.
    const std::size_t page = random() % (bad.size() / 4096) * 4096;
    const std::size_t at = page + random() % (i % 2 == 0 ? 4096 : 64);
    SCOPED_TRACE("byte " + std::to_string(at));
    bad[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
    fs::remove_all(directory());
    fs::create_directory(directory());
    ok(writeFile(database(), bad));
    use();
  }
  EXPECT_GT(damaged_, 150);
}

TEST_F(FlippedBytes, truncatedDatabaseNeverCrashes) {
  const std::vector<std::uint8_t> good = ok(readFile(database()));
  for (std::size_t size = 1; size < good.size(); size += size < 8192 ? 500 : good.size() / 20) {
    SCOPED_TRACE(size);
    fs::remove_all(directory());
    fs::create_directory(directory());
    ok(writeFile(database(), Bytes(good.data(), size)));
    use();
  }
}

} // namespace
} // namespace romlink::store
