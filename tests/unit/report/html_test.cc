// The page: complete, self-contained, no markup from names, the same for the same report.
#include "relink/report/render.h"

#include "base/digest.h"
#include "relink/report/tally.h"
#include "sample.h"

#include <array>
#include <gmock/gmock.h>
#include <openssl/evp.h>

namespace romlink::report::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

/// The numbers that follow `before` in the page.
std::uint64_t sumAfter(const std::string& page, const std::string& before) {
  std::uint64_t sum = 0;
  for (auto at = page.find(before); at != std::string::npos; at = page.find(before, at + 1))
    sum += std::stoull(page.substr(at + before.size()));
  return sum;
}

/// By OpenSSL.
std::string base64Of(const Digest& digest) {
  std::array<unsigned char, 45> out{};
  EVP_EncodeBlock(out.data(), digest.bytes.data(), static_cast<int>(digest.bytes.size()));
  return reinterpret_cast<const char*>(out.data());
}

TEST(Html, ShowsVerdictFiguresAndEverySymbol) {
  const auto report = sampleReport();
  const std::string page = renderHtml(report);
  EXPECT_THAT(page,
              AllOf(HasSubstr("demo-boot@1.0.0"), HasSubstr(report.rom_image_hash()), HasSubstr("COMPATIBLE"),
                    HasSubstr("1,300<small> bytes"), HasSubstr("43.3 % of the plain link"),
                    HasSubstr("align MPI_MAX_SIZE"), HasSubstr("WAIVER_UNUSED")));
  for (const auto& symbol : report.symbols())
    EXPECT_THAT(page, HasSubstr("<th scope=\"row\"><code>" + symbol.name() + "</code>"));
}

TEST(Html, ShowsWhatAPersonHasToJudge) {
  const std::string page = renderHtml(sampleReport());
  EXPECT_THAT(page, AllOf(HasSubstr("Rests on a person's word"), HasSubstr("writes no more than the ROM did"),
                          HasSubstr("88 bytes; 1,200 bytes in 1 symbol rest on it"),
                          HasSubstr("What rests on it: <code>sha256_update</code>")));
  EXPECT_THAT(page, AllOf(HasSubstr("1,400 bytes in 3 symbols"), HasSubstr("memcpy + memset"),
                          HasSubstr("symbol = &quot;memset&quot;\nreason = &quot;&quot;\n")));
  EXPECT_THAT(page, AllOf(HasSubstr("<code>tick_count</code></th><td><code>0x38000000</code>"),
                          HasSubstr("<code>retain</code></td>")));
  EXPECT_THAT(page, HasSubstr("<span class=\"differs\">&gt; +0x4  6083  str      r3, [r0, #8]\n</span>"));
  EXPECT_EQ(count(page, "<figcaption>ROM</figcaption>"), 3U);
}

TEST(Html, NothingNeedsToRestOnAnAcceptedDifference) {
  auto report = sampleReport();
  report.mutable_accepted(0)->clear_dependents();
  EXPECT_THAT(renderHtml(report), AllOf(HasSubstr("88 bytes</span>"), Not(HasSubstr("rest on it"))));
}

TEST(Html, ASetOfBlockersNamesItsMembers) {
  const std::string page = renderHtml(sampleReport());
  EXPECT_THAT(page,
              HasSubstr("<code class=\"symbol\">memset</code><span class=\"what\">its size differs; a lot"
                        "</span></li></ul></th>"));
  EXPECT_THAT(page,
              HasSubstr("<code class=\"symbol\">mpi_exp_mod</code><span class=\"what\">constant differs "
                        "at +0x1c, ROM 3072, firmware 8192</span>"));
}

TEST(Html, WhatIsAcceptedIsAnAreaOfItsOwn) {
  auto report = sampleReport();
  EXPECT_THAT(renderHtml(report), Not(HasSubstr("ACCEPTED")));
  report.mutable_symbols(1)->set_evidence(Symbol::API_COMPATIBLE); // sha256_final
  const std::string page = renderHtml(report);
  EXPECT_THAT(page, AllOf(HasSubstr("SHARED \u00b7 1,200"),
                          HasSubstr("</span>ACCEPTED <span class=\"number\">88</span></li>"),
                          HasSubstr("1,288 bytes, 88 of them not proved from machine code")));
  // The page's script filters by what the decision's column says.
  EXPECT_EQ(count(page, "<option>ACCEPTED</option>"), 1U);
  EXPECT_EQ(count(page, "<span class=\"tag accepted\">ACCEPTED</span>"), 1U);
}

TEST(Html, TheTableAddsUpToTheSums) {
  EXPECT_EQ(sumAfter(renderHtml(sampleReport()), "data-value=\""), 1288U + 1500U);
}

