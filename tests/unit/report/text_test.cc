// The table for terminals: exact text, alignment, width, colours, hostile names.
#include "relink/report/render.h"
#include "relink/report/wording.h"

#include "sample.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <sstream>

namespace romlink::report::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::string lineWith(const std::string& text, const std::string& start) {
  for (const std::string& line : linesOf(text))
    if (line.starts_with(start))
      return line;
  return "no line starts with " + start;
}

TEST(Text, SampleReport) {
  EXPECT_EQ(renderText(sampleReport(), {}), R"(demo-boot@1.0.0  sha256:0123456789ab  COMPATIBLE

symbol           decision  reason      bytes  ROM address
---------------  --------  ----------  -----  -----------
sha256_update    SHARED    IDENTICAL   1,200  0x10000400
sha256_final     SHARED    IDENTICAL      88  0x10000900
alias_of_update  SHARED    IDENTICAL       0  0x10000400
(2 symbols)      LOCAL     CHANGED     1,000
(1 symbol)       LOCAL     NOT_IN_ROM    500

shared 3 symbols, 1,288 bytes; local 3 symbols, 1,500 bytes

bytes        plain link  this link  saved
-----------  ----------  ---------  -----
  functions       2,800      1,500  1,300  46.4 %
  data              200        200      0   0.0 %
flash             3,000      1,700  1,300  43.3 %
RAM                 640        640      0   0.0 %

types 4 compared, 0 different; 2 not checked: the ROM has no DWARF

what keeps code local  reason   price  symbols  remedy
---------------------  -------  -----  -------  ------------------
mpi_exp_mod            CHANGED  1,000        2  align MPI_MAX_SIZE
    constant differs at +0x1c, ROM 3072, firmware 8192
memcpy                 CHANGED    400        1  waive both
    constant differs at +0x0, ROM 1, firmware 2
+ memset
    its size differs; a lot

rests on a person's word  rule   bytes  dependents  their bytes  reason
------------------------  -----  -----  ----------  -----------  -------------------------------
sha256_final              waive     88           1        1,200  writes no more than the ROM did
    memory offset differs at +0x4, ROM 8, firmware 4

variables of the ROM in use  ROM address  bytes  at start
---------------------------  -----------  -----  --------
tick_count                   0x38000000       4  retain

Waivers that would gain most
Each takes the ROM's copy although it differs. Judge the difference;
if it is acceptable, give the policy these lines with a reason.

1. 1,400 bytes in 3 symbols by waiving memcpy + memset

   memcpy: memory offset differs at +0x4, ROM 8, firmware 4
   ROM                                    firmware
     +0x2  6003  str      r3, [r0]          +0x2  6003  str      r3, [r0]
   > +0x4  6083  str      r3, [r0, #8]    > +0x4  6043  str      r3, [r0, #4]
                                            +0x6  4770  bx       lr

   memset: memory offset differs at +0x4, ROM 8, firmware 4
   ROM                                    firmware
     +0x2  6003  str      r3, [r0]          +0x2  6003  str      r3, [r0]
   > +0x4  6083  str      r3, [r0, #8]    > +0x4  6043  str      r3, [r0, #4]
                                            +0x6  4770  bx       lr

   [[waive]]
   symbol = "memcpy"
   reason = ""
   rom    = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

   [[waive]]
   symbol = "memset"
   reason = ""
   rom    = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

warning: WAIVER_UNUSED: memcpy: the policy waives a symbol that is not there
)");
}

TEST(Text, AllListsEveryLocalSymbolWithItsDetail) {
  const std::string text = renderText(sampleReport(), {.all = true});
  EXPECT_THAT(lineWith(text, "mpi_exp_mod "), HasSubstr("LOCAL     CHANGED       700"));
  EXPECT_THAT(lineWith(text, "rsa_public "), HasSubstr("differs first at +0x1c"));
  EXPECT_THAT(lineWith(text, "alias_of_update "), HasSubstr("alias of sha256_update"));
  EXPECT_THAT(text, Not(HasSubstr("(2 symbols)")));
}

TEST(Text, BytesColumnIsAlignedOnItsRight) {
  const auto lines = linesOf(renderText(sampleReport(), {}));
  const auto end = lines[2].find("bytes") + 5;
  for (std::size_t i = 4; i < 9; ++i)
    EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(lines[i][end - 1])) != 0 &&
                (lines[i].size() == end || lines[i][end] == ' '))
        << lines[i];
}

