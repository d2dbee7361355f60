// The audits' pages: what they show, no markup from names, nothing from elsewhere, whole with nothing to
// show.
#include "relink/report/audit.h"

#include "audit_sample.h"

#include <gmock/gmock.h>

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

template <typename Audit>
std::string pageWith(const std::string& text) {
  Audit audit;
  fillWith(audit, text);
  return renderHtml(audit);
}

std::vector<std::string> pagesWith(const std::string& text) {
  return {pageWith<v1::RomAudit>(text), pageWith<v1::ReleaseAudit>(text), pageWith<v1::AdvisoryAudit>(text),
          pageWith<v1::MatrixAudit>(text)};
}

std::vector<std::string> samplePages() {
  return {renderHtml(sampleRomAudit()), renderHtml(sampleReleaseAudit()), renderHtml(sampleAdvisoryAudit()),
          renderHtml(sampleMatrixAudit())};
}

std::vector<std::string> emptyPages() {
  return {renderHtml(v1::RomAudit()), renderHtml(v1::ReleaseAudit()), renderHtml(v1::AdvisoryAudit()),
          renderHtml(v1::MatrixAudit())};
}

TEST(AuditHtml, RomDrawsItsMemory) {
  const std::string page = renderHtml(sampleRomAudit());
  EXPECT_THAT(page,
              AllOf(HasSubstr("demo-boot@1.0.0"), HasSubstr("OPEN ADVISORIES"), HasSubstr("128 bytes a line"),
                    HasSubstr("sha256_update: 128 bytes at 0x10000100, in use by releases, in 3 releases"),
                    HasSubstr("0x38000000 to 0x38000040, 64 bytes"), HasSubstr(".ARM.attributes"),
                    HasSubstr("line=a, product=meter")));
  // The alias lies on the defective symbol, which is drawn; its bytes count once.
  EXPECT_THAT(page,
              AllOf(HasSubstr("sha256_block: 96 bytes"), Not(HasSubstr("sha256_block_alias: 96 bytes"))));
  EXPECT_THAT(page, HasSubstr("288<small> bytes</small></p><p class=\"note\">4 symbols"));
  EXPECT_THAT(page, HasSubstr("1 reached when it boots"));
}

TEST(AuditHtml, RomDrawsTheBootPath) {
  const std::string page = renderHtml(sampleRomAudit());
  EXPECT_THAT(
      page, HasSubstr("<li class=\"boot\"><code>reset</code></li><li class=\"step\"><code>check_image</code>"
                      "</li><li class=\"defect\"><code>sha256_block</code></li>"));
  EXPECT_EQ(count(page, "the ROM's start does not reach it"), 1U);
}

TEST(AuditHtml, ReleaseShowsWhatWouldStayLocalToday) {
  const std::string page = renderHtml(sampleReleaseAudit());
  EXPECT_THAT(page,
              AllOf(HasSubstr("NOT THE SAME TODAY"), HasSubstr("FIXED \u00b7 1,200"),
                    HasSubstr("1<small> symbols</small></p><p class=\"note\">1,200 bytes"),
                    HasSubstr("<li class=\"shared\"><code>sha256_update</code></li><li class=\"defect\">")));
  auto same = sampleReleaseAudit();
  same.clear_doubts();
  same.set_same_today(true);
  EXPECT_THAT(renderHtml(same), AllOf(HasSubstr(">THE SAME TODAY"), Not(HasSubstr("FIXED"))));
}

TEST(AuditHtml, AdvisoryCountsStates) {
  const std::string page = renderHtml(sampleAdvisoryAudit());
  EXPECT_THAT(page, AllOf(HasSubstr("2<small> of 4</small>"),
                          HasSubstr("1 of them except at boot; 1 more have their own copy"),
                          HasSubstr("1<small> of 2 ROMs</small>"), HasSubstr("found by its code")));
  for (const char* state : {"except-boot", "relink", "own-copy", "unaffected"})
    EXPECT_EQ(count(page, std::string("<span class=\"square ") + state + "\""), 1U) << state;
  EXPECT_THAT(page,
              HasSubstr("sha256:aaaaaaaa, line=a, product=meter-a: a relink repairs it, except at boot"));
}

