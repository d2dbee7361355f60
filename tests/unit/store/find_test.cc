// References to ROMs, pages of the list, and the shapes that identification asks for.
#include "fixture.h"

namespace romlink::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Find : public StoreTest {
protected:
  void add(const std::string& name, const std::string& version, const std::string& imageHash,
           const std::string& buildId = "") {
    RomRecord rom = romRecord(name, version, name + version);
    rom.imageHash = ok(Digest::parse(imageHash));
    rom.buildId = buildId;
    ok(archive_.publish(rom, {source("elf", "x")}));
  }
  std::string nameOf(const std::string& reference) {
    const RomRecord rom = ok(archive_.find(reference));
    return rom.name + "@" + rom.version;
  }
  Archive archive_ = open();
};

const std::string kHashA = "aaaaaaaa"
                           "00000000000000000000000000000000000000000000000000000001";
const std::string kHashB = "aaaaaaaa"
                           "f0000000000000000000000000000000000000000000000000000002";
const std::string kHashC = "cccccccc"
                           "00000000000000000000000000000000000000000000000000000003";
const std::string kBuildId = "cccccccc000000000000000000000000deadbeef";

TEST_F(Find, byEveryFormOfReference) {
  add("bl1", "1", kHashA);
  add("bl2", "1", kHashB, kBuildId);
  EXPECT_EQ(nameOf("sha256:" + kHashA), "bl1@1");
  EXPECT_EQ(nameOf(kHashB), "bl2@1");
  EXPECT_EQ(nameOf("aaaaaaaa0"), "bl1@1"); // an odd number of digits
  EXPECT_EQ(nameOf("sha256:AAAAAAAAF"), "bl2@1");
  EXPECT_EQ(nameOf("bl2@1"), "bl2@1");
  EXPECT_EQ(nameOf(kBuildId), "bl2@1");
  EXPECT_EQ(ok(archive_.findByImage(ok(Digest::parse(kHashA))))->name, "bl1");
  EXPECT_FALSE(ok(archive_.findByImage(sha256Of("other"))));
}

TEST_F(Find, ambiguityNamesTheCandidates) {
  add("bl1", "1", kHashA);
  add("bl2", "1", kHashB, kBuildId);
  const auto found = archive_.find("aaaaaaaa");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::Usage);
  EXPECT_THAT(found.error().why,
              AllOf(HasSubstr("bl1@1 (sha256:" + kHashA), HasSubstr("bl2@1 (sha256:" + kHashB)));
}

TEST_F(Find, aBuildIdThatIsAlsoAHashPrefixIsAmbiguous) {
  add("bl2", "1", kHashB, kHashC.substr(0, 40));
  add("bl3", "1", kHashC);
  EXPECT_EQ(archive_.find(kHashC.substr(0, 40)).error().code, ErrorCode::Usage);
  EXPECT_EQ(nameOf("sha256:" + kHashC.substr(0, 40)), "bl3@1");
}

TEST_F(Find, sharedBuildIdsAreAmbiguous) {
  add("bl1", "1", kHashA, kBuildId);
  add("bl2", "1", kHashB, kBuildId);
  EXPECT_EQ(archive_.find(kBuildId).error().code, ErrorCode::Usage);
}

TEST_F(Find, byBuildIdNoteOrSyntheticBuildId) {
  add("bl2", "1", kHashB, kBuildId);
  add("bl1", "1", kHashA);
  add("bl3", "1", kHashC, kBuildId);
  const auto names = [&](const std::string& buildId) {
    std::vector<std::string> found;
    for (const RomRecord& rom : ok(archive_.findByBuildId(buildId)))
      found.push_back(rom.name);
    return found;
  };
  EXPECT_THAT(names(kBuildId), ElementsAre("bl2", "bl3"));
  EXPECT_EQ(syntheticBuildId(ok(Digest::parse(kHashA))), kHashA.substr(0, 40));
  EXPECT_THAT(names(kHashA.substr(0, 40)), ElementsAre("bl1"));
  EXPECT_THAT(names(kHashB.substr(0, 40)), ElementsAre("bl2")); // it has a note, too
  EXPECT_EQ(nameOf(kHashA.substr(0, 40)), "bl1@1");
  for (const std::string& other :
       {kHashA.substr(0, 38), kHashA, kBuildId.substr(0, 38), std::string(), std::string("x")})
    EXPECT_THAT(names(other), ElementsAre()) << other;
}

TEST_F(Find, nothingIsNotFoundWithAHint) {
  add("bl2", "1", kHashB, kBuildId);
  for (const std::string& reference : {"sha256:" + kHashA, std::string("12345678"), std::string("bl9@1"),
                                       std::string("bl9"), kBuildId.substr(0, 39), kHashA + "0"}) {
    const auto found = archive_.find(reference);
    ASSERT_FALSE(found) << reference;
    EXPECT_EQ(found.error().code, ErrorCode::NotFound) << reference;
    EXPECT_THAT(found.error().hint, HasSubstr("romlink rom list")) << reference;
  }
  EXPECT_THAT(archive_.find("bl2@9").error().hint, HasSubstr("bl2@1"));
  EXPECT_THAT(archive_.find("bl2").error().hint, HasSubstr("bl2@1"));
}

TEST_F(Find, whatIsNoReferenceIsAUsageError) {
  add("bl2", "1", kHashB);
  for (const char* reference : {"", "aaaaaaa", "sha256:aaaa", "sha256:", "sha256:xyz"})
    EXPECT_EQ(archive_.find(reference).error().code, ErrorCode::Usage) << reference;
}

TEST_F(Find, pagesGoThroughAllInOrder) {
  for (const char* version : {"3", "1", "2"})
    for (const char* name : {"b", "a", "c"})
      add(name, version, sha256Of(std::string(name) + version).hex());
  const auto pages = [&](const std::string& name, std::size_t limit) {
    std::vector<std::string> all;
    std::string token;
    do {
      const Archive::Page page = ok(archive_.list(name, limit, token));
      EXPECT_LE(page.roms.size(), limit);
      for (const RomRecord& rom : page.roms)
        all.push_back(rom.name + rom.version);
      token = page.nextToken;
    } while (!token.empty());
    return all;
  };
  for (const std::size_t limit : {1, 2, 3, 9, 10}) {
    EXPECT_THAT(pages("", limit), ElementsAre("a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3")) << limit;
    EXPECT_THAT(pages("b", limit), ElementsAre("b1", "b2", "b3")) << limit;
  }
  EXPECT_THAT(pages("none", 5), ElementsAre());
  const std::string ofAll = ok(archive_.list("", 1, "")).nextToken;
  EXPECT_EQ(archive_.list("b", 5, ofAll).error().code, ErrorCode::Usage) << "a token of another list";
  EXPECT_EQ(archive_.list("", 0, "").error().code, ErrorCode::Usage);
  EXPECT_EQ(archive_.list("", 5, "nonsense").error().code, ErrorCode::Usage);
  EXPECT_EQ(archive_.list("", 5, sha256Of("never archived").hex()).error().code, ErrorCode::Usage);
}

} // namespace
} // namespace romlink::store
