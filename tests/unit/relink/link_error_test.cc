// What lld prints becomes one line that names the symbol and the place.

#include "fixture.h"
#include "relink/link/lld.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

TEST(LinkError, NamesSymbolAndPlaceOfWhatLldReallyPrints) {
  Workshop shop;
  shop.assemble(
      "main",
      ".section .text.main, \"ax\", %progbits\n.globl main\n.type main, %function\nmain: bl missing\n");
  const std::string printed = shop.run("ld.lld-19 -e main main.o -o x.elf", 1);
  std::string asSelf = printed;
  asSelf.replace(asSelf.find("ld.lld-19:"), 10, "ld.lld:");
  const Error error = linkError(asSelf);
  EXPECT_EQ(error.code, ErrorCode::Refused);
  EXPECT_EQ(error.why, "undefined symbol: missing");
  EXPECT_EQ(error.where, "main.o:(.text.main+0x0)");
}

TEST(LinkError, JoinsSeveralAndCountsTheRest) {
  std::string printed;
  for (char symbol = 'a'; symbol <= 'g'; ++symbol)
    printed +=
        std::string("ld.lld: error: undefined symbol: ") + symbol + "\n>>> referenced by x.o:(main)\n\n";
  const Error error = linkError(printed);
  EXPECT_EQ(error.line(), "the program does not link: undefined symbol: a (x.o:(main)); undefined symbol: b "
                          "(x.o:(main)); undefined symbol: c (x.o:(main)); undefined symbol: d (x.o:(main)); "
                          "undefined symbol: e (x.o:(main)); and 2 more");
}

TEST(LinkError, DoesNotTakeWarningsForErrors) {
  const Error error =
      linkError("ld.lld: warning: cannot find entry symbol x\n>>> referenced by a.o:(f)\n"
                "ld.lld: error: duplicate symbol: f\n>>> defined at a.c:3\n>>>            a.o:(f)\n");
  EXPECT_EQ(error.why, "duplicate symbol: f");
  EXPECT_EQ(error.where, "a.o:(f)");
}

TEST(LinkError, SaysSoIfThereIsNoMessage) {
  EXPECT_EQ(linkError("").why, "the linker failed without a message");
  EXPECT_EQ(linkError("Segmentation fault\n").why, "the linker failed without a message");
  EXPECT_EQ(linkError(">>> referenced by nobody\n").code, ErrorCode::Refused);
}

} // namespace
} // namespace romlink::relink
