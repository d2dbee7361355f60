// Every symbol has one decision, and the bytes add up.
#include "relink/report/tally.h"

#include "sample.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <numeric>

namespace romlink::report::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> namesOf(const std::vector<const Symbol*>& symbols) {
  std::vector<std::string> names;
  names.reserve(symbols.size());
  for (const Symbol* symbol : symbols)
    names.push_back(symbol->name());
  return names;
}

TEST(Tally, SharedAreSortedBySizeAndLocalByReason) {
  const auto report = sampleReport();
  const Tally tally = tallyOf(report);
  EXPECT_THAT(namesOf(tally.shared), ElementsAre("sha256_update", "sha256_final", "alias_of_update"));
  EXPECT_THAT(namesOf(tally.local), ElementsAre("mpi_exp_mod", "rsa_public", "main"));
}

TEST(Tally, EverySymbolIsCountedOnceAndTheBytesAddUp) {
  const auto report = sampleReport();
  const Tally tally = tallyOf(report);
  EXPECT_EQ(tally.shared.size() + tally.local.size(), static_cast<std::size_t>(report.symbols_size()));
  EXPECT_EQ(tally.sharedBytes, 1288U);
  EXPECT_EQ(tally.localBytes, 1500U);
  std::uint64_t bytes = 0;
  std::uint64_t symbols = 0;
  for (const ReasonSum& sum : tally.reasons) {
    bytes += sum.bytes;
    symbols += sum.symbols;
  }
  EXPECT_EQ(bytes, tally.localBytes);
  EXPECT_EQ(symbols, tally.local.size());
}

TEST(Tally, WhatIsNotProvedIsCountedApart) {
  auto report = sampleReport();
  EXPECT_THAT(tallyOf(report).accepted, IsEmpty());
  report.mutable_symbols(1)->set_evidence(Symbol::API_COMPATIBLE);
  const Tally tally = tallyOf(report);
  EXPECT_THAT(namesOf(tally.accepted), ElementsAre("sha256_final"));
  EXPECT_EQ(tally.acceptedBytes, 88U);
  EXPECT_EQ(tally.sharedBytes, 1288U);
  report.mutable_symbols(1)->set_evidence(Symbol::NONE); // a variable: there is nothing to prove
  EXPECT_THAT(tallyOf(report).accepted, IsEmpty());
}

TEST(Tally, AnAliasCarriesNoBytes) {
  romlink::v1::LinkReport report;
  addShared(report, "b", 40, "0x10").set_alias_of("a");
  EXPECT_EQ(tallyOf(report).sharedBytes, 0U);
  EXPECT_EQ(tallyOf(report).shared.size(), 1U);
}

TEST(Tally, OrderDoesNotDependOnTheOrderOfTheMessage) {
  auto report = sampleReport();
  const auto before = namesOf(tallyOf(report).local);
  std::reverse(report.mutable_symbols()->pointer_begin(), report.mutable_symbols()->pointer_end());
  EXPECT_EQ(namesOf(tallyOf(report).local), before);
}

TEST(Tally, EqualSizesAreSortedByName) {
  romlink::v1::LinkReport report;
  addShared(report, "b", 40, "0x10000000");
  addShared(report, "a", 40, "0x10000100");
  const Tally tally = tallyOf(report);
  EXPECT_THAT(namesOf(tally.shared), ElementsAre("a", "b"));
}

TEST(Tally, BytesBeyond32BitsAddUp) {
  romlink::v1::LinkReport report;
  addLocal(report, "a", 0xFFFFFFFF, "CHANGED");
  addLocal(report, "b", 0xFFFFFFFF, "CHANGED");
  EXPECT_EQ(tallyOf(report).localBytes, 0x1FFFFFFFEU);
}

TEST(Tally, EmptyReport) {
  const romlink::v1::LinkReport report;
  EXPECT_THAT(tallyOf(report).reasons, IsEmpty());
}

TEST(Tally, ReasonOfAnUndecidedSymbolIsNotEmpty) {
  Symbol symbol;
  EXPECT_EQ(reasonOf(symbol), "UNSPECIFIED");
}

TEST(Tally, EveryReasonOfTheSharingRulesHasAMeaning) {
  for (const char* reason :
       {"NOT_IN_ROM", "CHANGED", "DEPENDS_ON_CHANGED", "FIXED", "API_MISMATCH", "FLAGS_MISMATCH",
        "STATE_NOT_SHARED", "ISOLATION", "ROM_UNREACHABLE", "ADDRESS_IDENTITY", "NOT_SEPARABLE", "NO_GAIN",
        "ENTRY_POINT", "UNWIND", "POLICY"})
    EXPECT_NE(meaningOf(reason), "") << reason;
  EXPECT_EQ(meaningOf("NO_SUCH_REASON"), "");
}

} // namespace
} // namespace romlink::report::test
