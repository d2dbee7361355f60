// The second proof: a plan that is right has no doubts, and each that is wrong in one place has.

#include "verify_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Confirm, EqualCodeHasNoDoubts) {
  EXPECT_EQ(VerifyPair().doubts(), "");
}

TEST(Confirm, EqualCodeInAnotherLayoutHasNoDoubts) {
  EXPECT_EQ(VerifyPair("-defsym SPOIL_LAYOUT=1").doubts(), "");
  EXPECT_EQ(VerifyPair({}, 0).doubts(), "")
      << "a ROM at address 0, so that small numbers look like its addresses";
}

/// The doubts when the ROM's library has `flag` set: each share of `own` for itself, and those of
/// `dependents` because of them; the others have none.
void expectDoubts(const std::string& flag, const std::vector<std::string>& own,
                  const std::vector<std::string>& dependents) {
  const VerifyPair pair("-defsym " + flag + "=1");
  const std::string doubts = pair.doubts();
  for (const Share& share : pair.shares()) {
    const auto isIn = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), share.name) != names.end();
    };
    const std::string line = "\n" + share.name + ": ";
    if (isIn(own))
      EXPECT_THAT("\n" + doubts, HasSubstr(line + "at " + share.name + "+")) << flag;
    else if (isIn(dependents))
      EXPECT_THAT("\n" + doubts, HasSubstr(line + "it leads to ")) << flag;
    else
      EXPECT_THAT("\n" + doubts, Not(HasSubstr(line))) << flag;
  }
}

TEST(Confirm, AnotherInstruction) {
  expectDoubts("SPOIL_INSTRUCTION", {"leaf"}, {"caller", "upper", "halves", "table", "reader", "until"});
}

TEST(Confirm, AnotherCallee) {
  expectDoubts("SPOIL_CALL", {"caller"}, {"upper", "halves"});
}

TEST(Confirm, AnotherTailCallee) {
  expectDoubts("SPOIL_TAIL_CALL", {"upper"}, {});
}

TEST(Confirm, AnotherAddressInALiteral) {
  expectDoubts("SPOIL_LITERAL", {"reader"}, {});
}

TEST(Confirm, AnotherNumberInALiteral) {
  expectDoubts("SPOIL_NUMBER", {"reader"}, {});
}

TEST(Confirm, AnotherAddressInHalves) {
  expectDoubts("SPOIL_HALF", {"halves"}, {});
}

TEST(Confirm, AnotherEntryOfATable) {
  expectDoubts("SPOIL_ENTRY", {"table"}, {"reader", "halves", "until"});
}

TEST(Confirm, AnotherThumbBitInATable) {
  expectDoubts("SPOIL_THUMB", {"table"}, {"reader", "halves", "until"});
}

TEST(Confirm, AnotherString) {
  expectDoubts("SPOIL_TEXT", {"texter"}, {});
}

// "table + 12" and "behind" are one address: only the relocation tells whose it is.
TEST(Confirm, TheEndOfATableIsNotWhatFollows) {
  expectDoubts("SPOIL_END", {"until"}, {});
  VerifyPair pair;
  auto shares = pair.shares();
  named(shares, "behind").equivalentOnly = true;
  EXPECT_EQ(pair.doubts(shares), "") << "its table is shared";
  named(shares, "until").beyond.clear();
  EXPECT_THAT(pair.doubts(shares), HasSubstr("until: at until+0x4: its word"));
}

TEST(Confirm, AnotherVariableAtTheSameAddress) {
  VerifyPair pair;
  auto shares = pair.shares();
  EXPECT_EQ(pair.doubts(shares), "");
  shares.pop_back(); // the state: now nothing tells that both mean one variable
  EXPECT_THAT(pair.doubts(shares),
              HasSubstr("counting: at counting+0x4: the same number is an address of both"));
  VerifyPair spoilt("-defsym SPOIL_RAM=1");
  EXPECT_THAT(spoilt.doubts(), HasSubstr("counting: at counting+0x4: its word"));
}

TEST(Confirm, ANeighboursAddress) {
  for (const char* name : {"leaf", "caller", "reader", "halves", "table", "until"}) {
    VerifyPair pair;
    auto shares = pair.shares();
    named(shares, name).rom = pair.rom.at(name == std::string("leaf") ? "other" : "leaf");
    EXPECT_THAT(pair.doubts(shares), HasSubstr(std::string(name) + ": ")) << name;
  }
}

TEST(Confirm, SwappedShares) {
  VerifyPair pair;
  auto shares = pair.shares();
  std::swap(named(shares, "leaf").rom, named(shares, "other").rom);
  const std::string doubts = pair.doubts(shares);
  for (const char* name : {"leaf: at leaf", "other: at other", "caller: at caller", "table: at table"})
    EXPECT_THAT(doubts, HasSubstr(name));
}

// The bytes of a branch may be the same, and yet it is another function that lies there.
TEST(Confirm, TheSameDisplacementToAnotherFunction) {
  VerifyPair pair;
  auto shares = pair.shares();
  ASSERT_EQ(pair.plain.read(pair.plain.at("caller") + 2, 4)[3],
            pair.rom.read(pair.rom.at("caller") + 2, 4)[3]);
  named(shares, "leaf").rom += 0x1000;
  EXPECT_THAT(pair.doubts(shares), HasSubstr("caller: at caller+0x2"));
}

