// Files appear whole or not at all.
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace romlink {
namespace {
namespace fs = std::filesystem;

class File : public testing::Test {
protected:
  Result<TemporaryDirectory> folder_ = TemporaryDirectory::create(testing::TempDir(), "file");
  fs::path at(const char* name) const { return folder_->path() / name; }
};

TEST_F(File, comesBackAsWritten) {
  std::string content("\0\xff\n", 3);
  content.append(300'000, 'x');
  ASSERT_TRUE(writeFile(at("f"), asBytes(content)));
  const auto read = readFile(at("f"));
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(asText(*read), content);
}

TEST_F(File, replacesTheOldContentAndLeavesNothingElse) {
  ASSERT_TRUE(writeFile(at("f"), asBytes("a longer first content")));
  ASSERT_TRUE(writeFile(at("f"), asBytes("second")));
  EXPECT_EQ(asText(readFile(at("f")).value()), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_->path()), {}), 1);
}

TEST_F(File, failedWriteLeavesNothing) {
  ASSERT_TRUE(fs::create_directory(at("taken")));
  const auto written = writeFile(at("taken"), asBytes("x")); // cannot be renamed over a directory
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::Malformed);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_->path()), {}), 1);
}

TEST_F(File, isExecutableOnRequestAndFollowsTheUmask) {
  const mode_t mask = ::umask(022);
  ASSERT_TRUE(writeFile(at("data"), asBytes("x")));
  ASSERT_TRUE(writeFile(at("program"), asBytes("x"), true));
  ::umask(mask);
  const auto mode = [&](const char* name) {
    struct stat status{};
    ::stat(at(name).c_str(), &status);
    return status.st_mode & 0777;
  };
  EXPECT_EQ(mode("data"), 0644U);
  EXPECT_EQ(mode("program"), 0755U);
}

TEST_F(File, unreadableIsMalformedAndNamed) {
  for (const char* name : {"none", "."}) {
    const auto read = readFile(at(name));
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, ErrorCode::Malformed);
    EXPECT_EQ(read.error().where, at(name).string());
  }
}

TEST(TemporaryDirectory, goesWithItsContent) {
  fs::path path;
  {
    auto folder = TemporaryDirectory::create(testing::TempDir(), "gone");
    ASSERT_TRUE(folder);
    path = folder->path();
    ASSERT_TRUE(writeFile(path / "f", asBytes("x")));
    TemporaryDirectory moved = std::move(*folder);
    ASSERT_TRUE(fs::exists(path / "f"));
  }
  EXPECT_FALSE(fs::exists(path));
}

} // namespace
} // namespace romlink
