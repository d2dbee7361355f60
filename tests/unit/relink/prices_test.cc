// The prices of proofs that no real pair of images makes: cycles, many causes, several claims of one section.
#include "relink/plan/prices.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

/// Sections of 100 bytes without symbols, and the claims that are made for them.
class PricesTest : public testing::Test {
protected:
  ClaimId claim(SectionId section, std::vector<ClaimId> needs = {}) {
    for (; sections_ <= section; ++sections_) {
      LiveSection live;
      live.object = object_;
      firmware_.sections.push_back(live);
    }
    Claim made;
    made.section = section;
    made.holds = false;
    for (const ClaimId need : needs)
      made.needs.push_back({need, false});
    proof_.claims.push_back(made);
    return static_cast<ClaimId>(proof_.claims.size() - 1);
  }
  /// A claim that fails by itself.
  ClaimId cause(SectionId section) {
    const ClaimId id = claim(section);
    proof_.claims[id].ownReason = Reason::Changed;
    return id;
  }
  std::vector<Price> blockers() { return prices().blockers(); }
  Prices prices() {
    proof_.bindings.resize(sections_);
    proof_.kept.resize(sections_);
    return {firmware_, proof_};
  }
  void need(ClaimId from, ClaimId to) { proof_.claims[from].needs.push_back({to, false}); }
  void canBeWaived(ClaimId id) { proof_.claims[id].concession.emplace(); }

  std::shared_ptr<ObjectFile> object_ = objectOf100Bytes();
  Firmware firmware_;
  Proof proof_;
  SectionId sections_ = 0;

private:
  static std::shared_ptr<ObjectFile> objectOf100Bytes() {
    auto object = std::make_shared<ObjectFile>();
    object->elf.sections.resize(1);
    object->elf.sections[0].size = 100;
    return object;
  }
};

TEST_F(PricesTest, ACycleFailsAsOne) {
  const ClaimId changed = cause(0);
  const ClaimId even = claim(1);
  const ClaimId odd = claim(2, {even, changed});
  need(even, odd);
  claim(3, {even});
  const auto found = blockers();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].causes, std::vector{changed});
  EXPECT_EQ(found[0].bytes, 400U);
}

TEST_F(PricesTest, CausesWithinACyclePayOnlyTogether) {
  const ClaimId first = cause(0);
  const ClaimId second = cause(1);
  for (const ClaimId id : {first, second})
    canBeWaived(id);
  proof_.claims[first].concession->needs.push_back({second, false});
  proof_.claims[second].concession->needs.push_back({first, false});
  const auto found = blockers();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].causes, (std::vector{first, second}));
  EXPECT_EQ(found[0].bytes, 200U);
}

TEST_F(PricesTest, TheSetIncludesWhatEachAloneUnlocks) {
  const ClaimId first = cause(0);
  const ClaimId second = cause(1);
  claim(2, {first, second});
  const auto found = blockers();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].causes, (std::vector{first, second}));
  EXPECT_EQ(found[0].bytes, 300U);
  EXPECT_EQ(found[1].bytes, 100U);
}

TEST_F(PricesTest, TooManyCausesAreOutOfReach) {
  std::vector<ClaimId> causes;
  for (SectionId id = 0; id <= Prices::kMostCauses; ++id)
    causes.push_back(cause(id));
  claim(20, causes);
  claim(21, {claim(22, causes)});
  for (const ClaimId id : causes)
    canBeWaived(id);
  EXPECT_EQ(blockers().size(), causes.size());
  const auto steps = prices().waivers();
  ASSERT_EQ(steps.size(), causes.size());
  EXPECT_EQ(steps.back().bytes, 100 * causes.size()) << "without what needs all of them";
}

TEST_F(PricesTest, ASectionCountsOnceByItsCheapestClaim) {
  const ClaimId first = cause(0);
  const ClaimId second = cause(1);
  claim(2, {first, second});
  claim(2, {second});
  const auto found = blockers();
  ASSERT_EQ(found.size(), 2U) << "no set: the section needs no more than `second`";
  EXPECT_EQ(found[0].causes, std::vector{second});
  EXPECT_EQ(found[0].bytes, 200U);
}

TEST_F(PricesTest, WhatIsKeptOrBoundHasNoPrice) {
  const ClaimId changed = cause(0);
  claim(1, {changed});
  const ClaimId other = claim(2, {changed});
  proof_.kept.resize(3);
  proof_.kept[1].reason = Reason::Policy;
  proof_.bindings.resize(3);
  proof_.bindings[2] = other;
  ASSERT_EQ(blockers().size(), 1U);
  EXPECT_EQ(blockers()[0].bytes, 100U);
}

TEST_F(PricesTest, WaiversGrowByWhatPaysMostForEach) {
  const ClaimId small = cause(0);
  const ClaimId large = cause(1);
  const ClaimId fixed = cause(2);
  canBeWaived(small);
  canBeWaived(large);
  for (SectionId id = 3; id < 6; ++id)
    claim(id, {large});
  claim(6, {large, small});
  claim(7, {fixed, large});
  const auto steps = prices().waivers();
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].causes, std::vector{large});
  EXPECT_EQ(steps[0].bytes, 400U);
  EXPECT_EQ(steps[1].causes, (std::vector{small, large}));
  EXPECT_EQ(steps[1].bytes, 600U);
}

} // namespace
} // namespace romlink::relink
