// Advisories: recorded once, growing, never changed; and the bodies by which code is found in other ROMs.
#include "fixture.h"
#include "store/bodies.h"

namespace romlink::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t kFormat = 7;

class Advisories : public StoreTest {
protected:
  Advisories() : archive(open()) {
    ok(archive.publish(first, {source("elf", "first")}, indexOf({"f", "g"})));
    ok(archive.publish(second, {source("elf", "second")}, indexOf({"g", "h"})));
  }

  RomIndexSource indexOf(const std::vector<std::string>& functions, std::uint32_t format = kFormat) {
    RomIndexSource index = indexSource(format, "index" + functions.front());
    index.bodies = bodiesOf(functions);
    return index;
  }
  static std::vector<Digest> bodiesOf(const std::vector<std::string>& functions) {
    std::vector<Digest> bodies;
    for (const std::string& function : functions)
      bodies.push_back(sha256Of(function));
    return bodies;
  }
  static std::vector<std::string> symbolsOf(const Advisory& advisory) {
    std::vector<std::string> symbols;
    for (const AdvisoryTarget& target : advisory.targets)
      symbols.push_back(target.rom.name + " " + target.symbol);
    return symbols;
  }
  std::vector<std::string> withBodies(const std::vector<std::string>& functions,
                                      std::uint32_t format = kFormat) const {
    std::vector<std::string> names;
    for (const RomTitle& rom : ok(archive.romsWithBodies(bodiesOf(functions), format)))
      names.push_back(rom.name);
    return names;
  }

  const RomRecord first = romRecord("first", "1", "a");
  const RomRecord second = romRecord("second", "1", "b");
  Archive archive;
};

