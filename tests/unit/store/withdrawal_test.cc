// Withdrawn ROMs: marked, never gone.
#include "fixture.h"

namespace romlink::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class WithdrawalTest : public StoreTest {
protected:
  WithdrawalTest() { ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", "content")})); }
  [[nodiscard]] bool isMarked() const { return ok(archive.find("bl2@1")).withdrawal.has_value(); }
  [[nodiscard]] Withdrawal withdrawal() const {
    return ok(archive.find("bl2@1")).withdrawal.value_or(Withdrawal{Links::Allow, "none", {}});
  }

  Archive archive = open();
};

TEST_F(WithdrawalTest, theLastOneCountsAndAllStay) {
  EXPECT_FALSE(isMarked());
  EXPECT_TRUE(ok(archive.withdraw("bl2@1", {Links::Refuse, "broken", {}})));
  EXPECT_EQ(withdrawal().links, Links::Refuse);
  EXPECT_EQ(withdrawal().reason, "broken");
  EXPECT_EQ(withdrawal().withdrawnAt.size(), sizeof "2035-01-31T23:59:59Z" - 1);
  EXPECT_TRUE(ok(archive.withdraw("bl2@1", {Links::Warn, "broken", {}})));
  EXPECT_TRUE(ok(archive.withdraw("bl2@1", {Links::Allow, "it was the board", {}})));
  EXPECT_EQ(withdrawal().links, Links::Allow);
  EXPECT_THAT(sql(database(), "SELECT rom_id, position, links, reason FROM withdrawal"),
              ElementsAre("1|0|refuse|broken", "1|1|warn|broken", "1|2|allow|it was the board"));
  EXPECT_EQ(contentOf(archive, sha256Of(std::string_view("content"))), "content");
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(WithdrawalTest, theSameAgainChangesNothing) {
  EXPECT_FALSE(ok(archive.withdraw("bl2@1", {Links::Allow, "x", {}}))) << "nothing to take back";
  EXPECT_TRUE(ok(archive.withdraw("bl2@1", {Links::Refuse, "broken", {}})));
  EXPECT_FALSE(ok(archive.withdraw("bl2@1", {Links::Refuse, "broken", {}})));
  EXPECT_TRUE(ok(archive.withdraw("bl2@1", {Links::Refuse, "very broken", {}})));
  EXPECT_EQ(sql(database(), "SELECT * FROM withdrawal").size(), 2U);
}

TEST_F(WithdrawalTest, anotherArchivesIsTakenUnlessItIsWeakerOrOld) {
  const Digest image = ok(archive.find("bl2@1")).imageHash;
  const auto adopt = [&](Links links, const std::string& reason) {
    return ok(archive.adoptWithdrawal(image, {links, reason, "2035-01-31T23:59:59Z"}));
  };
  EXPECT_FALSE(adopt(Links::Allow, "fine"));
  EXPECT_TRUE(adopt(Links::Warn, "old"));
  EXPECT_EQ(withdrawal().withdrawnAt, "2035-01-31T23:59:59Z");
  EXPECT_TRUE(adopt(Links::Refuse, "broken"));
  EXPECT_FALSE(adopt(Links::Warn, "old")) << "an older bundle";
  EXPECT_FALSE(adopt(Links::Warn, "another word"));
  EXPECT_FALSE(adopt(Links::Allow, "fine"));
  EXPECT_EQ(withdrawal().links, Links::Refuse);
  EXPECT_TRUE(ok(archive.withdraw("bl2@1", {Links::Allow, "not here", {}})));
  EXPECT_FALSE(adopt(Links::Refuse, "broken")) << "was decided here";
  EXPECT_EQ(withdrawal().links, Links::Allow);
  EXPECT_EQ(archive.adoptWithdrawal(image, {Links::Refuse, "x", "soon"}).error().code, ErrorCode::Malformed);
  EXPECT_EQ(archive.adoptWithdrawal(Digest(), {Links::Refuse, "x", "2035-01-31T23:59:59Z"}).error().code,
            ErrorCode::NotFound);
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(WithdrawalTest, anAlteredOneIsNotBelieved) {
  ok(archive.withdraw("bl2@1", {Links::Refuse, "broken", {}}));
  change("UPDATE withdrawal SET links = 'allow'");
  const auto found = archive.find("bl2@1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::Damaged);
}

TEST_F(WithdrawalTest, publishingTheSetAgainDoesNotBringItBack) {
  ok(archive.withdraw("bl2@1", {Links::Refuse, "broken", {}}));
  const Published again = ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", "content")}));
  EXPECT_TRUE(again.alreadyPublished);
  ASSERT_TRUE(again.rom.withdrawal);
  EXPECT_EQ(withdrawal().links, Links::Refuse);
}

TEST_F(WithdrawalTest, badOnesAreRefused) {
  for (const char* reason : {"", "two\nlines", "\xff"})
    EXPECT_EQ(archive.withdraw("bl2@1", {Links::Warn, reason, {}}).error().code, ErrorCode::Usage);
  EXPECT_EQ(archive.withdraw("bl2@9", {Links::Warn, "x", {}}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(linksFromName("maybe").error().code, ErrorCode::Usage);
  EXPECT_THAT(sql(database(), "SELECT * FROM withdrawal"), IsEmpty());
}

TEST_F(WithdrawalTest, verifyNamesAnAlteredOne) {
  ok(archive.withdraw("bl2@1", {Links::Refuse, "broken", {}}));
  change("UPDATE withdrawal SET links = 'warn'");
  EXPECT_THAT(ok(archive.verify({})), ElementsAre(StartsWith("bl2@1 withdrawal 0: ")));
}

} // namespace
} // namespace romlink::store
