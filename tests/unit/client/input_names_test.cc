// The linker's names for the user's files, and back.
#include "client/input_names.h"

#include "romlink/v1/report.pb.h"

#include <gtest/gtest.h>

namespace romlink::client {
namespace {

TEST(LinkerName, StaysCloseToWhatWasTyped) {
  const std::pair<const char*, const char*> cases[] = {
      {"main.o", "main.o"},
      {"./main.o", "main.o"},
      {"src//a/../main.o", "src/main.o"},
      {"../common/a.o", "_up/common/a.o"},
      {"../../a.o", "_up/_up/a.o"},
      {"a/../../b.o", "_up/b.o"},
      {"/usr/lib/libc.a", "_root/usr/lib/libc.a"},
      {"/../a.o", "_root/a.o"},
      {"_root/x.o", "__root/x.o"},
      {"__root/x.o", "___root/x.o"},
      {"_up/x.o", "__up/x.o"},
      {"a/_up/x.o", "a/_up/x.o"},
      {"_rooted/x.o", "_rooted/x.o"},
      {"cleanup/x.o", "cleanup/x.o"},
  };
  for (const auto& [typed, expected] : cases)
    EXPECT_EQ(linkerName(typed), expected) << typed;
}

TEST(InputNames, PutTheUsersNamesIntoMessages) {
  InputNames names;
  names.add("_root/usr/lib/libc.a", "/usr/lib/libc.a");
  names.add("_up/a.o", "../a.o");
  names.add("main.o", "main.o");
  EXPECT_EQ(
      names.toUser("undefined symbol: x\n>>> referenced by _up/a.o:(.text) in _root/usr/lib/libc.a(x.o)"),
      "undefined symbol: x\n>>> referenced by ../a.o:(.text) in /usr/lib/libc.a(x.o)");
}

TEST(InputNames, LeaveLongerWordsAlone) {
  InputNames names;
  names.add("main.o", "./main.o");
  EXPECT_EQ(names.toUser("domain.o src/main.o main.obj main.o"), "domain.o src/main.o main.obj ./main.o");
}

TEST(InputNames, ChangesEveryStringOfAMessage) {
  InputNames names;
  names.add("_root/usr/lib/libc.a", "/usr/lib/libc.a");
  v1::LinkReport report;
  v1::SymbolDecision& symbol = *report.add_symbols();
  symbol.set_name("memcpy");
  symbol.set_object("_root/usr/lib/libc.a(memcpy.o)");
  symbol.add_type_notes("_root/usr/lib/libc.a(memcpy.o): it is assembler code");
  report.add_findings()->set_message("no variable is shared: _root/usr/lib/libc.a(x.o):(.bss)");
  names.toUser(report);
  EXPECT_EQ(symbol.name(), "memcpy");
  EXPECT_EQ(symbol.object(), "/usr/lib/libc.a(memcpy.o)");
  EXPECT_EQ(symbol.type_notes(0), "/usr/lib/libc.a(memcpy.o): it is assembler code");
  EXPECT_EQ(report.findings(0).message(), "no variable is shared: /usr/lib/libc.a(x.o):(.bss)");
}

} // namespace
} // namespace romlink::client
