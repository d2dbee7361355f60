// The JSON form has the names of the link report's schema, and reads back as the same message.
#include "relink/report/render.h"
#include "relink/report/utf8.h"

#include "sample.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

namespace romlink::report::test {
namespace {

using google::protobuf::Struct;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

Struct parsed(const std::string& json) {
  Struct object;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &object).ok()) << json;
  return object;
}

std::vector<std::string> namesOf(const Struct& object) {
  std::vector<std::string> names;
  for (const auto& field : object.fields())
    names.push_back(field.first);
  return names;
}

Struct inside(const Struct& object, const std::string& name) {
  return object.fields().at(name).struct_value();
}
Struct firstOf(const Struct& object, const std::string& name) {
  return object.fields().at(name).list_value().values(0).struct_value();
}

TEST(Json, HasTheNamesOfTheSchema) {
  const auto json = renderJson(sampleReport());
  ASSERT_TRUE(json);
  const Struct report = parsed(*json);
  EXPECT_THAT(namesOf(report),
              UnorderedElementsAre("romImageHash", "romName", "romVersion", "verdict", "flash", "ram",
                                   "symbols", "blockers", "findings", "timing", "flashBreakdown",
                                   "toolVersion", "accepted", "states", "suggestions", "flagDifferences",
                                   "types", "roms"));
  EXPECT_THAT(namesOf(inside(report, "flash")),
              UnorderedElementsAre("baselineBytes", "linkedBytes", "savedBytes"));
  EXPECT_THAT(namesOf(inside(report, "ram")),
              UnorderedElementsAre("baselineBytes", "linkedBytes", "savedBytes"));
  EXPECT_THAT(namesOf(inside(report, "timing")),
              UnorderedElementsAre("planMs", "linkMs", "verifyMs", "matchMs", "readBackMs"));
  EXPECT_THAT(namesOf(firstOf(report, "symbols")),
              UnorderedElementsAre("name", "object", "kind", "size", "decision", "evidence", "reason",
                                   "detail", "romAddress", "aliasOf", "section", "types", "typeHash",
                                   "typeNotes"));
  EXPECT_THAT(
      namesOf(firstOf(report, "blockers")),
      UnorderedElementsAre("name", "reason", "priceBytes", "remedy", "members", "unlockedSymbols", "detail"));
  EXPECT_THAT(namesOf(firstOf(report, "accepted")),
              UnorderedElementsAre("symbol", "rule", "reason", "difference", "bytes", "dependentBytes",
                                   "dependents"));
  EXPECT_THAT(
      namesOf(inside(firstOf(report, "accepted"), "difference")),
      UnorderedElementsAre("symbol", "offset", "summary", "romListing", "firmwareListing", "typesUnchecked"));
  EXPECT_THAT(namesOf(firstOf(report, "states")),
              UnorderedElementsAre("symbol", "romAddress", "size", "action"));
  EXPECT_THAT(namesOf(firstOf(report, "suggestions")),
              UnorderedElementsAre("symbols", "gainBytes", "unlockedSymbols", "differences"));
  EXPECT_THAT(namesOf(firstOf(report, "findings")),
              UnorderedElementsAre("severity", "code", "message", "symbol"));
}

TEST(Json, EnumsAreTheNamesOfTheSchema) {
  const auto json = renderJson(sampleReport());
  ASSERT_TRUE(json);
  for (const char* text : {R"("verdict": "COMPATIBLE")", R"("decision": "SHARED")", R"("decision": "LOCAL")",
                           R"("evidence": "IDENTICAL")", R"("evidence": "NONE")", R"("kind": "FUNCTION")",
                           R"("severity": "WARNING")", R"("action": "RETAIN")", R"("planMs": 31.25)"})
    EXPECT_THAT(*json, HasSubstr(text));
}

TEST(Json, ReadsBackAsTheSameMessage) {
  const auto json = renderJson(sampleReport());
  ASSERT_TRUE(json);
  romlink::v1::LinkReport back;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*json, &back).ok());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(back, sampleReport()));
}

TEST(Json, AnEmptyReportHasEveryField) {
  const auto json = renderJson({});
  ASSERT_TRUE(json);
  const Struct report = parsed(*json);
  EXPECT_EQ(report.fields().size(), 18U);
  EXPECT_EQ(inside(report, "flash").fields().at("savedBytes").number_value(), 0);
  EXPECT_EQ(report.fields().at("symbols").list_value().values_size(), 0);
}

TEST(Json, AnAcceptedDifferenceIsThereEvenIfItIsEmpty) {
  romlink::v1::LinkReport report;
  report.add_accepted()->set_symbol("f");
  const auto json = renderJson(report);
  ASSERT_TRUE(json);
  EXPECT_EQ(inside(firstOf(parsed(*json), "accepted"), "difference").fields().at("summary").string_value(),
            "");
}

TEST(Json, NamesAreEscaped) {
  const auto json = renderJson(reportNaming("a\"b\\c\n</script>\u2028"));
  ASSERT_TRUE(json);
  EXPECT_EQ(parsed(*json).fields().at("romName").string_value(), "a\"b\\c\n</script>\u2028");
}

TEST(Json, NamesThatAreNotUtf8StillGiveJson) {
  const auto json = renderJson(reportNaming("a\xff z"));
  ASSERT_TRUE(json);
  EXPECT_EQ(parsed(*json).fields().at("romName").string_value(), "a\uFFFD z");
}

TEST(Json, AMessageMadeUtf8SurvivesTheWire) {
  auto report = reportNaming("a\xff z");
  makeUtf8(report);
  romlink::v1::LinkReport received;
  ASSERT_TRUE(received.ParseFromString(report.SerializeAsString()));
  EXPECT_EQ(received.symbols(0).name(), "a\uFFFD z");
  EXPECT_EQ(received.symbols(0).object(), "a\uFFFD z");
  auto untouched = sampleReport();
  makeUtf8(untouched);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(untouched, sampleReport()));
}

TEST(Json, SameInputSameBytes) {
  EXPECT_EQ(*renderJson(sampleReport()), *renderJson(sampleReport()));
}

} // namespace
} // namespace romlink::report::test
