// Which file of a tarball a path of the debug information means.
#include "server/source_path.h"

#include <gtest/gtest.h>

namespace romlink::server {
namespace {

// The member that is meant, or the error's code.
std::string meant(const std::string& path, const std::vector<std::string>& members) {
  const auto found = correspondingMember(path, members);
  return found ? members[*found] : std::string(nameOf(found.error().code));
}

TEST(SourcePath, theSamePath) {
  EXPECT_EQ(meant("/build/bl2/src/boot.c", {"build/bl2/src/boot.c", "bl2/src/boot.c"}),
            "build/bl2/src/boot.c");
  EXPECT_EQ(meant("/build/bl2/src/boot.c", {"/build/bl2/src/boot.c"}), "/build/bl2/src/boot.c");
  EXPECT_EQ(meant("/build/bl2//out/../src/./boot.c", {"./build/bl2/src/boot.c"}), "./build/bl2/src/boot.c");
  // even if another ends in the same behind its first folder
  EXPECT_EQ(meant("/src/boot.c", {"old/src/boot.c", "src/boot.c", "new/src/boot.c"}), "src/boot.c");
}

TEST(SourcePath, theEndOfThePath) {
  EXPECT_EQ(meant("/build/bl2/src/boot.c", {"src/boot.c", "lib/boot.c"}), "src/boot.c");
  EXPECT_EQ(meant("/build/bl2/src/boot.c", {"boot.c", "src/boot.c", "bl2/src/boot.c"}), "bl2/src/boot.c");
}

TEST(SourcePath, behindTheFirstFolder) {
  EXPECT_EQ(meant("/build/bl2/src/boot.c", {"bl2-1.0/src/boot.c", "bl2-1.0/lib/boot.c"}),
            "bl2-1.0/src/boot.c");
  EXPECT_EQ(meant("/src/boot.c", {"bl2-1.0/src/boot.c"}), "bl2-1.0/src/boot.c");
}

TEST(SourcePath, aNameAloneIsNoEnd) {
  EXPECT_EQ(meant("/usr/src/newlib/empty.c", {"empty.c", "p/empty.c", "p-1.0/empty.c"}), "NOT_FOUND");
  EXPECT_EQ(meant("/build/src/boot.c", {"boot.c"}), "NOT_FOUND");
  // unless it is the whole path, or of the same folder
  EXPECT_EQ(meant("/boot.c", {"boot.c"}), "boot.c");
  EXPECT_EQ(meant("/boot.c", {"bl2-1.0/boot.c"}), "bl2-1.0/boot.c");
  EXPECT_EQ(meant("/build/bl2/boot.c", {"bl2/boot.c"}), "bl2/boot.c");
  EXPECT_EQ(meant("/build/bl2/boot.c", {"bl2-1.0/boot.c"}), "bl2-1.0/boot.c");
  EXPECT_EQ(meant("/build/bl2/boot.c", {"bl-1.0/boot.c"}), "NOT_FOUND");
  EXPECT_EQ(meant("/build/bl/boot.c", {"bl2-1.0/boot.c"}), "NOT_FOUND");
}

TEST(SourcePath, noneOfThemIsNotFound) {
  EXPECT_EQ(meant("/build/bl2/src/boot.c", {}), "NOT_FOUND");
  EXPECT_EQ(
      meant("/usr/include/stdio.h", {"bl2/lib/stdio.h", "a/b/include/stdio.h", "xstdio.h", "stdio.h/x"}),
      "NOT_FOUND");
  EXPECT_EQ(meant("/", {"", "/", ".."}), "NOT_FOUND");
}

TEST(SourcePath, severalThatFitAlikeAreNone) {
  const auto found = correspondingMember("/build/src/boot.c", {"a/src/boot.c", "b/src/boot.c"});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().why.find("/a/src/boot.c, /b/src/boot.c"), std::string::npos) << found.error().why;
  EXPECT_EQ(meant("/build/src/boot.c", {"a/src/boot.c", "b/src/boot.c", "c/build/src/boot.c"}),
            "c/build/src/boot.c");
}

TEST(SourcePath, ofOnePathTheLastCounts) {
  const auto found = correspondingMember("/src/boot.c", {"src/boot.c", "src/other.c", "./src/boot.c"});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, 2U);
}

TEST(SourcePath, hostileNamesAreOnlyCompared) {
  EXPECT_EQ(meant("/etc/passwd", {"../../../etc/passwd"}), "../../../etc/passwd");
  EXPECT_EQ(meant("/../../etc/passwd", {"etc/passwd"}), "etc/passwd");
}

} // namespace
} // namespace romlink::server
