// Flags that differ, in the text and on the page.
#include "relink/report/render.h"
#include "sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::report::test {
namespace {

using romlink::v1::FlagDifference;
using romlink::v1::LinkReport;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

LinkReport withFlags() {
  LinkReport report = sampleReport();
  FlagDifference& enums = *report.add_flag_differences();
  enums.set_name("Tag_ABI_enum_size");
  enums.set_rom("variable");
  enums.set_firmware("int");
  enums.set_effect(FlagDifference::BREAKS_SOME_CALLS);
  enums.set_detail("enumerations have other sizes");
  enums.add_objects("a.o");
  enums.add_objects("b.o");
  enums.add_symbols("draw");
  enums.set_rom_source("published flags");
  enums.set_firmware_source(".ARM.attributes");
  FlagDifference& level = *report.add_flag_differences();
  level = enums;
  level.set_name("-O");
  level.set_effect(FlagDifference::HARMLESS);
  return report;
}

TEST(FlagLines, TheTextHasWhatBreaksCallsAndCountsTheRest) {
  EXPECT_THAT(renderText(withFlags(), {}), HasSubstr(R"(
flags that differ  effect             objects  kept local  ROM       firmware
-----------------  -----------------  -------  ----------  --------  --------
Tag_ABI_enum_size  breaks some calls        2           1  variable  int
    enumerations have other sizes
1 flag differs harmlessly (in the JSON and HTML)
)"));
  EXPECT_THAT(renderText(withFlags(), {.all = true}),
              AllOf(HasSubstr("\n-O                 harmless "), Not(HasSubstr("harmlessly"))));
  EXPECT_THAT(renderText(sampleReport(), {}), Not(HasSubstr("flags that differ")));
}

TEST(FlagLines, ALongListSaysHowMuchIsLeftOut) {
  LinkReport report = withFlags();
  for (int i = 0; i < 13; ++i)
    *report.add_flag_differences() = report.flag_differences(0);
  EXPECT_THAT(renderText(report, {}), HasSubstr("... and 4 more (in the JSON and HTML)\n1 flag differs"));
}

TEST(FlagLines, ThePageHasAllWithTheirSources) {
  const std::string page = renderHtml(withFlags());
  EXPECT_THAT(page,
              AllOf(HasSubstr("<code>Tag_ABI_enum_size</code> <span class=\"tag flags-mismatch\">breaks "
                              "some calls</span></th><td>variable<span class=\"object\">published flags"),
                    HasSubstr("title=\"a.o, b.o\">2</td>"), HasSubstr("title=\"draw\">1</td>"),
                    HasSubstr("<code>-O</code> <span class=\"tag other\">harmless</span>")));
  EXPECT_THAT(renderHtml(sampleReport()), Not(HasSubstr("Compiler flags that differ")));
}

} // namespace
} // namespace romlink::report::test
