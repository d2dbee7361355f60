// Reading content back: checked before the first byte, stopped by the receiver.
#include "fixture.h"

namespace romlink::store {
namespace {

using Read = StoreTest;

TEST_F(Read, unknownContentIsNotFound) {
  const Archive archive = open();
  const auto read = archive.read(sha256Of("never archived"), [](Bytes) -> Result<void> { return {}; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::NotFound);
}

TEST_F(Read, sizesAroundTheChunkSizeComeBack) {
  Archive archive = open();
  constexpr std::size_t kChunk = 256 * 1024;
  unsigned seed = 0;
  for (const std::size_t size : {std::size_t{1}, kChunk - 1, kChunk, kChunk + 1, 2 * kChunk}) {
    const std::string content = noise(size, ++seed);
    ok(archive.publish(romRecord("bl2", std::to_string(size), std::to_string(size)),
                       {source("elf", content)}));
    EXPECT_EQ(contentOf(archive, sha256Of(content)), content) << size;
  }
}

TEST_F(Read, theReceiversErrorStopsIt) {
  Archive archive = open();
  const std::string content = noise(1'000'000, 1);
  ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", content)}));
  int pieces = 0;
  const auto read = archive.read(sha256Of(content), [&](Bytes) -> Result<void> {
    ++pieces;
    return fail(ErrorCode::Unavailable, "the client went away");
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().what, "the client went away");
  EXPECT_EQ(pieces, 1);
}

TEST_F(Read, theReceiverMayUseTheArchive) {
  Archive archive = open();
  const std::string content = noise(600'000, 1);
  ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", content)}));
  ok(archive.read(sha256Of(content), [&](Bytes) -> Result<void> {
    ROMLINK_TRY(archive.find("bl2@1"));
    ROMLINK_TRY(archive.publish(romRecord("bl2", "2", "b"), {source("elf", content)}));
    return {};
  }));
  EXPECT_EQ(ok(archive.stats()).roms, 2U);
}

} // namespace
} // namespace romlink::store