TEST_F(Advisories, comeBackAsTheyWereRecorded) {
  Advisory given = advisoryOf("CVE-2026-0001", first, {"f", "table"});
  given.targets[1].body.reset();
  const RecordedAdvisory recorded = ok(archive.recordAdvisory(given));
  EXPECT_FALSE(recorded.alreadyRecorded);
  const Advisory read = ok(open().advisory("CVE-2026-0001"));
  EXPECT_EQ(read.summary, "reads too far");
  EXPECT_EQ(read.url, "https://example.org/CVE-2026-0001");
  EXPECT_THAT(read.recordedAt, testing::MatchesRegex("20..-..-..T..:..:..Z"));
  ASSERT_THAT(symbolsOf(read), ElementsAre("first f", "first table"));
  EXPECT_EQ(read.targets[0].rom, (RomTitle{first.imageHash, "first", "1"}));
  EXPECT_EQ(read.targets[0].address, 0x1000U);
  EXPECT_EQ(read.targets[0].size, 32U);
  EXPECT_EQ(read.targets[0].body, sha256Of(std::string_view("f")));
  EXPECT_EQ(read.targets[1].body, std::nullopt);
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(Advisories, theSameAgainChangesNothing) {
  ok(archive.recordAdvisory(advisoryOf("A", first, {"f", "g"})));
  const auto before = sql(database(), "SELECT * FROM advisory; SELECT * FROM advisory_target");
  EXPECT_TRUE(ok(archive.recordAdvisory(advisoryOf("A", first, {"f"}))).alreadyRecorded);
  EXPECT_TRUE(ok(archive.recordAdvisory(advisoryOf("A", first, {"f", "g"}))).alreadyRecorded);
  EXPECT_EQ(sql(database(), "SELECT * FROM advisory; SELECT * FROM advisory_target"), before);
}

TEST_F(Advisories, growByTargets) {
  ok(archive.recordAdvisory(advisoryOf("A", first, {"f"})));
  Advisory more = advisoryOf("A", second, {"g", "h"});
  more.summary.clear();
  more.url.clear();
  const RecordedAdvisory recorded = ok(archive.recordAdvisory(more));
  EXPECT_FALSE(recorded.alreadyRecorded);
  EXPECT_EQ(recorded.advisory.summary, "reads too far");
  EXPECT_THAT(symbolsOf(ok(archive.advisory("A"))), ElementsAre("first f", "second g", "second h"));
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(Advisories, keepTheirWords) {
  ok(archive.recordAdvisory(advisoryOf("A", first, {"f"})));
  Advisory other = advisoryOf("A", second, {"h"});
  other.summary = "something else";
  const auto refused = archive.recordAdvisory(other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Refused);
  EXPECT_THAT(refused.error().why, HasSubstr("another summary: reads too far"));
  EXPECT_THAT(symbolsOf(ok(archive.advisory("A"))), ElementsAre("first f")) << "nothing of it is recorded";
}

TEST_F(Advisories, areListedById) {
  for (const char* id : {"B", "A", "C"})
    ok(archive.recordAdvisory(advisoryOf(id, first, {"f"})));
  std::vector<std::string> ids;
  for (const Advisory& advisory : ok(archive.advisories()))
    ids.push_back(advisory.id);
  EXPECT_THAT(ids, ElementsAre("A", "B", "C"));
  EXPECT_EQ(ok(archive.stats()).advisories, 3U);
}

TEST_F(Advisories, ofBadWordsAreRefused) {
  const auto errorOf = [&](Advisory advisory) {
    const auto done = archive.recordAdvisory(advisory);
    return done ? std::string("recorded")
                : std::string(nameOf(done.error().code)) + " " + done.error().line();
  };
  for (const std::string& id : {std::string(), std::string(201, 'x'), std::string("a/b"), std::string("a b"),
                                std::string("a\nb"), std::string("\xff")})
    EXPECT_THAT(errorOf(advisoryOf(id, first, {"f"})), HasSubstr("USAGE")) << id;
  EXPECT_THAT(errorOf(advisoryOf("A", first, {})), HasSubstr("names no symbol"));
  EXPECT_THAT(errorOf(advisoryOf("A", first, {std::string(5000, 's')})), HasSubstr("USAGE"));
  Advisory advisory = advisoryOf("A", first, {"f"});
  advisory.summary = std::string(5000, 's');
  EXPECT_THAT(errorOf(advisory), HasSubstr("USAGE"));
  EXPECT_THAT(errorOf(advisoryOf("A", romRecord("third", "1", "c"), {"f"})), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(ok(archive.advisories()), IsEmpty());
  EXPECT_EQ(archive.advisory("A").error().code, ErrorCode::NotFound);
}

TEST_F(Advisories, bodiesNameTheRomsThatMayHaveThem) {
  EXPECT_THAT(withBodies({"f"}), ElementsAre("first"));
  EXPECT_THAT(withBodies({"g"}), ElementsAre("first", "second"));
  EXPECT_THAT(withBodies({"f", "h", "x"}), ElementsAre("first", "second"));
  EXPECT_THAT(withBodies({"x"}), IsEmpty());
  EXPECT_THAT(withBodies({"g"}, kFormat + 1), IsEmpty());
  EXPECT_TRUE(ok(archive.mayHaveBodies(second.imageHash, bodiesOf({"x", "h"}), kFormat)));
  EXPECT_FALSE(ok(archive.mayHaveBodies(second.imageHash, bodiesOf({"f"}), kFormat)));
  const auto bodies = ok(archive.bodiesOf(first.imageHash, kFormat));
  ASSERT_TRUE(bodies);
  EXPECT_EQ(bodies->rom.name, "first");
  EXPECT_EQ(bodies->known, 2U);
  EXPECT_EQ(bodies->unknown, 2U);
  EXPECT_EQ(ok(archive.unknownBodies(kFormat)).size(), 2U);
  EXPECT_THAT(ok(archive.unknownBodies(kFormat + 1)), IsEmpty());
}

TEST_F(Advisories, aRomWithoutBodiesIsNamedUntilItHasThem) {
  const RomRecord third = romRecord("third", "1", "c");
  ok(archive.publish(third, {source("elf", "third")}));
  const auto without = [&] {
    std::vector<std::string> names;
    for (const RomTitle& rom : ok(archive.romsWithoutBodies(kFormat)))
      names.push_back(rom.name);
    return names;
  };
  EXPECT_THAT(without(), ElementsAre("third"));
  EXPECT_FALSE(ok(archive.bodiesOf(third.imageHash, kFormat)));
  ok(archive.addIndex(third.imageHash, indexOf({"g"}, kFormat - 1)));
  EXPECT_THAT(without(), ElementsAre("third")) << "an older format does not count";
  ok(archive.addIndex(third.imageHash, indexOf({"g"})));
  ok(archive.addIndex(third.imageHash, indexOf({"x"})));
  EXPECT_THAT(without(), IsEmpty());
  EXPECT_THAT(withBodies({"g"}), ElementsAre("first", "second", "third"));
  EXPECT_THAT(withBodies({"x"}), IsEmpty()) << "the first stays";
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(Advisories, damageIsNamed) {
  ok(archive.recordAdvisory(advisoryOf("CVE-1", first, {"f", "g", "h"})));
  for (const std::string& name : sql(database(), "SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
    sql(database(), "DROP TRIGGER " + name);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"UPDATE advisory SET summary = 'x'", "advisory CVE-1"},
      {"UPDATE advisory SET recorded_at = ''", "advisory CVE-1"},
      {"UPDATE advisory_target SET symbol = 'x' WHERE position = 1", "advisory CVE-1 target 1"},
      {"UPDATE advisory_target SET address = 4 WHERE position = 2", "advisory CVE-1 target 2"},
      {"UPDATE advisory_target SET body_digest = x'' WHERE position = 2", "advisory CVE-1 target 2"},
      {"UPDATE advisory_target SET rom_id = 2 WHERE position = 0", "advisory CVE-1 target 0"},
      {"DELETE FROM advisory_target WHERE position = 1", "advisory CVE-1 target 1"},
      {"DELETE FROM advisory_target", "advisory CVE-1: it has no target"},
      {"UPDATE body SET head = head + 1 WHERE rom_id = 2 AND head = (SELECT min(head) FROM body WHERE rom_id "
       "= 2)",
       "second@1 bodies of format 7"},
      {"DELETE FROM body WHERE rom_id = 1 AND head = (SELECT min(head) FROM body WHERE rom_id = 1)",
       "first@1 bodies of format 7"},
      {"UPDATE body_set SET unknown_count = 0 WHERE rom_id = 1", "first@1 bodies of format 7"}};
  for (const auto& [statement, named] : cases) {
    const auto folder = ok(TemporaryDirectory::create(testing::TempDir(), "damage"));
    sql(database(), "VACUUM INTO '" + (folder.path() / "archive.db").string() + "'");
    sql(folder.path() / "archive.db", statement);
    EXPECT_THAT(ok(ok(Archive::open(folder.path())).verify({})), testing::Contains(HasSubstr(named)))
        << statement;
  }
}

TEST_F(Advisories, aBodysHeadIsItsFirstFiveBytes) {
  Digest digest;
  digest.bytes = {0xff, 0x01, 0x02, 0x03, 0x04, 0x05};
  EXPECT_EQ(headOf(digest), 0xff'0102'0304);
}

} // namespace
} // namespace romlink::store
