// KEY=VALUE, and what a link's question becomes on the wire.
#include "client/key_value.h"
#include "client/link_call.h"

#include <gmock/gmock.h>

namespace romlink::client::test {
namespace {

TEST(KeyValue, SplitsAtTheFirstEquals) {
  const auto split = splitAtEquals("--label", "a=b=c");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->first, "a");
  EXPECT_EQ(split->second, "b=c");
  EXPECT_TRUE(splitAtEquals("--label", "a="));
  for (const char* text : {"", "a", "=b", "a=\xff", "\xc3=b"}) {
    const auto bad = splitAtEquals("--label", text);
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().code, ErrorCode::Usage);
  }
}

TEST(KeyValue, ALabelHasOneValue) {
  const auto labels = labelsOf({"product=meter", "site=a", "site=a"});
  ASSERT_TRUE(labels);
  EXPECT_THAT(*labels, testing::ElementsAre(testing::Pair("product", "meter"), testing::Pair("site", "a")));
  const auto twice = labelsOf({"site=a", "site=b"});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().line(), "two values for one label: site: a and b");
}

TEST(LinkRequest, SeveralRomsAndLabels) {
  LinkQuestion question;
  question.roms = {"boot@1.0", "boot@1.1", "boot@1.2"};
  question.labels = {{"product", "meter"}};
  const v1::LinkRequest request = requestOf(question);
  EXPECT_EQ(request.rom(), "boot@1.0");
  EXPECT_THAT(request.other_roms(), testing::ElementsAre("boot@1.1", "boot@1.2"));
  EXPECT_EQ(request.labels().at("product"), "meter");
  EXPECT_EQ(requestOf({}).rom(), "");
}

} // namespace
} // namespace romlink::client::test
