// ROM indexes: one for each format, added when the set is long sealed, checked like everything else.
#include "fixture.h"

#include <future>

namespace romlink::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RomIndexes : public StoreTest {
protected:
  RomIndexes() {
    Archive archive = open();
    ok(archive.publish(record, {source("elf", "elf")}, indexSource(1, kOld)));
    ok(archive.publish(romRecord("bl3", "1", "b"), {source("elf", "other elf")}));
  }
  // Changes a row behind the triggers' back.
  void change(const std::string& statement) const {
    const std::string trigger =
        sql(database(), "SELECT sql FROM sqlite_schema WHERE name = 'rom_index_no_update'").at(0);
    sql(database(), "DROP TRIGGER rom_index_no_update;" + statement + ";" + trigger);
  }

  const RomRecord record = romRecord("bl2", "1", "a");
  const std::string kOld = noise(300'000, 1);
  const std::string kNew = noise(300'000, 2);
};

TEST_F(RomIndexes, areAddedOneForEachFormatAndTheOldOnesStay) {
  Archive archive = open();
  const RomIndex added = ok(archive.addIndex(record.imageHash, indexSource(2, kNew)));
  EXPECT_EQ(added.digest, sha256Of(kNew));
  const auto indexes = ok(archive.find("bl2@1")).indexes;
  ASSERT_EQ(indexes.size(), 2U);
  EXPECT_EQ(indexes[0].formatVersion, 1U);
  EXPECT_EQ(contentOf(archive, indexes[0].digest), kOld);
  EXPECT_EQ(indexes[1].formatVersion, 2U);
  EXPECT_EQ(indexes[1].functionCount, 12U);
  EXPECT_EQ(indexes[1].referenceCount, 345U);
  EXPECT_EQ(indexes[1].size, kNew.size());
  EXPECT_EQ(contentOf(archive, indexes[1].digest), kNew);
  EXPECT_THAT(ok(archive.find("bl3@1")).indexes, IsEmpty());
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(RomIndexes, theFirstOfAFormatStays) {
  Archive archive = open();
  EXPECT_EQ(ok(archive.addIndex(record.imageHash, indexSource(1, kNew))).digest, sha256Of(kOld));
  EXPECT_TRUE(ok(archive.publish(record, {source("elf", "elf")}, indexSource(1, kNew))).alreadyPublished);
  ASSERT_EQ(ok(archive.find("bl2@1")).indexes.size(), 1U);
  EXPECT_EQ(ok(archive.find("bl2@1")).indexes[0].digest, sha256Of(kOld));
}

TEST_F(RomIndexes, ofAnUnknownRomAreRefused) {
  Archive archive = open();
  const auto added = archive.addIndex(sha256Of(std::string_view("no ROM")), indexSource(1, kNew));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::NotFound);
}

TEST_F(RomIndexes, addedAtTheSameTimeBothSucceed) {
  Archive one = open();
  Archive two = open(); // as another process would
  std::vector<std::future<Result<RomIndex>>> adding;
  adding.reserve(8);
  for (int i = 0; i < 8; ++i)
    adding.push_back(std::async(std::launch::async, [&archive = i % 2 == 0 ? one : two, this,
                                                     source = indexSource(2, noise(100'000, 10U + i % 4))] {
      return archive.addIndex(record.imageHash, source);
    }));
  std::vector<Digest> answers;
  answers.reserve(adding.size());
  for (auto& pending : adding)
    answers.push_back(ok(pending.get()).digest);
  EXPECT_THAT(answers, testing::Each(answers.front())) << "all get the one that is archived";
  EXPECT_EQ(ok(one.find("bl2@1")).indexes.size(), 2U);
  EXPECT_THAT(ok(one.verify({})), IsEmpty());
}

TEST_F(RomIndexes, aDamagedOneIsNamed) {
  sql(database(), "DROP TRIGGER chunk_no_update; UPDATE chunk SET compressed = (SELECT compressed FROM chunk"
                  " WHERE blob_id = 2 AND position = 1) WHERE blob_id = 2 AND position = 0");
  const Archive archive = open();
  EXPECT_EQ(archive.read(sha256Of(kOld), [](Bytes) -> Result<void> { return {}; }).error().code,
            ErrorCode::Damaged);
  EXPECT_THAT(ok(archive.verify({})),
              Contains(AllOf(HasSubstr("bl2@1 index of format 1"), HasSubstr(sha256Of(kOld).text()))));
}

TEST_F(RomIndexes, anAlteredRowIsNamed) {
  for (const char* statement :
       {"UPDATE rom_index SET format_version = 2", "UPDATE rom_index SET blob_id = 1",
        "UPDATE rom_index SET reference_count = 1", "UPDATE rom_index SET rom_id = 2"}) {
    SCOPED_TRACE(statement);
    std::filesystem::copy_file(database(), folder() / "good.db",
                               std::filesystem::copy_options::overwrite_existing);
    change(statement);
    EXPECT_THAT(ok(open().verify({})), ElementsAre(AllOf(HasSubstr("index of format"), HasSubstr("digest"))));
    std::filesystem::copy_file(folder() / "good.db", database(),
                               std::filesystem::copy_options::overwrite_existing);
  }
}

TEST_F(RomIndexes, damageToOneKeepsNobodyFromTheSet) {
  sql(database(), "DROP TRIGGER blob_no_delete; PRAGMA foreign_keys = OFF; DELETE FROM blob WHERE id = 2");
  const Archive archive = open();
  EXPECT_EQ(contentOf(archive, ok(archive.find("bl2@1")).artifacts.at(0).digest), "elf");
  EXPECT_THAT(ok(archive.verify({})), Contains(HasSubstr("bl2@1 index of format 1")));
}

} // namespace
} // namespace romlink::store
