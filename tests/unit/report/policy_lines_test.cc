// The lines to paste are TOML that names the symbol as it is, and leaves the reason to a person.
#include "relink/report/policy_lines.h"

#include <gtest/gtest.h>

namespace romlink::report::test {
namespace {

TEST(PolicyLines, OneWaiverForEachSymbolAndThisRomOnly) {
  romlink::v1::WaiverSuggestion suggestion;
  suggestion.add_symbols("memcpy");
  suggestion.add_symbols("mpi_mul_hlp");
  EXPECT_EQ(policyLines(suggestion, "sha256:00ff"), "[[waive]]\n"
                                                    "symbol = \"memcpy\"\n"
                                                    "reason = \"\"\n"
                                                    "rom    = \"sha256:00ff\"\n"
                                                    "\n"
                                                    "[[waive]]\n"
                                                    "symbol = \"mpi_mul_hlp\"\n"
                                                    "reason = \"\"\n"
                                                    "rom    = \"sha256:00ff\"\n");
}

TEST(PolicyLines, NamesCannotBringKeys) {
  romlink::v1::WaiverSuggestion suggestion;
  suggestion.add_symbols("a\"\nreason = \"all fine\\");
  EXPECT_EQ(policyLines(suggestion, ""), "[[waive]]\n"
                                         "symbol = \"a\\\"?reason = \\\"all fine\\\\\\\\\"\n"
                                         "reason = \"\"\n");
}

TEST(PolicyLines, ANameThatIsAPatternMatchesOnlyItself) {
  romlink::v1::WaiverSuggestion suggestion;
  suggestion.add_symbols("mem*[ab]");
  EXPECT_EQ(policyLines(suggestion, ""), "[[waive]]\nsymbol = \"mem\\\\*\\\\[ab\\\\]\"\nreason = \"\"\n");
}

} // namespace
} // namespace romlink::report::test
