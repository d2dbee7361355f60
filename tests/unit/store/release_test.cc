// Release records: content-addressed, listed newest first, found by their id.
#include "fixture.h"

#include <map>

namespace romlink::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class Releases : public StoreTest {
protected:
  Releases() : archive(open()) {
    for (const RomRecord* rom : {&first, &second})
      ok(archive.publish(*rom, {source("elf", rom->name)}));
  }

  Release archived(const std::vector<RomRecord>& roms, const std::string& seed) {
    return ok(archive.archiveRelease(releaseOf(roms, seed))).release;
  }
  std::vector<Digest> list(const std::optional<Digest>& rom, std::size_t limit, std::string* token) const {
    auto page = ok(archive.releases(rom, limit, *token));
    *token = page.nextToken;
    std::vector<Digest> ids;
    for (const Release& release : page.releases)
      ids.push_back(release.id);
    return ids;
  }
  /// Changes the database behind the triggers' back.
  void change(const std::string& statement) const {
    for (const std::string& name : sql(database(), "SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
      sql(database(), "DROP TRIGGER " + name);
    sql(database(), statement);
  }
  std::vector<std::string> problems() const {
    std::vector<std::string> all;
    for (const std::string& problem : ok(archive.verify({})))
      if (problem.find("trigger") == std::string::npos)
        all.push_back(problem);
    return all;
  }

  const RomRecord first = romRecord("first", "1", "a");
  const RomRecord second = romRecord("second", "1", "b");
  Archive archive;
};

TEST_F(Releases, comeBackAsTheyWereArchived) {
  const ReleaseSource source = releaseOf({first, second}, "1");
  const ArchivedRelease made = ok(archive.archiveRelease(source));
  EXPECT_FALSE(made.alreadyArchived);
  const Release read = ok(open().findRelease(made.release.id.text()));
  EXPECT_EQ(read.id, made.release.id);
  EXPECT_THAT(read.roms, ElementsAre(RomTitle{first.imageHash, "first", "1"},
                                     RomTitle{second.imageHash, "second", "1"}));
  EXPECT_EQ(read.imageHash, sha256Of(std::string_view("image 1")));
  EXPECT_EQ(read.toolVersion, "1.2.3");
  EXPECT_THAT(read.labels, ElementsAre(Pair("build", "1"), Pair("product", "valve")));
  ASSERT_EQ(read.inputs.size(), 2U);
  EXPECT_EQ(read.inputs[0].path, "a.o");
  EXPECT_EQ(read.inputs[0].digest, sha256Of(std::string_view("a")));
  EXPECT_THAT(read.arguments, ElementsAre("-Tx.ld", "b.o", "a.o"));
  EXPECT_EQ(read.savedBytes, -4);
  EXPECT_EQ(read.sharedSymbols, 3U);
  EXPECT_EQ(contentOf(archive, read.report), R"({"seed": "1"})");
  EXPECT_EQ(contentOf(archive, read.policy.value()), "[defaults]\n");
  EXPECT_THAT(
      ok(archive.sharesOf(read.id)),
      ElementsAre(ReleaseShare{0x1000, "f"}, ReleaseShare{0x1040, "alias"}, ReleaseShare{0x1040, "twice"}));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Releases, theSameLinkIsOneRelease) {
  const Release made = archived({first}, "1");
  const auto before = sql(database(), "SELECT * FROM release; SELECT * FROM release_share");
  const ArchivedRelease again = ok(archive.archiveRelease(releaseOf({first}, "1")));
  EXPECT_TRUE(again.alreadyArchived);
  EXPECT_EQ(again.release.id, made.id);
  EXPECT_EQ(sql(database(), "SELECT * FROM release; SELECT * FROM release_share"), before);
}

TEST_F(Releases, everyPartCountsInTheId) {
  const std::map<std::string, std::function<void(ReleaseSource&)>> changes = {
      {"nothing", [](ReleaseSource&) {}},
      {"rom", [&](ReleaseSource& s) { s.release.roms[0].imageHash = second.imageHash; }},
      {"a second rom", [&](ReleaseSource& s) { s.release.roms.push_back({second.imageHash, "", ""}); }},
      {"image", [](ReleaseSource& s) { s.release.imageHash.bytes[3] ^= 1; }},
      {"tool", [](ReleaseSource& s) { s.release.toolVersion += "x"; }},
      {"label", [](ReleaseSource& s) { s.release.labels["build"] = "2"; }},
      {"input", [](ReleaseSource& s) { s.release.inputs[0].digest.bytes[3] ^= 1; }},
      {"path", [](ReleaseSource& s) { s.release.inputs[0].path = "c.o"; }},
      {"argument", [](ReleaseSource& s) { s.release.arguments.emplace_back("--gc-sections"); }},
      {"order of arguments",
       [](ReleaseSource& s) { std::swap(s.release.arguments[1], s.release.arguments[2]); }},
      {"no policy", [](ReleaseSource& s) { s.policy.clear(); }},
      {"policy", [this](ReleaseSource& s) { s.policy = source("policy", "#").file; }},
      {"report", [this](ReleaseSource& s) { s.report = source("report", "{}").file; }},
  };
  std::map<Digest, std::string> ids;
  for (const auto& [what, change] : changes) {
    ReleaseSource source = releaseOf({first}, "1");
    change(source);
    const Digest id = ok(archive.archiveRelease(source)).release.id;
    EXPECT_TRUE(ids.emplace(id, what).second) << what << " and " << ids[id];
  }
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Releases, areListedNewestFirstInPages) {
  std::vector<Digest> newest;
  for (const char* seed : {"1", "2", "3", "4", "5"})
    newest.insert(newest.begin(), archived({first}, seed).id);
  const Digest other = archived({second}, "6").id;
  std::string token;
  EXPECT_THAT(list(first.imageHash, 2, &token), ElementsAre(newest[0], newest[1]));
  archived({first}, "newer"); // does not disturb the pages behind
  EXPECT_THAT(list(first.imageHash, 2, &token), ElementsAre(newest[2], newest[3]));
  EXPECT_THAT(list(first.imageHash, 2, &token), ElementsAre(newest[4]));
  EXPECT_EQ(token, "");
  EXPECT_EQ(list({}, 100, &token).size(), 7U);
  EXPECT_THAT(list(second.imageHash, 100, &token), ElementsAre(other));
  EXPECT_EQ(archive.releases({}, 0, {}).error().code, ErrorCode::Usage);
  EXPECT_EQ(archive.releases({}, 5, "abc").error().code, ErrorCode::Usage);
  EXPECT_EQ(archive.releases(romRecord("x", "1", "x").imageHash, 5, {}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(ok(archive.stats()).releases, 7U);
}

TEST_F(Releases, areFoundByAPrefixOfTheirId) {
  const Release made = archived({first}, "1");
  const std::string hex = made.id.hex();
  for (const std::string& reference : {hex, made.id.text(), hex.substr(0, 8), "sha256:" + hex.substr(0, 20)})
    EXPECT_EQ(ok(archive.findRelease(reference)).id, made.id) << reference;
  const auto codeOf = [&](const std::string& reference) {
    return archive.findRelease(reference).error().code;
  };
  for (const std::string& bad : {std::string(), hex.substr(0, 7), hex + "0", std::string("boot@1.0"),
                                 std::string(10'000, 'a'), std::string("sha256:")})
    EXPECT_EQ(codeOf(bad), ErrorCode::Usage) << bad;
  EXPECT_EQ(codeOf("0123456789abcdef"), ErrorCode::NotFound);
  Digest twin = made.id;
  twin.bytes[31] ^= 1;
  change("INSERT INTO release SELECT 2, x'" + twin.hex() +
         "', linked_at, image_hash, tool_version,"
         " policy_blob_id, report_blob_id, saved_bytes, record_digest FROM release");
  const auto ambiguous = archive.findRelease(hex.substr(0, 8));
  ASSERT_FALSE(ambiguous);
  EXPECT_EQ(ambiguous.error().code, ErrorCode::Usage);
  EXPECT_THAT(ambiguous.error().line(), AllOf(HasSubstr(made.id.text()), HasSubstr(twin.text())));
}

TEST_F(Releases, tellHowOftenAnAddressIsShared) {
  archived({first}, "1");
  archived({first, second}, "2");
  EXPECT_THAT(ok(archive.usesOf(first.imageHash)), ElementsAre(Pair(0x1000, 2), Pair(0x1040, 2)));
  EXPECT_THAT(ok(archive.usesOf(second.imageHash)), ElementsAre(Pair(0x1000, 1), Pair(0x1040, 1)));
}

TEST_F(Releases, ofBadPartsLeaveNothing) {
  const auto refusal = [&](const ReleaseSource& source) {
    const auto done = archive.archiveRelease(source);
    return done ? std::string("archived") : std::string(nameOf(done.error().code));
  };
  ReleaseSource labels = releaseOf({first}, "1");
  labels.release.labels = {{"", "x"}};
  EXPECT_EQ(refusal(labels), "USAGE");
  labels.release.labels = {{"a=b", "x"}};
  EXPECT_EQ(refusal(labels), "USAGE");
  labels.release.labels = {{"a", "x\n"}};
  EXPECT_EQ(refusal(labels), "USAGE");
  EXPECT_EQ(refusal(releaseOf({}, "1")), "USAGE");
  EXPECT_EQ(refusal(releaseOf({first, romRecord("x", "1", "x")}, "1")), "NOT_FOUND");
  EXPECT_EQ(refusal(releaseOf({first, first}, "1")), "INTERNAL") << "a link names a ROM once";
  ReleaseSource gone = releaseOf({first}, "1");
  gone.report = folder() / "gone";
  EXPECT_EQ(refusal(gone), "MALFORMED");
  EXPECT_THAT(sql(database(), "SELECT * FROM release; SELECT * FROM release_rom"), IsEmpty());
  EXPECT_EQ(sql(database(), "SELECT count(*) FROM blob").front(), "2") << "the two ELF files";
}

TEST_F(Releases, damageIsNamed) {
  const std::vector<std::string> statements = {
      "UPDATE release SET saved_bytes = 5",
      "UPDATE release SET tool_version = 'x'",
      "UPDATE release SET linked_at = '2020-01-01T00:00:00Z'",
      "UPDATE release_input SET digest = zeroblob(32) WHERE path = 'a.o'",
      "UPDATE release_argument SET text = 'c.o' WHERE position = 1",
      "UPDATE release_label SET value = 'pump' WHERE key = 'product'",
      "UPDATE release_share SET address = 0x1004 WHERE name = 'f'",
      "UPDATE release_rom SET rom_id = 2",
      "DELETE FROM release_share WHERE name = 'alias'",
      "UPDATE release SET report_blob_id = policy_blob_id",
      "UPDATE release SET policy_blob_id = NULL"};
  const Release made = archived({first}, "1");
  change("SELECT 1");
  for (const std::string& statement : statements) {
    TemporaryDirectory folder = ok(TemporaryDirectory::create(testing::TempDir(), "damage"));
    sql(database(), "VACUUM INTO '" + (folder.path() / "archive.db").string() + "'");
    sql(folder.path() / "archive.db", statement);
    const auto found = ok(ok(Archive::open(folder.path())).verify({}));
    EXPECT_THAT(found, testing::Contains(HasSubstr("release " + made.id.text()))) << statement;
  }
}

TEST_F(Releases, aDamagedReportIsNamedByItsRelease) {
  const Release made = archived({first}, "1");
  change("UPDATE chunk SET compressed = x'00' WHERE blob_id = (SELECT report_blob_id FROM release)");
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("release " + made.id.text() + " report")));
  EXPECT_EQ(archive.read(made.report, [](Bytes) { return Result<void>(); }).error().code, ErrorCode::Damaged);
}

} // namespace
} // namespace romlink::store