TEST(Text, NonAsciiNamesCountAsTheColumnsTheyTake) {
  auto report = sampleReport();
  addShared(report, "gr\u00fc\u00df_dich", 10, "0x10000a00");
  const auto lines = linesOf(renderText(report, {}));
  const std::string row = lineWith(renderText(report, {}), "gr");
  EXPECT_EQ(columnsOf(row.substr(0, row.find("SHARED"))), lines[2].find("decision"));
}

TEST(Text, TablesFitTheTerminal) {
  auto report = sampleReport();
  addShared(report, std::string(200, 'a') + "_tail", 10, "0x10000a00");
  report.mutable_blockers(0)->set_remedy(std::string(300, 'r'));
  for (const bool all : {false, true})
    for (const std::string& line : linesOf(renderText(report, {.width = 100, .all = all})))
      EXPECT_TRUE(line.size() <= 100 || line.find(": ") != std::string::npos) << line;
  EXPECT_THAT(renderText(report, {.width = 100}), HasSubstr("_tail  SHARED"));
}

TEST(Text, ListingsAreBelowEachOtherOnANarrowTerminal) {
  EXPECT_THAT(renderText(sampleReport(), {.width = 60}), HasSubstr("   ROM\n"
                                                                   "     +0x2  6003  str      r3, [r0]\n"
                                                                   "   > +0x4  6083  str      r3, [r0, #8]\n"
                                                                   "   firmware\n"
                                                                   "     +0x2  6003  str      r3, [r0]\n"));
}

TEST(Text, LongListsSayHowMuchIsLeftOut) {
  auto report = sampleReport();
  for (int i = 0; i < 30; ++i) {
    *report.add_blockers() = report.blockers(0);
    *report.add_accepted() = report.accepted(0);
    *report.add_states() = report.states(0);
    *report.add_suggestions() = report.suggestions(0);
  }
  const std::string cut = renderText(report, {});
  EXPECT_THAT(cut, HasSubstr("its size differs; a lot\n"));
  EXPECT_THAT(cut, HasSubstr("... and 22 more (in the JSON and HTML)\n\nrests on"));
  EXPECT_THAT(cut, HasSubstr("... and 21 more (in the JSON and HTML)\n\nvariables"));
  EXPECT_THAT(cut, HasSubstr("... and 21 more (in the JSON and HTML)\n\nWaivers"));
  EXPECT_THAT(cut, HasSubstr("... and 26 more (in the JSON and HTML)\n\nwarning"));
  const std::string all = renderText(report, {.all = true});
  EXPECT_THAT(all, Not(HasSubstr(" more (in")));
  EXPECT_THAT(all, HasSubstr("\n31. 1,400 bytes"));
}

TEST(Text, NothingToSuggestIsSaidWhereItWasAsked) {
  auto report = sampleReport();
  report.clear_suggestions();
  EXPECT_THAT(renderText(report, {.suggestionsAsked = true}), HasSubstr("\nNo waiver would make more"));
  EXPECT_THAT(renderText(report, {}), Not(HasSubstr("aiver would")));
  EXPECT_THAT(renderText(sampleReport(), {.suggestionsAsked = true}), Not(HasSubstr("No waiver")));
}

TEST(Text, ALineOfAListingCannotEndEarly) {
  auto report = sampleReport();
  report.mutable_suggestions(0)->mutable_differences(0)->set_rom_listing("> bl evil\r\x1b[2J name");
  EXPECT_THAT(renderText(report, {}), HasSubstr("> bl evil??[2J name"));
}

