// The content-addressed store of link inputs.
#include "server/input_cache.h"

#include "base/file.h"

#include <fstream>
#include <gtest/gtest.h>

namespace romlink::server {
namespace {

namespace fs = std::filesystem;

class InputCacheTest : public testing::Test {
protected:
  InputCacheTest() : folder_(*TemporaryDirectory::create(fs::temp_directory_path(), "cache")) {}
  InputCache open(std::uint64_t limit = 1000) { return *InputCache::open(folder_.path(), limit); }
  static Digest put(InputCache& cache, const std::string& content) {
    const Digest digest = sha256Of(content);
    auto writer = cache.write(digest);
    EXPECT_TRUE(writer && writer->write(asBytes(content)) && writer->commit());
    return digest;
  }
  TemporaryDirectory folder_;
};

TEST_F(InputCacheTest, KeepsFilesOverRestarts) {
  Digest digest;
  {
    InputCache cache = open();
    digest = put(cache, "object");
    EXPECT_TRUE(cache.contains(digest));
  }
  InputCache cache = open();
  const auto pin = cache.pin(digest);
  ASSERT_TRUE(pin);
  EXPECT_EQ(asText(*readFile(pin->file())), "object");
  EXPECT_EQ(cache.bytes(), 6U);
}

TEST_F(InputCacheTest, RefusesContentThatIsNotWhatWasAnnounced) {
  InputCache cache = open();
  {
    auto writer = cache.write(sha256Of("expected"));
    ASSERT_TRUE(writer && writer->write(asBytes("other")));
    const auto done = writer->commit();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::Malformed);
  }
  EXPECT_FALSE(cache.contains(sha256Of("expected")));
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
    EXPECT_TRUE(entry.is_directory()) << entry.path();
}

TEST_F(InputCacheTest, RemovesTheLeastRecentlyUsedButNothingInUse) {
  InputCache cache = open(10);
  const Digest first = put(cache, "aaaa");
  const Digest second = put(cache, "bbbb");
  {
    const auto pin = cache.pin(first);
    ASSERT_TRUE(pin);
    put(cache, "cccc");
    EXPECT_TRUE(cache.contains(first));
    EXPECT_FALSE(cache.contains(second));
  }
  EXPECT_LE(cache.bytes(), 10U);
}

TEST_F(InputCacheTest, DoesNotServeADamagedFile) {
  Digest digest;
  {
    InputCache cache = open();
    digest = put(cache, "object");
    const auto pin = cache.pin(digest);
    fs::permissions(pin->file(), fs::perms::owner_write, fs::perm_options::add);
    ASSERT_TRUE(writeFile(pin->file(), asBytes("0bject")));
  }
  InputCache cache = open();
  const auto pin = cache.pin(digest);
  ASSERT_FALSE(pin);
  EXPECT_EQ(pin.error().code, ErrorCode::NotFound);
  EXPECT_FALSE(cache.contains(digest));
}

TEST_F(InputCacheTest, NoticesAFileThatWasChangedAfterItWasChecked) {
  InputCache cache = open();
  const Digest digest = put(cache, "object");
  fs::path file = cache.pin(digest)->file();
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(cache.pin(digest));
  fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(file, std::ios::in | std::ios::out) << "0bject"; // in place, at once, of the same size
  EXPECT_FALSE(cache.pin(digest));
  EXPECT_FALSE(cache.contains(digest));
  EXPECT_EQ(put(cache, "object"), digest);
  EXPECT_TRUE(cache.pin(digest));
  EXPECT_EQ(cache.bytes(), 6U);
}

} // namespace
} // namespace romlink::server
