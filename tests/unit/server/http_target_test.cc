// Request targets: decoding and canonical paths.
#include "server/http_target.h"

#include <gtest/gtest.h>

namespace romlink::server {
namespace {

TEST(HttpTarget, decodesThePath) {
  EXPECT_EQ(*decodedPath("/healthz"), "/healthz");
  EXPECT_EQ(*decodedPath("/a/b%2Bc%2b%C3%A4?q=%"), "/a/b+c+\xC3\xA4");
  EXPECT_EQ(*decodedPath("http://rom.example:80/a?b"), "/a");
  EXPECT_EQ(*decodedPath("http://rom.example"), "/");
  EXPECT_EQ(*decodedPath("HTTP://rom.example/a"), "/a");
  EXPECT_EQ(*decodedPath("//a/../b"), "//a/../b");
  EXPECT_EQ(*decodedPath("/%252e"), "/%2e"); // once
}

TEST(HttpTarget, refusesWhatIsNoPath) {
  for (const char* target :
       {"", "a", "*", "https://a/b", "http:", "http:/", "/%", "/%4", "/%zz", "/a%00b", "/a%0d%0ab", "/%7f"}) {
    const auto path = decodedPath(target);
    ASSERT_FALSE(path) << target;
    EXPECT_EQ(path.error().code, ErrorCode::Usage);
  }
}

TEST(HttpTarget, canonicalPaths) {
  EXPECT_EQ(canonicalPath("/zoo//../bar/./foo.c"), "/bar/foo.c");
  EXPECT_EQ(canonicalPath("a//b/"), "/a/b");
  EXPECT_EQ(canonicalPath("/../../etc/passwd"), "/etc/passwd");
  EXPECT_EQ(canonicalPath("/a/..b/...c"), "/a/..b/...c");
  EXPECT_EQ(canonicalPath("/a/.."), "");
  EXPECT_EQ(canonicalPath(""), "");
}

} // namespace
} // namespace romlink::server
