// Paths that a client gives its inputs, and the private folder they appear in.
#include "server/job_folder.h"

#include <gtest/gtest.h>

namespace romlink::server {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

TEST(InputPath, TakesWhatLinkerScriptsMatchOn) {
  for (const char* path : {"main.o", "_root/usr/lib/libc.a", "a b/c.o", "..a/b..", "-x.o"})
    EXPECT_TRUE(checkInputPath(path)) << path;
}

TEST(InputPath, RefusesWhatLeadsElsewhere) {
  for (const std::string& path :
       {""s, "/etc/passwd"s, ".."s, "a/../b"s, "../a"s, "a/.."s, "."s, "./a"s, "a//b"s, "a/"s, "a\0b"s,
        "a\nb"s, std::string(300, 'x'), std::string(5000, '/')}) {
    const auto checked = checkInputPath(path);
    ASSERT_FALSE(checked) << path;
    EXPECT_EQ(checked.error().code, ErrorCode::Usage);
  }
}

class JobFolderTest : public testing::Test {
protected:
  JobFolderTest() : parent_(*TemporaryDirectory::create(fs::temp_directory_path(), "jobs")) {
    file_ = parent_.path() / "file";
    EXPECT_TRUE(writeFile(file_, asBytes("content")));
  }
  TemporaryDirectory parent_;
  fs::path file_;
};

TEST_F(JobFolderTest, GivesInputsTheirNamesAndGoes) {
  fs::path path;
  {
    auto folder = JobFolder::create(parent_.path());
    ASSERT_TRUE(folder);
    path = folder->path();
    EXPECT_TRUE(folder->addInput("a/b/c.o", file_));
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path / "in/a/b/c.o")));
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(file_));
}

TEST_F(JobFolderTest, RefusesPathsThatCollide) {
  auto folder = JobFolder::create(parent_.path());
  ASSERT_TRUE(folder && folder->addInput("a", file_));
  EXPECT_EQ(folder->addInput("a", file_).error().code, ErrorCode::Usage);
  EXPECT_EQ(folder->addInput("a/b", file_).error().code, ErrorCode::Usage);
}

TEST_F(JobFolderTest, ReadsNothingThatTheWorkerPointsElsewhere) {
  auto folder = JobFolder::create(parent_.path());
  ASSERT_TRUE(folder);
  ASSERT_TRUE(writeFile(folder->path() / "out/scratch/good", {}));
  fs::create_symlink(file_, folder->path() / "out/link");
  EXPECT_TRUE(folder->outputFile("out/scratch/good"));
  for (const char* name : {"out/link", "../file", "/etc/passwd", "in", "out", "out/none", "out/../job.pb"})
    EXPECT_FALSE(folder->outputFile(name)) << name;
}

TEST_F(JobFolderTest, KeepsItsPathOutOfMessages) {
  auto folder = JobFolder::create(parent_.path());
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->withoutFolder((folder->path() / "in/a.o").string() + ": bad, see " +
                                  (folder->path() / "rom.elf").string()),
            "a.o: bad, see rom.elf");
}

} // namespace
} // namespace romlink::server
