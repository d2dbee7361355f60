// The log while nobody tampers with it: its tree, its entries, its heads and keys.
#include "fixture.h"
#include "rebuilt_log.h"
#include "store/log_records.h"
#include "store/merkle.h"
#include "store/migrations.h"

#include <sys/stat.h>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The leaves and roots that implementations of RFC 6962 test themselves with (certificate-transparency-go,
// merkle_tree_test): root of the first n leaves.
struct KnownRoot {
  std::string leaf;
  const char* root;
};
const std::vector<KnownRoot> kKnown = {
    {{}, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {std::string(1, '\0'), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};

TEST(MerkleTree, hasTheKnownRoots) {
  MerkleTree tree;
  EXPECT_EQ(tree.root().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const auto& [leaf, root] : kKnown) {
    tree.add(leafHash(asBytes(leaf)));
    EXPECT_EQ(tree.root().hex(), root) << tree.size();
  }
}

TEST(MerkleTree, growsAsTheDefinitionSays) {
  std::vector<std::string> leaves;
  MerkleTree tree;
  for (int i = 0; i < 130; ++i) {
    leaves.push_back("leaf " + std::to_string(i));
    tree.add(leafHash(asBytes(leaves.back())), [&](unsigned level, std::uint64_t position,
                                                   const Digest& hash) {
      const std::size_t first = position << level;
      EXPECT_EQ(hash, rootByDefinition({leaves.begin() + static_cast<std::ptrdiff_t>(first), leaves.end()}));
      EXPECT_EQ(leaves.size() - first, std::size_t{1} << level);
    });
    EXPECT_EQ(tree.root(), rootByDefinition(leaves)) << i;
  }
}

TEST(LogHead, isACheckpoint) {
  const LogHead head{"romlink-archive/00", 17, sha256Of(std::string_view("x"))};
  EXPECT_EQ(head.text(), "romlink-archive/00\n17\nLXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=\n");
  EXPECT_EQ(ok(LogHead::parse(head.text())), head);
  EXPECT_EQ(ok(LogHead::parse(head.text() + "an extension\n")), head);
  const std::string root = toBase64(head.root.bytes) + "\n";
  for (const std::string& bad : {std::string(), std::string("a\n"), "a\n\n" + root, "a\n017\n" + root,
                                 "a\n-1\n" + root, "a\n1x\n" + root, "a\n99999999999999999999\n" + root,
                                 "\n1\n" + root, std::string("a\n1\nAAAA\n"), std::string("a\n1\n*\n")})
    EXPECT_EQ(LogHead::parse(bad).error().code, ErrorCode::Malformed) << bad;
}

class Log : public StoreTest {
protected:
  // One of every kind of record.
  void publishAll(Archive& archive, const std::string& version) {
    const RomRecord rom = romRecord("bl2", version, version);
    RomIndexSource index = indexSource(1, "index " + version);
    ok(archive.publish(rom, {source("elf", "elf " + version)}, index));
    ok(archive.recordAdvisory(advisoryOf("CVE-" + version, rom, {"f", "g"})));
    ok(archive.archiveRelease(releaseOf({rom}, version)));
    ok(archive.withdraw("bl2@" + version, {Links::Warn, "superseded", {}}));
  }
  [[nodiscard]] std::vector<std::string> rows(const std::string& query) const {
    return sql(database(), query);
  }
};

TEST_F(Log, aNewArchiveHasASignedHeadOfNothing) {
  const SignedHead head = ok(open().head());
  EXPECT_EQ(head.head.size, 0U);
  EXPECT_EQ(head.head.root, sha256Of(std::string_view("")));
  EXPECT_THAT(head.head.origin, testing::MatchesRegex("romlink-archive/[0-9a-f]{32}"));
  EXPECT_EQ(ok(SignedNote::parse(head.note())).isSignedBy(head.key), true);
  EXPECT_THAT(ok(open().verify({})), IsEmpty());
}

TEST_F(Log, everyRecordHasItsEntryAndEveryTransactionItsHead) {
  Archive archive = open();
  for (const char* version : {"1", "2", "3"})
    publishAll(archive, version);
  EXPECT_THAT(rows("SELECT kind FROM log_entry WHERE position < 8 ORDER BY position"),
              ElementsAre("rom", "rom_index", "body_set", "advisory", "advisory_target", "advisory_target",
                          "release", "withdrawal"));
  EXPECT_THAT(rows("SELECT size FROM signed_head WHERE size <= 8"), ElementsAre("0", "3", "6", "7", "8"));
  EXPECT_EQ(nodesOf(database()), nodesByDefinition(database()));
  const SignedHead head = ok(archive.head());
  EXPECT_EQ(head.head.size, 24U);
  EXPECT_EQ(head.head.root, rootByDefinition(leavesOf(database())));
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(Log, whatChangesNothingSignsNothing) {
  Archive archive = open();
  publishAll(archive, "1");
  const auto heads = rows("SELECT * FROM signed_head");
  publishAll(archive, "1");
  EXPECT_FALSE(archive.withdraw("bl2@7", {Links::Warn, "x", {}}));
  EXPECT_EQ(rows("SELECT * FROM signed_head"), heads);
}

// Whoever adds a table of records adds its trigger and its place in recordKinds().
TEST_F(Log, everyTableOfRecordsIsLogged) {
  Archive archive = open();
  std::vector<std::string> kinds;
  for (const RecordKind& kind : recordKinds())
    kinds.emplace_back(kind.table);
  std::vector<std::string> tables =
      rows("SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
           " WHERE t.type = 'table' AND c.name = 'record_digest' AND t.name <> 'log_entry'");
  EXPECT_THAT(tables, testing::UnorderedElementsAreArray(kinds));
  publishAll(archive, "1");
  for (const std::string& table : tables)
    EXPECT_EQ(rows("SELECT count(*) FROM " + table),
              rows("SELECT count(*) FROM log_entry WHERE kind = '" + table + "'"))
        << table;
}

// Makes it one of version 3 again, with everything it holds.
TEST_F(Log, anArchiveOfVersion3GetsItsLog) {
  {
    Archive archive = open();
    for (const char* version : {"1", "2"})
      publishAll(archive, version);
  }
  const fs::path old = folder() / "old.db";
  for (std::size_t i = 0; i < 3; ++i)
    sql(old, std::string(schemaSteps()[i].sql));
  std::string drop;
  for (const char* type : {"trigger", "index", "table"})
    for (const std::string& name :
         rows("ATTACH '" + old.string() +
              "' AS old; SELECT name FROM main.sqlite_schema AS new WHERE type = '" + type +
              "' AND sql IS NOT NULL AND NOT EXISTS (SELECT 1 FROM old.sqlite_schema WHERE name = new.name)"))
      drop += "DROP " + std::string(type) + " IF EXISTS " + name + ";";
  sql(database(), drop + "PRAGMA user_version = 3");
  fs::remove(directory() / "signing-key.pem");

  const Archive archive = open();
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
  EXPECT_THAT(rows("SELECT kind FROM log_entry"),
              ElementsAre("rom", "rom", "rom_index", "rom_index", "body_set", "body_set", "advisory",
                          "advisory", "advisory_target", "advisory_target", "advisory_target",
                          "advisory_target", "release", "release"));
  EXPECT_THAT(rows("SELECT size FROM signed_head"), ElementsAre("14"));
  EXPECT_EQ(nodesOf(database()), nodesByDefinition(database()));
  EXPECT_FALSE(ok(archive.signingKeyIsNew()));
}

TEST_F(Log, theKeyIsPrivateAndKept) {
  const PublicKey key = open().signingKey();
  struct stat facts{};
  ASSERT_EQ(::stat((directory() / "signing-key.pem").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  EXPECT_EQ(open().signingKey(), key);
}

TEST_F(Log, aGivenKeyIsUsedAndNoneIsMade) {
  const fs::path file = folder() / "key.pem";
  EXPECT_EQ(Archive::open(directory(), file).error().code, ErrorCode::Malformed);
  const PublicKey key = ok(SigningKey::create(file)).publicKey();
  const Archive archive = ok(Archive::open(directory(), file));
  EXPECT_EQ(ok(archive.head()).key.key, key);
  EXPECT_FALSE(fs::exists(directory() / "signing-key.pem"));
}

TEST_F(Log, aKeyThatCannotBeReadIsOneClearLine) {
  ok(Archive::open(directory()));
  ok(writeFile(directory() / "signing-key.pem", asBytes("-----BEGIN")));
  const auto opened = Archive::open(directory());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().line(), HasSubstr("signing-key.pem"));
  EXPECT_EQ(asText(ok(readFile(directory() / "signing-key.pem"))), "-----BEGIN");
}

TEST_F(Log, aLostKeyIsReplacedForEverybodyToSee) {
  ok(open().publish(romRecord("bl2", "1", "a"), {source("elf", "x")}));
  const SignedHead before = ok(open().head());
  fs::remove(directory() / "signing-key.pem");
  Archive archive = open();
  EXPECT_TRUE(ok(archive.signingKeyIsNew()));
  EXPECT_EQ(ok(archive.head()).note(), before.note());
  ok(archive.publish(romRecord("bl2", "2", "b"), {source("elf", "y")}));
  EXPECT_FALSE(ok(archive.signingKeyIsNew()));
  const SignedHead after = ok(archive.head());
  EXPECT_NE(after.key, before.key);
  const Verification found = ok(archive.verify({before.note(), {}}, {}));
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_EQ(found.contradiction, "") << "what the old key signed is still true";
  EXPECT_THAT(found.notes, ElementsAre("another key signs since the head of 2 entries: " + after.key.text()));
  EXPECT_THAT(ok(archive.verify({{}, before.key.text()}, {})).contradiction,
              HasSubstr("signed with another key, " + after.key.text()));
  EXPECT_EQ(ok(archive.verify({{}, after.key.text()}, {})).contradiction, "");
}

} // namespace
} // namespace romlink::store
