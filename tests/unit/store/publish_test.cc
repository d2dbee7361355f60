// Publishing: what comes back, what is stored once, what is refused and with which words.
#include "fixture.h"
#include "store/text.h"

#include <sys/stat.h>

namespace romlink::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using Publish = StoreTest;

TEST_F(Publish, everyFieldComesBackAfterReopening) {
  const RomRecord rom = romRecord("bl2", "1.0", "a");
  const std::string elf = noise(600'000, 1); // three chunks
  {
    Archive archive = open();
    const Published published = ok(archive.publish(rom, {source("elf", elf), source("map", "")}));
    EXPECT_FALSE(published.alreadyPublished);
    EXPECT_EQ(published.rom.publishedAt.size(), std::string("2035-01-31T23:59:59Z").size());
  }
  const Archive archive = open();
  const RomRecord found = ok(archive.find("bl2@1.0"));
  EXPECT_EQ(found.imageHash, rom.imageHash);
  EXPECT_EQ(found.name, rom.name);
  EXPECT_EQ(found.version, rom.version);
  EXPECT_EQ(found.buildId, rom.buildId);
  EXPECT_EQ(found.flash, rom.flash);
  EXPECT_EQ(found.imageSize, rom.imageSize);
  EXPECT_EQ(found.entry, rom.entry);
  EXPECT_EQ(found.sharedRam, rom.sharedRam);
  EXPECT_EQ(found.volatileRanges, rom.volatileRanges);
  EXPECT_EQ(found.sharedSymbols, rom.sharedSymbols);
  EXPECT_EQ(found.labels, rom.labels);
  EXPECT_EQ(found.architecture, rom.architecture);
  EXPECT_EQ(found.functionCount, rom.functionCount);
  EXPECT_EQ(found.objectCount, rom.objectCount);
  EXPECT_EQ(found.notes, rom.notes);
  ASSERT_EQ(found.artifacts.size(), 2U);
  EXPECT_EQ(found.artifacts[0].role, "elf");
  EXPECT_EQ(found.artifacts[0].fileName, "elf.bin");
  EXPECT_EQ(found.artifacts[0].size, elf.size());
  EXPECT_EQ(found.artifacts[0].digest, sha256Of(elf));
  EXPECT_EQ(contentOf(archive, found.artifacts[0].digest), elf);
  EXPECT_EQ(contentOf(archive, found.artifacts[1].digest), "");
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(Publish, absentSharedRamStaysAbsent) {
  Archive archive = open();
  RomRecord rom = romRecord("bl2", "1.0", "a");
  rom.sharedRam.reset();
  rom.buildId.clear();
  ok(archive.publish(rom, {source("elf", "x")}));
  EXPECT_FALSE(ok(archive.find("bl2@1.0")).sharedRam);
  EXPECT_THAT(ok(archive.verify({})), IsEmpty());
}

TEST_F(Publish, equalContentIsStoredOnce) {
  Archive archive = open();
  const std::string elf = noise(300'000, 1);
  ok(archive.publish(romRecord("bl2", "1.0", "a"), {source("elf", elf), source("copy", elf)}));
  const Stats one = ok(archive.stats());
  ok(archive.publish(romRecord("bl2", "1.1", "b"), {source("elf", elf)}));
  const Stats two = ok(archive.stats());
  EXPECT_EQ(one.blobs, 1U);
  EXPECT_EQ(two.blobs, 1U);
  EXPECT_EQ(two.roms, 2U);
  EXPECT_EQ(two.artifacts, 3U);
  EXPECT_EQ(two.contentBytes, 3 * elf.size());
  EXPECT_EQ(two.distinctBytes, elf.size());
  EXPECT_EQ(two.blobBytes, elf.size());
  EXPECT_EQ(two.storedBytes, one.storedBytes);
  EXPECT_GE(two.databaseBytes, two.storedBytes);
}

TEST_F(Publish, contentIsCompressed) {
  Archive archive = open();
  ok(archive.publish(romRecord("bl2", "1.0", "a"), {source("elf", std::string(1'000'000, 'x'))}));
  EXPECT_LT(ok(archive.stats()).storedBytes, 10'000U);
}

TEST_F(Publish, theSameSetAgainChangesNothing) {
  Archive archive = open();
  const RomRecord rom = romRecord("bl2", "1.0", "a");
  const RomRecord first = ok(archive.publish(rom, {source("elf", "x"), source("map", "y")})).rom;
  const auto dump = [&] {
    std::string text;
    for (const char* table :
         {"blob", "chunk", "rom", "artifact", "address_range", "label", "note", "shared_symbol"})
      for (const std::string& row : sql(database(), std::string("SELECT * FROM ") + table))
        text += row + "\n";
    return text;
  };
  const std::string before = dump();
  RomRecord again = rom;
  std::swap(again.sharedSymbols[0], again.sharedSymbols[1]); // order means nothing
  again.notes = {"a later romlink knows more"};              // derived from the same bytes
  const Published second = ok(archive.publish(again, {source("map", "y"), source("elf", "x")}));
  EXPECT_TRUE(second.alreadyPublished);
  EXPECT_EQ(second.rom.notes, first.notes);
  EXPECT_EQ(second.rom.publishedAt, first.publishedAt);
  EXPECT_EQ(dump(), before);
}

class Refusal : public StoreTest {
protected:
  Error refusalOf(const RomRecord& rom, const std::vector<ArtifactSource>& sources) {
    const auto published = archive_.publish(rom, sources);
    if (published)
      throw std::runtime_error("it was published");
    EXPECT_EQ(ok(archive_.stats()).roms, romsBefore_);
    return published.error();
  }
  Archive archive_ = open();
  std::uint64_t romsBefore_ = 0;
};

TEST_F(Refusal, namesWhatDiffersFromTheArchivedSet) {
  const RomRecord rom = romRecord("bl2", "1.0", "a");
  ok(archive_.publish(rom, {source("elf", "x"), source("map", "y")}));
  romsBefore_ = 1;
  const Error error = refusalOf(rom, {source("elf", "z"), source("dts", "y")});
  EXPECT_EQ(error.code, ErrorCode::Refused);
  EXPECT_EQ(error.where, "bl2@1.0");
  EXPECT_THAT(error.why, HasSubstr("artifact elf differs"));
  EXPECT_THAT(error.why, HasSubstr("no artifact dts"));
  EXPECT_THAT(error.why, HasSubstr("artifact map is missing"));

  const std::vector<ArtifactSource> same = {source("elf", "x"), source("map", "y")};
  const auto why = [&](auto change) {
    RomRecord other = rom;
    change(other);
    const Error refusal = refusalOf(other, same);
    EXPECT_EQ(refusal.code, ErrorCode::Refused);
    EXPECT_THAT(refusal.hint, HasSubstr("permanent"));
    return refusal.why;
  };
  EXPECT_THAT(why([](RomRecord& r) { r.name = "other"; }), HasSubstr("archived as bl2@1.0"));
  EXPECT_THAT(why([](RomRecord& r) { r.version = "1.1"; }), HasSubstr("archived as bl2@1.0"));
  EXPECT_THAT(why([](RomRecord& r) { r.labels["board"] = "b"; }), HasSubstr("labels"));
  EXPECT_THAT(why([](RomRecord& r) { r.sharedRam.reset(); }), HasSubstr("shared RAM"));
  EXPECT_THAT(why([](RomRecord& r) { r.sharedSymbols.pop_back(); }), HasSubstr("shared symbols"));
  EXPECT_THAT(why([](RomRecord& r) { r.volatileRanges.pop_back(); }), HasSubstr("volatile"));
}

TEST_F(Refusal, nameAndVersionBelongToOneImage) {
  ok(archive_.publish(romRecord("bl2", "1.0", "a"), {source("elf", "x")}));
  romsBefore_ = 1;
  const Error error = refusalOf(romRecord("bl2", "1.0", "b"), {source("elf", "x")});
  EXPECT_EQ(error.code, ErrorCode::Refused);
  EXPECT_THAT(error.why, HasSubstr(sha256Of("image of a").text()));
  EXPECT_THAT(error.why, HasSubstr("flash image differs"));
}

TEST_F(Refusal, ofNamesThatWouldBeAmbiguousOrUnprintable) {
  for (const std::string& bad :
       {std::string(), std::string("a@b"), std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xff"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"), std::string("\xc2\x85"),
        std::string("\xe2\x80\xae"), std::string(" a"), std::string(201, 'x'), std::string("\xe2\x80")}) {
    EXPECT_EQ(refusalOf(romRecord(bad, "1.0", "a"), {source("elf", "x")}).code, ErrorCode::Usage) << bad;
    EXPECT_EQ(refusalOf(romRecord("bl2", bad, "a"), {source("elf", "x")}).code, ErrorCode::Usage) << bad;
  }
  for (const char* good : {"bl2 (rev. B)", "\xe5\x9b\xba\xe4\xbb\xb6", "1.0+dfsg~rc1"})
    EXPECT_TRUE(archive_.publish(romRecord(good, good, good), {source("elf", good)})) << good;
}

TEST(Text, NamesThatLookLikeOthers) {
  for (const char* bad : {"boot\u200b", "boot\u2060", "1\ufeff", "bo\u00adot", "\u2060", "\U000e0041",
                          "\u3164", "\u00a0", "\u3000boot", "boot\u2003", "  ", " a", "a "})
    EXPECT_TRUE(flawOfName(bad)) << bad;
  EXPECT_THAT(flawOfName("boot\u200b").value_or(""), HasSubstr("U+200B"));
  for (const char* good : {"boot", "a\u00a0b", "\u2764\ufe0f", "\u0928\u092e", ""})
    EXPECT_FALSE(flawOfName(good)) << good;
}

TEST(Text, MayNeedWhatDoesNotShow) {
  for (const char* text : {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f4bb",
                           "\u0915\u094d\u200d\u0937"})
    EXPECT_FALSE(flawOf(text)) << text;
  for (const char* text : {"a\u202eb", "bo\u061cot", "boot\u200f", "two\nlines"})
    EXPECT_TRUE(flawOf(text)) << text;
}

TEST_F(Refusal, ofRoles) {
  for (const char* bad : {"", "Elf", "-elf", ".elf", "el f", "e/f", "\xc3\xa9"})
    EXPECT_EQ(refusalOf(romRecord("bl2", "1.0", "a"), {source(bad, "x")}).code, ErrorCode::Usage) << bad;
  EXPECT_THAT(refusalOf(romRecord("bl2", "1.0", "a"), {source("elf", "x"), source("elf", "y")}).why,
              HasSubstr("more than once"));
  EXPECT_EQ(refusalOf(romRecord("bl2", "1.0", "a"), {}).code, ErrorCode::Usage);
}

TEST_F(Refusal, ofOtherFields) {
  const auto code = [&](auto change) {
    RomRecord rom = romRecord("bl2", "1.0", "a");
    change(rom);
    return refusalOf(rom, {source("elf", "x")}).code;
  };
  EXPECT_EQ(code([](RomRecord& r) { r.buildId = "xyz"; }), ErrorCode::Usage);
  EXPECT_EQ(code([](RomRecord& r) { r.labels["a\n"] = "b"; }), ErrorCode::Usage);
  EXPECT_EQ(code([](RomRecord& r) { r.labels["a=b"] = "b"; }), ErrorCode::Usage);
  EXPECT_EQ(code([](RomRecord& r) { r.labels["a"] = "\x1b[31m"; }), ErrorCode::Usage);
  EXPECT_EQ(code([](RomRecord& r) { r.flash = {{0xfffffff0, 0x11}}; }), ErrorCode::Usage);
  EXPECT_EQ(code([](RomRecord& r) { r.volatileRanges = {{0, 0}}; }), ErrorCode::Usage);
  EXPECT_EQ(code([](RomRecord& r) { r.sharedSymbols = {""}; }), ErrorCode::Usage);
}

TEST_F(Publish, fileNamesAreReducedToABaseName) {
  Archive archive = open();
  const auto with = [&](const std::string& name, const std::string& version) {
    ArtifactSource artifact = source("elf", "x");
    artifact.fileName = name;
    return archive.publish(romRecord("bl2", version, version), {artifact});
  };
  EXPECT_EQ(ok(with("/build/../out/bl2.axf", "1")).rom.artifacts[0].fileName, "bl2.axf");
  EXPECT_EQ(ok(with("C:\\out\\bl2.axf", "2")).rom.artifacts[0].fileName, "bl2.axf");
  for (const char* bad : {"", ".", "..", "out/", "out/..", "a\nb"})
    EXPECT_EQ(with(bad, "3").error().code, ErrorCode::Usage) << bad;
}

TEST_F(Publish, onlyRegularReadableFilesAreArchived) {
  Archive archive = open();
  const std::filesystem::path pipe = folder() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& file : {pipe, folder(), folder() / "none"}) {
    const auto published = archive.publish(romRecord("bl2", "1.0", "a"), {{"elf", "f", file}});
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().code, ErrorCode::Malformed);
    EXPECT_EQ(published.error().where, file.string());
  }
  EXPECT_EQ(ok(archive.stats()).roms, 0U);
}

} // namespace
} // namespace romlink::store
