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
