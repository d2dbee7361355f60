// "@FILE" arguments.
#include "client/response_file.h"

#include "base/file.h"

#include <gmock/gmock.h>

namespace romlink::client {
namespace {

using testing::ElementsAre;

TEST(ResponseFile, SplitsWordsAsGnuToolsDo) {
  EXPECT_THAT(splitWords("a  b\n\t'c d' \"e f\"g \\\"h\\\\ \"\" 'x\"y'"),
              ElementsAre("a", "b", "c d", "e fg", "\"h\\", "", "x\"y"));
}

TEST(ResponseFile, ExpandsNestedFiles) {
  const auto folder = TemporaryDirectory::create(std::filesystem::temp_directory_path(), "response");
  ASSERT_TRUE(folder);
  const std::string outer = (folder->path() / "outer").string();
  const std::string inner = (folder->path() / "inner").string();
  ASSERT_TRUE(writeFile(inner, asBytes("b c")));
  ASSERT_TRUE(writeFile(outer, asBytes("a @" + inner + " d")));
  const auto expanded = expandResponseFiles({"x", "@" + outer, "@nowhere"});
  ASSERT_TRUE(expanded);
  EXPECT_THAT(*expanded, ElementsAre("x", "a", "b", "c", "d", "@nowhere"));
}

TEST(ResponseFile, RefusesOneThatNamesItself) {
  const auto folder = TemporaryDirectory::create(std::filesystem::temp_directory_path(), "response");
  ASSERT_TRUE(folder);
  const std::string file = (folder->path() / "self").string();
  ASSERT_TRUE(writeFile(file, asBytes("@" + file)));
  const auto expanded = expandResponseFiles({"@" + file});
  ASSERT_FALSE(expanded);
  EXPECT_EQ(expanded.error().code, ErrorCode::Usage);
}

} // namespace
} // namespace romlink::client
