// Build-id notes at any place of a dump.
#include "dump_fixture.h"
#include "server/build_id_note.h"

namespace romlink::server {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Content noteOf(const Content& id, std::uint8_t nameSize = 4, std::uint8_t type = 3) {
  return Content{nameSize, 0,   0,   0, static_cast<std::uint8_t>(id.size()), 0, 0, 0, type, 0, 0, 0,
                 'G',      'N', 'U', 0} +
         id;
}

TEST(BuildIdNote, IsFoundAtAnyOffset) {
  const Content id = noise(20, 7);
  for (const std::size_t before : {0, 1, 2, 3, 4, 4097}) {
    const auto notes = buildIdNotesIn(noise(before, 1) + noteOf(id) + noise(9, 2));
    ASSERT_THAT(notes, SizeIs(1)) << before;
    EXPECT_EQ(notes[0].offset, before);
    EXPECT_EQ(notes[0].size, 36U);
    EXPECT_EQ(notes[0].buildId, toHex(id));
  }
}

TEST(BuildIdNote, IsWholeAndOfTheRightKind) {
  const Content note = noteOf(noise(20, 7));
  EXPECT_THAT(buildIdNotesIn(note), SizeIs(1));
  EXPECT_THAT(buildIdNotesIn(Content(note.begin(), note.end() - 1)), IsEmpty());
  EXPECT_THAT(buildIdNotesIn(Content(note.begin() + 1, note.end())), IsEmpty());
  EXPECT_THAT(buildIdNotesIn(noteOf(noise(20, 7), 5)), IsEmpty());
  EXPECT_THAT(buildIdNotesIn(noteOf(noise(20, 7), 4, 1)), IsEmpty());
  EXPECT_THAT(buildIdNotesIn(noteOf(noise(3, 7))), IsEmpty());
  EXPECT_THAT(buildIdNotesIn(noteOf(noise(65, 7)) + noise(99, 1)), IsEmpty());
  EXPECT_THAT(buildIdNotesIn({}), IsEmpty());
}

TEST(BuildIdNote, AsManyAsAreLookedUp) {
  Content dump;
  for (unsigned i = 0; i < kMostBuildIdNotes + 3; ++i)
    dump = dump + noteOf(noise(8, i));
  const auto notes = buildIdNotesIn(dump);
  ASSERT_THAT(notes, SizeIs(kMostBuildIdNotes));
  EXPECT_EQ(notes[1].offset, 24U);
  EXPECT_EQ(notes[1].buildId, toHex(noise(8, 1)));
}

} // namespace
} // namespace romlink::server