TEST(Text, NoLineEndsInABlank) {
  for (const std::string& line : linesOf(renderText(sampleReport(), {.all = true})))
    EXPECT_FALSE(line.ends_with(' ')) << '"' << line << '"';
}

TEST(Text, WithoutColourThereIsNoEscape) {
  EXPECT_THAT(renderText(sampleReport(), {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(renderText(sampleReport(), {.colour = true}), HasSubstr("\x1b[32mCOMPATIBLE\x1b[0m"));
}

TEST(Text, ColourChangesNothingElse) {
  std::string coloured = renderText(sampleReport(), {.colour = true});
  for (const char* code : {"\x1b[1;31m", "\x1b[32m", "\x1b[0m", "\x1b[1m", "\x1b[2m"})
    for (auto at = coloured.find(code); at != std::string::npos; at = coloured.find(code))
      coloured.erase(at, std::string(code).size());
  EXPECT_EQ(coloured, renderText(sampleReport(), {}));
}

TEST(Text, HostileNamesCannotReachTheTerminal) {
  const std::string text = renderText(reportNaming("evil\x1b[2J\r\n\x9b\xff\u202egnp"), {.all = true});
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n') || byte == 0x7f;
  }));
  EXPECT_THAT(text, HasSubstr("evil?[2J??\uFFFD\uFFFD?gnp"));
}

TEST(Text, EmptyReport) {
  const std::string text = renderText({}, {});
  EXPECT_THAT(text, StartsWith("plain link  VERDICT_UNSPECIFIED\n"));
  EXPECT_THAT(text, HasSubstr("shared 0 symbols, 0 bytes; local 0 symbols, 0 bytes"));
  EXPECT_THAT(text, Not(HasSubstr("ROM address")));
}

TEST(Text, ALinkThatGrewSavesLessThanNothing) {
  auto report = sampleReport();
  report.mutable_flash()->set_linked_bytes(4500);
  EXPECT_THAT(lineWith(renderText(report, {}), "flash"), HasSubstr("-1,500  -50.0 %"));
}

TEST(Text, SameInputSameBytes) {
  EXPECT_EQ(renderText(sampleReport(), {.colour = true, .width = 80, .all = true}),
            renderText(sampleReport(), {.colour = true, .width = 80, .all = true}));
}

TEST(Text, SeveralRoms) {
  auto report = sampleReport();
  auto& first = *report.add_roms();
  first.set_rom_name("demo-boot");
  first.set_rom_version("1.0.0");
  first.set_rom_image_hash("sha256:0123456789ab0000");
  first.set_verdict(romlink::v1::LinkReport::COMPATIBLE);
  first.set_shareable_bytes(1288);
  first.set_shareable_symbols(3);
  *report.add_roms() = first;
  report.mutable_roms(1)->set_rom_version("1.1.0");
  report.mutable_roms(1)->set_shareable_bytes(2488);
  for (const char* name : {"aes_encrypt", "aes_\tdecrypt"})
    report.mutable_roms(1)->add_only_here(name);
  EXPECT_THAT(renderText(report, {}), HasSubstr(R"(
each ROM alone would share  hash                 verdict     bytes  symbols  only it shares
--------------------------  -------------------  ----------  -----  -------  -------------------------
demo-boot@1.0.0             sha256:0123456789ab  COMPATIBLE  1,288        3
demo-boot@1.1.0             sha256:0123456789ab  COMPATIBLE  2,488        3  aes_encrypt, aes_?decrypt
)"));
}

TEST(Text, TypesAreSilentWhereNothingWasCompared) {
  auto report = sampleReport();
  report.clear_types();
  EXPECT_THAT(renderText(report, {}), Not(HasSubstr("types")));
}

} // namespace
} // namespace romlink::report::test