TEST(AuditHtml, MatrixIsAHeatMap) {
  const std::string page = renderHtml(sampleMatrixAudit());
  EXPECT_THAT(page,
              AllOf(HasSubstr("<td class=\"h8\" title=\"demo-boot@1.0.0, lib/libcrypto.a(sha256.o): 1,288 of "
                              "1,500 bytes\">85</td>"),
                    HasSubstr("<td class=\"h0\" title=\"demo-boot@1.0.0, main.o: 0 of 500 bytes\">0</td>"),
                    HasSubstr("<span>libcrypto.a(sha256.o)</span>"), HasSubstr("1<small> of 3</small>"),
                    HasSubstr("cannot link: main.o: undefined symbol: hash"), HasSubstr("align MPI_MAX_SIZE"),
                    HasSubstr("1,300 <small>43.3 %</small>")));
  EXPECT_EQ(count(page, "<td class=\"none\""), 4U) << "two ROMs without a link, two columns";
}

TEST(AuditHtml, MatrixGathersManyObjectsIntoLibraries) {
  auto audit = sampleMatrixAudit();
  for (int i = 0; i < 40; ++i) {
    auto& object = *audit.mutable_rows(0)->add_objects();
    object.set_object("libc.a(m" + std::to_string(i) + ".o)");
    object.set_bytes(100);
    object.set_shared_bytes(50);
  }
  const std::string page = renderHtml(audit);
  EXPECT_THAT(page, HasSubstr("libc.a: 2,000 of 4,000 bytes\">50</td>"));
  for (int i = 0; i < 40; ++i) {
    auto& object = *audit.mutable_rows(0)->add_objects();
    object.set_object("m" + std::to_string(i) + ".o");
    object.set_bytes(10);
  }
  EXPECT_THAT(renderHtml(audit),
              HasSubstr("all others: 0 of 200 bytes")); // 43 columns: 23 of their own, 20 others
}

TEST(AuditHtml, TwoHundredRoms) {
  auto audit = sampleMatrixAudit();
  const v1::MatrixRow row = audit.rows(0);
  for (int i = 0; i < 200; ++i)
    *audit.add_rows() = row;
  EXPECT_EQ(count(renderHtml(audit), "<tr><th scope=\"row\" title=\""), 203U);
}

TEST(AuditHtml, NamesCannotBringMarkup) {
  const std::string hostile =
      "</title></script><script>alert(1)</script><img src=x onerror='a'>\" onload=\"b{{rom}}{{>head}}";
  for (const std::string& page : pagesWith(hostile)) {
    EXPECT_EQ(count(page, "<script"), 0U);
    EXPECT_EQ(count(page, "<img"), 0U);
    EXPECT_EQ(count(page, "\" onload=\""), 0U);
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
    EXPECT_THAT(page, HasSubstr("{{rom}}"));
  }
}

TEST(AuditHtml, NoControlCharactersAndUtf8) {
  for (const std::string& page : pagesWith("a\x01\x1b\xff z"))
    EXPECT_THAT(page, AllOf(Not(HasSubstr("\x01")), Not(HasSubstr("\x1b")), Not(HasSubstr("\xff")),
                            HasSubstr("a??\uFFFD z")));
}

TEST(AuditHtml, NeedsNothingFromElsewhereAndRunsNoScript) {
  for (const std::string& page : samplePages()) {
    for (const char* reference : {" src=", "href=", "url(", "@import", "<link", "<script"})
      EXPECT_THAT(page, Not(HasSubstr(reference)));
    EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'unsafe-inline'; script-src 'none'"));
    EXPECT_THAT(page, HasSubstr("@media (prefers-color-scheme: dark)"));
  }
}

TEST(AuditHtml, EmptyAudits) {
  for (const std::string& page : emptyPages())
    EXPECT_THAT(page, AllOf(HasSubstr("</html>"), Not(HasSubstr("nan")), Not(HasSubstr("{{"))));
}

TEST(AuditHtml, EveryTagIsClosed) {
  for (const auto& pages : {samplePages(), emptyPages()})
    for (const std::string& page : pages)
      for (const char* tag :
           {"section", "table", "tr",   "td",      "th",   "svg",  "g",     "div",  "p",      "span", "li",
            "ul",      "ol",    "code", "article", "main", "body", "title", "text", "strong", "small"})
        EXPECT_EQ(count(page, std::string("<") + tag + ">") + count(page, std::string("<") + tag + " "),
                  count(page, std::string("</") + tag + ">"))
            << tag;
}

TEST(AuditHtml, SameInputSameBytes) {
  EXPECT_EQ(samplePages(), samplePages());
}

} // namespace
} // namespace romlink::report::test
