// Output files appear complete or not at all.
#include "client/output_file.h"

#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace romlink::client {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
protected:
  OutputFileTest() : folder_(*TemporaryDirectory::create(fs::temp_directory_path(), "output")) {}
  std::string content(const std::string& name) const {
    const auto bytes = readFile(folder_.path() / name);
    return bytes ? std::string(asText(*bytes)) : "(none)";
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
  TemporaryDirectory folder_;
};

TEST_F(OutputFileTest, AppearsWithCommitOnly) {
  const auto file = folder_.path() / "a.elf";
  ASSERT_TRUE(writeFile(file, asBytes("old")));
  {
    auto output = prepareOutput(file, "new");
    ASSERT_TRUE(output);
    EXPECT_EQ(content("a.elf"), "old");
  }
  EXPECT_EQ(content("a.elf"), "old");
  EXPECT_EQ(files(), 1U);
  auto output = prepareOutput(file, "new");
  ASSERT_TRUE(output && output->commit(true));
  EXPECT_EQ(content("a.elf"), "new");
  EXPECT_EQ(files(), 1U);
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_TRUE(status.st_mode & S_IXUSR);
}

TEST_F(OutputFileTest, KeepsSymbolicLinks) {
  ASSERT_TRUE(writeFile(folder_.path() / "real", asBytes("old")));
  fs::create_symlink("real", folder_.path() / "link");
  auto output = prepareOutput(folder_.path() / "link", "new");
  ASSERT_TRUE(output && output->commit());
  EXPECT_TRUE(fs::is_symlink(folder_.path() / "link"));
  EXPECT_EQ(content("real"), "new");
}

TEST_F(OutputFileTest, DoesNotReplaceAFileOfAnArchive) {
  std::string header("SQLite format 3\0\x10\0\x02\x02", 20); // of a database in WAL mode
  ASSERT_TRUE(writeFile(folder_.path() / "archive.db", asBytes(header)));
  fs::create_symlink("archive.db", folder_.path() / "link");
  for (const char* name : {"archive.db", "archive.db-wal", "signing-key.pem", "link"}) {
    const auto output = prepareOutput(folder_.path() / name, "new");
    ASSERT_FALSE(output) << name;
    EXPECT_EQ(output.error().code, ErrorCode::Usage);
  }
  EXPECT_EQ(content("archive.db"), header);
  for (const char* name : {"boot.elf", "archive.db.bak"})
    EXPECT_TRUE(prepareOutput(folder_.path() / name, "new")) << name;
  header[18] = header[19] = 1; // a backup, which the next one replaces
  ASSERT_TRUE(writeFile(folder_.path() / "archive.db", asBytes(header)));
  EXPECT_TRUE(prepareOutput(folder_.path() / "archive.db", "new"));
}

TEST_F(OutputFileTest, MakesFilesWithTheLongestNames) {
  auto output = prepareOutput(folder_.path() / std::string(255, 'n'), "x");
  ASSERT_TRUE(output && output->sync() && output->commit());
  EXPECT_EQ(content(std::string(255, 'n')), "x");
}

TEST_F(OutputFileTest, DoesNotReplaceDevices) {
  auto output = prepareOutput("/dev/null", "x");
  ASSERT_TRUE(output && output->commit());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputFileTest, SaysWhereItCannotWrite) {
  const auto output = OutputFile::create(folder_.path() / "none" / "a.elf");
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::Malformed);
}

TEST_F(OutputFileTest, AreDifferentFilesAndNoInputs) {
  const auto at = [&](const char* name) { return folder_.path() / name; };
  ASSERT_TRUE(writeFile(at("a.o"), asBytes("object")));
  fs::create_symlink("a.o", at("link"));
  fs::create_directory(at("b"));
  EXPECT_TRUE(checkOutputs({at("x"), at("y"), "", ""}, {at("a.o"), ""}));
  EXPECT_TRUE(checkOutputs({"/dev/null", "/dev/null"}));
  for (const auto& second : {at("x"), at("b/../x"), folder_.path() / "." / "x"}) {
    const auto done = checkOutputs({at("x"), second});
    ASSERT_FALSE(done) << second;
    EXPECT_EQ(done.error().code, ErrorCode::Usage);
    EXPECT_EQ(done.error().what, "two outputs are one file");
  }
  for (const auto& output : {at("a.o"), at("link")}) {
    const auto done = checkOutputs({output}, {at("a.o")});
    ASSERT_FALSE(done) << output;
    EXPECT_EQ(done.error().what, "the output is also an input");
  }
}

} // namespace
} // namespace romlink::client