TEST(Confirm, WhatTheFirmwareKeepsHasItsOwnAddress) {
  VerifyPair pair;
  auto shares = pair.shares();
  named(shares, "leaf").equivalentOnly = true;
  std::string doubts = pair.doubts(shares);
  EXPECT_THAT(doubts, HasSubstr("table: at table+0x0: its word")) << "it holds leaf's address";
  EXPECT_THAT(doubts, Not(HasSubstr("caller: "))) << "to call an equal leaf is enough";
  shares = pair.shares();
  named(shares, "self").equivalentOnly = true;
  EXPECT_THAT(pair.doubts(shares), HasSubstr("self: at self+0x0: it hands out its own address"));
  shares = pair.shares();
  named(shares, "texter").equivalentOnly = true;
  EXPECT_THAT(pair.doubts(shares), HasSubstr("texter: at texter+0x4: its word"));
}

TEST(Confirm, AnAcceptedDifferenceUnlocksItsDependents) {
  VerifyPair pair("-defsym SPOIL_INSTRUCTION=1");
  auto shares = pair.shares();
  named(shares, "leaf").accepted = true;
  EXPECT_EQ(pair.doubts(shares), "");
}

TEST(Confirm, AnAcceptedDifferenceThatStandsAloneUnlocksNothing) {
  VerifyPair pair;
  auto shares = pair.shares();
  named(shares, "leaf").accepted = named(shares, "leaf").alone = true;
  const std::string doubts = "\n" + pair.doubts(shares);
  EXPECT_THAT(doubts, HasSubstr("\ncaller: at caller+0x2"));
  EXPECT_THAT(doubts, HasSubstr("\ntable: at table+0x0"));
  EXPECT_THAT(doubts, Not(HasSubstr("\nleaf: ")));
}

TEST(Confirm, AnAcceptedDifferenceRestsOnWhatItNeeds) {
  VerifyPair pair("-defsym SPOIL_INSTRUCTION=1");
  auto shares = pair.shares();
  named(shares, "other").accepted = true;
  named(shares, "other").restsOn = {pair.plain.at("counter")};
  EXPECT_THAT("\n" + pair.doubts(shares), Not(HasSubstr("\nother: ")));
  named(shares, "other").restsOn = {pair.plain.at("leaf")};
  EXPECT_THAT("\n" + pair.doubts(shares), HasSubstr("\nother: it leads to leaf, which is in doubt"));
  named(shares, "other").restsOn = {pair.plain.at("main")};
  EXPECT_THAT("\n" + pair.doubts(shares), HasSubstr("\nother: it rests on what is at main+0x0"));
}

TEST(Confirm, AVariableIsWhatConfirmedCodeSays) {
  VerifyPair pair;
  auto shares = pair.shares();
  EXPECT_EQ(pair.doubts(shares), "");
  std::erase_if(shares, [](const Share& share) { return share.name == "counting"; });
  EXPECT_EQ(pair.doubts(shares), "counter: nothing that is confirmed uses it\n");
}

TEST(Confirm, OtherAlignmentOfCodeWithLiterals) {
  VerifyPair pair;
  auto shares = pair.shares();
  // The same bytes, two further on: the literal loads would read other words.
  const Bytes reader = pair.rom.read(pair.rom.at("reader"), 16);
  const std::vector<std::uint8_t> copy(reader.begin(), reader.end());
  const Address place = pair.rom.at("halves") + 2;
  pair.rom.put(place, Bytes(copy).first(pair.rom.sizeOf("reader")));
  named(shares, "reader").rom = place;
  EXPECT_THAT(pair.doubts(shares), HasSubstr("reader: at reader+0x0: what it reads"));
}

TEST(Confirm, NothingToCompare) {
  VerifyPair pair;
  auto shares = pair.shares();
  named(shares, "leaf").rom = 0x20000000;
  EXPECT_THAT(pair.doubts(shares), HasSubstr("leaf: there are no 8 bytes to compare at 0x20000000"));
}

// Every byte of the ROM's copy counts, and each is noticed in what holds it.
TEST(Confirm, EveryByteOfTheRomsCopies) {
  VerifyPair pair;
  const auto shares = pair.shares();
  for (const Share& share : shares) {
    if (share.kind == Share::Kind::State)
      continue;
    for (std::uint32_t at = 0; at < share.size; ++at)
      for (int bit = 0; bit < 8; bit += 3) {
        const std::uint8_t byte = pair.rom.read(share.rom + at, 1)[0];
        const std::uint8_t changed = byte ^ static_cast<std::uint8_t>(1 << bit);
        pair.rom.put(share.rom + at, {&changed, 1});
        EXPECT_THAT("\n" + pair.doubts(shares), HasSubstr("\n" + share.name + ": ")) << at << " " << bit;
        pair.rom.put(share.rom + at, {&byte, 1});
      }
  }
}

} // namespace
} // namespace romlink::relink
