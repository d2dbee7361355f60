// Which files a linker script names.
#include "client/linker_script.h"

#include <gmock/gmock.h>

namespace romlink::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names(std::string_view script) {
  constexpr const char* kKinds[] = {"include ", "input ", "library ", "dir "};
  std::vector<std::string> found;
  for (const ScriptName& name : scanLinkerScript(script))
    found.push_back(kKinds[static_cast<int>(name.kind)] + name.name);
  return found;
}

TEST(LinkerScript, FindsWhatItNames) {
  EXPECT_THAT(names("INCLUDE common.ld\nINPUT(startup.o, -lcrypto AS_NEEDED(libm.a) \"my file.o\")\n"
                    "GROUP ( libc.a libgcc.a ) SEARCH_DIR(/opt/lib)"),
              ElementsAre("include common.ld", "input startup.o", "library crypto", "input libm.a",
                          "input my file.o", "input libc.a", "input libgcc.a", "dir /opt/lib"));
}

TEST(LinkerScript, IncludesCountWithinBraces) {
  EXPECT_THAT(names("MEMORY { INCLUDE memory.ld }\nSECTIONS { .text : { INCLUDE text.ld *(.text) } }"),
              ElementsAre("include memory.ld", "include text.ld"));
}

TEST(LinkerScript, CommentsAndSectionsNameNothing) {
  EXPECT_THAT(names("/* INCLUDE a.ld INPUT(b.o) */ # INCLUDE c.ld\nSECTIONS { INPUT : { *(INPUT) } }"),
              IsEmpty());
  EXPECT_THAT(names("ENTRY(main) /* unclosed INCLUDE x"), IsEmpty());
}

TEST(LinkerScript, SurvivesBrokenText) {
  for (const char* text :
       {"", "INCLUDE", "INPUT", "INPUT(", "INPUT(a", "\"open", "}}} INPUT(x)", "INPUT((((("})
    (void)names(text);
  EXPECT_THAT(names("INPUT(a"), ElementsAre("input a"));
}

TEST(LinkerScript, EditsOnlyTheWords) {
  const std::string script = "INPUT(-lc)\n/* keep */ INCLUDE \"x.ld\"\n";
  const auto found = scanLinkerScript(script);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(editLinkerScript(script, {{found[0].offset, found[0].length, "_root/lib/libc.a"},
                                      {found[1].offset, found[1].length, "my folder/x.ld"}}),
            "INPUT(_root/lib/libc.a)\n/* keep */ INCLUDE \"my folder/x.ld\"\n");
}

} // namespace
} // namespace romlink::client
