// Numbers and untrusted text as people read them.
#include "relink/report/wording.h"

#include <gtest/gtest.h>

namespace romlink::report::test {
namespace {

TEST(Wording, Commas) {
  EXPECT_EQ(withCommas(0), "0");
  EXPECT_EQ(withCommas(999), "999");
  EXPECT_EQ(withCommas(1000), "1,000");
  EXPECT_EQ(withCommas(-1234567), "-1,234,567");
  EXPECT_EQ(withCommas(-100), "-100");
}

TEST(Wording, Percent) {
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(percent(2, 3), "66.7 %");
  EXPECT_EQ(percent(0, 0), "0.0 %");
  EXPECT_EQ(percent(5, 0), "0.0 %");
  EXPECT_EQ(percent(-1, 3), "-33.3 %");
  EXPECT_EQ(percent(-1, 1000), "-0.1 %");
  EXPECT_EQ(percent(20, 1), "2,000.0 %");
}

TEST(Wording, PrintableKeepsTextAndReplacesTheRest) {
  EXPECT_EQ(printable("_ZN3foo3barEv"), "_ZN3foo3barEv");
  EXPECT_EQ(printable("gr\u00fcn \u20ac \U0001F600"), "gr\u00fcn \u20ac \U0001F600");
  EXPECT_EQ(printable("a\tb\x7f"), "a?b?");
  EXPECT_EQ(printable("\u009b\u202e\u2028"), "???");
  EXPECT_EQ(printable("\xc0\xaf"), "\uFFFD\uFFFD");     // overlong
  EXPECT_EQ(printable("\xe2\x82"), "\uFFFD\uFFFD");     // ends too early
  EXPECT_EQ(printable("\xed\xa0\x80").size(), 9U);      // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80").size(), 12U); // beyond U+10FFFF
}

TEST(Wording, CutKeepsWithinItsColumnsAndCodePointsWhole) {
  EXPECT_EQ(cut("abcdef", 6), "abcdef");
  EXPECT_EQ(cut("abcdefg", 6), "abc...");
  EXPECT_EQ(cut("abcdefg", 2), "ab");
  EXPECT_EQ(cut("\u00e4\u00f6\u00fc\u00e4\u00f6", 4), "\u00e4...");
  EXPECT_EQ(cut("abcdef", 4, "\u2026"), "abc\u2026");
}

TEST(Wording, CutMiddleKeepsBothEnds) {
  EXPECT_EQ(cutMiddle("abcdefghijklmnop", 11), "abcd...mnop");
  EXPECT_EQ(cutMiddle("abcdefghijklmnop", 12), "abcde...mnop");
  EXPECT_EQ(
      columnsOf(cutMiddle("\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc", 10)),
      10U);
}

TEST(Wording, DetailsOfMembers) {
  romlink::v1::Blocker blocker;
  blocker.set_detail("f: x; y");
  EXPECT_EQ(memberDetails(blocker), std::vector<std::string>{"f: x; y"});
  blocker.add_members("f");
  EXPECT_EQ(memberDetails(blocker), std::vector<std::string>{"f: x; y"});
  blocker.add_members("g");
  blocker.add_members("h");
  EXPECT_EQ(memberDetails(blocker), (std::vector<std::string>{"f: x; y", "", ""}));
  blocker.set_detail("f: x; y; g: f: z; h: ");
  EXPECT_EQ(memberDetails(blocker), (std::vector<std::string>{"x; y", "f: z", ""}));
  blocker.set_detail("");
  EXPECT_EQ(memberDetails(blocker), (std::vector<std::string>{"", "", ""}));
}

TEST(Wording, HashAndTitle) {
  EXPECT_EQ(shortHash("sha256:0123456789abcdef"), "sha256:0123456789ab");
  EXPECT_EQ(shortHash("0123456789abcdef"), "0123456789ab");
  EXPECT_EQ(shortHash(""), "");
  EXPECT_EQ(romTitle("boot", "1"), "boot@1");
  EXPECT_EQ(romTitle("", ""), "plain link");
}

} // namespace
} // namespace romlink::report::test