TEST(Html, TheTreemapHoldsEveryByteOfThePlainLink) {
  const std::string page = renderHtml(sampleReport());
  // 1,288 shared, 1,000 changed, 500 not in the ROM; the rest of the 3,000 bytes is in no symbol.
  EXPECT_THAT(page, AllOf(HasSubstr("SHARED \u00b7 1,288"), HasSubstr("CHANGED \u00b7 1,000"),
                          HasSubstr("NOT_IN_ROM \u00b7 500"), HasSubstr("not in any symbol: 212 bytes")));
}

TEST(Html, ZeroInitialisedDataIsNoFlash) {
  auto report = sampleReport();
  addLocal(report, "heap", 4096, "NOT_IN_ROM").set_section(".bss.heap");
  EXPECT_THAT(renderHtml(report), HasSubstr("NOT_IN_ROM \u00b7 500"));
}

TEST(Html, NamesCannotBringMarkup) {
  const std::string hostile =
      "</title></script><script>alert(1)</script><img src=x onerror='a'>\" onload=\"b{{rom}}";
  const std::string page = renderHtml(reportNaming(hostile));
  EXPECT_EQ(count(page, "<script"), 1U);
  EXPECT_EQ(count(page, "</script"), 1U);
  EXPECT_EQ(count(page, "<img"), 0U);
  EXPECT_EQ(count(page, "\" onload=\""), 0U);
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  EXPECT_THAT(page, HasSubstr("{{rom}}"));
}

TEST(Html, SeveralRomsAndTypes) {
  auto report = sampleReport();
  EXPECT_THAT(renderHtml(report), Not(HasSubstr("One image for several ROMs")));
  auto& rom = *report.add_roms();
  rom.set_rom_name("demo-boot");
  rom.set_rom_version("1.1.0");
  rom.set_shareable_bytes(2488);
  rom.add_only_here("aes_<encrypt>");
  *report.add_roms() = rom;
  report.mutable_roms(1)->set_shareable_bytes(1244);
  report.mutable_roms(1)->set_verdict(romlink::v1::LinkReport::INCOMPATIBLE);
  const std::string page = renderHtml(report);
  EXPECT_THAT(
      page, AllOf(HasSubstr("One image for several ROMs"), HasSubstr("aes_&lt;encrypt&gt;"),
                  HasSubstr("class=\"shared\" width=\"50\""), HasSubstr("INCOMPATIBLE</span>"),
                  HasSubstr("4 symbols compared by type, 0 different, 2 not checked: the ROM has no DWARF")));
}

TEST(Html, HasNoControlCharactersAndIsUtf8) {
  const std::string page = renderHtml(reportNaming("a\x01\x1b\xff z"));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("\x01")), Not(HasSubstr("\x1b")), Not(HasSubstr("\xff")),
                          HasSubstr("a??\uFFFD z")));
}

TEST(Html, NeedsNothingFromElsewhere) {
  const std::string page = renderHtml(sampleReport());
  for (const char* reference : {"http:", "https:", "//cdn", " src=", "url(", "@import", "<link"})
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(Html, AllowsItsOwnScriptByDigest) {
  const std::string page = renderHtml(sampleReport());
  const auto start = page.find("<script>") + 8;
  const std::string script = page.substr(start, page.find("</script>") - start);
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-" + base64Of(sha256Of(script)) + "'\""));
}

TEST(Html, FollowsTheReadersColourScheme) {
  EXPECT_THAT(renderHtml(sampleReport()), HasSubstr("@media (prefers-color-scheme: dark)"));
}

TEST(Html, AnIncompatibleVerdictSaysSo) {
  auto report = sampleReport();
  report.set_verdict(romlink::v1::LinkReport::INCOMPATIBLE);
  EXPECT_THAT(renderHtml(report),
              AllOf(HasSubstr("verdict bad"), HasSubstr("cannot be linked against this ROM")));
  EXPECT_THAT(renderHtml(sampleReport()), Not(HasSubstr("cannot be linked against this ROM")));
}

TEST(Html, EmptyReport) {
  const std::string page = renderHtml({});
  EXPECT_THAT(page, AllOf(HasSubstr("plain link"), HasSubstr("no live symbols"), HasSubstr("</html>")));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<desc")), Not(HasSubstr("id=\"table\"")), Not(HasSubstr("nan"))));
}

TEST(Html, EveryTagIsClosed) {
  const std::string page = renderHtml(sampleReport());
  for (const char* tag : {"section", "table", "tr", "td", "th", "svg", "g", "div", "p", "span", "li", "ul",
                          "code", "details", "summary", "figure", "figcaption", "pre"})
    EXPECT_EQ(count(page, std::string("<") + tag + ">") + count(page, std::string("<") + tag + " "),
              count(page, std::string("</") + tag + ">"))
        << tag;
}

TEST(Html, SameInputSameBytes) {
  EXPECT_EQ(renderHtml(sampleReport()), renderHtml(sampleReport()));
}

} // namespace
} // namespace romlink::report::test
