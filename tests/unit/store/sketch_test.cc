// Sketches of flash images: one for each format, added when the set is long sealed, checked like everything
// else.
#include "fixture.h"

namespace romlink::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Sketches : public StoreTest {
protected:
  Sketches() {
    Archive archive = open();
    ok(archive.publish(one, {source("elf", "elf")}, {}, sketch));
    ok(archive.publish(two, {source("elf", "other elf")}));
  }
  const RomRecord one = romRecord("bl2", "1", "a");
  const RomRecord two = romRecord("bl3", "1", "b");
  const Sketch sketch{1, {{0x01020304, 0x1122334455667788}, {5, 6}}, {0xAABBCCDD, 7, 8}};
};

TEST_F(Sketches, areReadAsTheyWereMade) {
  const Archive archive = open();
  EXPECT_EQ(ok(archive.sketchOf(1, 1)), sketch);
  EXPECT_EQ(ok(archive.sketchOf(1, 2)), std::nullopt);
  EXPECT_EQ(ok(archive.sketchOf(2, 1)), std::nullopt);
  EXPECT_THAT(
      sql(database(), "SELECT hex(anchors), hex(blocks) FROM rom_sketch"),
      testing::ElementsAre("040302018877665544332211050000000600000000000000|DDCCBBAA0700000008000000"));
}

TEST_F(Sketches, comeWithWhatASearchNeeds) {
  const auto images = ok(open().imagesAfter(0, 10, 1));
  ASSERT_THAT(images, SizeIs(2));
  EXPECT_EQ(images[0].imageHash, one.imageHash);
  EXPECT_EQ(images[0].imageSize, one.imageSize);
  EXPECT_EQ(images[0].base, 0x10000000U);
  EXPECT_EQ(images[0].volatileRanges, one.volatileRanges);
  EXPECT_EQ(images[0].anchors, sketch.anchors);
  EXPECT_EQ(images[1].imageHash, two.imageHash);
  EXPECT_EQ(images[1].volatileRanges, two.volatileRanges);
  EXPECT_EQ(images[1].base, 0x10000000U);
  EXPECT_EQ(images[1].anchors, std::nullopt);
}

TEST_F(Sketches, arePagedByPublication) {
  const Archive archive = open();
  const auto first = ok(archive.imagesAfter(0, 1, 1));
  ASSERT_THAT(first, SizeIs(1));
  const auto second = ok(archive.imagesAfter(first[0].romId, 1, 1));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].imageHash, two.imageHash);
  EXPECT_THAT(ok(archive.imagesAfter(second[0].romId, 1, 1)), IsEmpty());
}

TEST_F(Sketches, areAddedOnceForEachFormat) {
  Archive archive = open();
  ok(archive.addSketch(two.imageHash, sketch));
  ok(archive.addSketch(two.imageHash, {1, {}, {9}}));
  ok(archive.addSketch(two.imageHash, {2, {}, {9}}));
  EXPECT_EQ(ok(archive.sketchOf(2, 1)), sketch) << "the first stays";
  EXPECT_EQ(ok(archive.sketchOf(2, 2))->blocks, std::vector<std::uint32_t>{9});
  EXPECT_THAT(ok(archive.verify({}, {})).problems, IsEmpty());
  const auto added = archive.addSketch(sha256Of(std::string_view("no ROM")), sketch);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::NotFound);
}

TEST_F(Sketches, aDamagedOneIsNamedAndNotUsed) {
  const std::string trigger =
      sql(database(), "SELECT sql FROM sqlite_schema WHERE name = 'rom_sketch_no_update'").at(0);
  for (const char* change :
       {"anchors = x'000000000000000000000000'", "blocks = x'00000000'", "format_version = 2"}) {
    std::filesystem::copy_file(database(), folder() / "good.db",
                               std::filesystem::copy_options::overwrite_existing);
    sql(database(),
        std::string("DROP TRIGGER rom_sketch_no_update; UPDATE rom_sketch SET ") + change + ";" + trigger);
    EXPECT_THAT(ok(open().verify({}, {})).problems,
                Contains(AllOf(HasSubstr("bl2@1 sketch of format"), HasSubstr("digest"))))
        << change;
    for (const std::uint32_t format : {1U, 2U})
      EXPECT_EQ(ok(open().imagesAfter(0, 1, format))[0].anchors, std::nullopt) << change;
    std::filesystem::copy_file(folder() / "good.db", database(),
                               std::filesystem::copy_options::overwrite_existing);
  }
}

} // namespace
} // namespace romlink::store
