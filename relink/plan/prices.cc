#include "relink/plan/prices.h"

#include <algorithm>
#include <map>
#include <optional>

namespace romlink::relink {
namespace {

using Causes = std::vector<ClaimId>; // sorted

bool isCause(const Claim& claim) {
  return claim.failsByItself();
}

/// Tarjan's algorithm (SIAM J. Comput. 1, 1972) without recursion; components come out with what they need
/// before themselves.
class CauseSets {
public:
  explicit CauseSets(const Proof& proof)
      : proof_(proof), nodes_(proof.claims.size()), sets_(proof.claims.size()) {
    for (ClaimId id = 0; id < proof.claims.size(); ++id)
      if (!proof.claims[id].holds && nodes_[id].order == 0)
        visit(id);
  }

  /// Nullptr: more causes than Prices::kMostCauses.
  [[nodiscard]] const Causes* of(ClaimId id) const {
    const std::optional<Causes>& causes = sets_[id];
    return causes ? &*causes : nullptr;
  }

private:
  struct Node {
    std::uint32_t order = 0; ///< of discovery; 0: not yet
    std::uint32_t low = 0;
    bool open = false; ///< on the stack of unfinished components
  };
  struct Frame {
    ClaimId claim;
    std::size_t next = 0;
  };

  /// A waiver removes a cause only if what the ROM's copy reaches holds, too.
  [[nodiscard]] const std::vector<Claim::Need>& needsOf(ClaimId id) const {
    const Claim& claim = proof_.claims[id];
    return isCause(claim) && claim.concession ? claim.concession->needs : claim.needs;
  }

  void visit(ClaimId start) {
    std::vector<Frame> frames;
    enter(start, frames);
    while (!frames.empty()) {
      Frame& frame = frames.back();
      const auto& needs = needsOf(frame.claim);
      if (frame.next < needs.size()) {
        const ClaimId target = needs[frame.next++].claim;
        if (proof_.claims[target].holds)
          continue;
        if (nodes_[target].order == 0)
          enter(target, frames);
        else if (nodes_[target].open)
          nodes_[frame.claim].low = std::min(nodes_[frame.claim].low, nodes_[target].order);
        continue;
      }
      const ClaimId done = frame.claim;
      frames.pop_back();
      if (!frames.empty())
        nodes_[frames.back().claim].low = std::min(nodes_[frames.back().claim].low, nodes_[done].low);
      if (nodes_[done].low == nodes_[done].order)
        finish(done);
    }
  }

  void enter(ClaimId id, std::vector<Frame>& frames) {
    nodes_[id] = {++count_, count_, true};
    stack_.push_back(id);
    frames.push_back({id});
  }

  void finish(ClaimId root) {
    const auto first = std::find(stack_.rbegin(), stack_.rend(), root).base() - 1;
    std::optional<Causes> causes = Causes{};
    for (auto it = first; it != stack_.end() && causes; ++it) {
      if (isCause(proof_.claims[*it]))
        causes = merged(causes, Causes{*it});
      for (const Claim::Need& need : needsOf(*it))
        if (!proof_.claims[need.claim].holds && !nodes_[need.claim].open)
          causes = merged(causes, sets_[need.claim]);
    }
    for (auto it = first; it != stack_.end(); ++it) {
      nodes_[*it].open = false;
      sets_[*it] = causes;
    }
    stack_.erase(first, stack_.end());
  }

  /// Nullopt if either is, or if both together have too many.
  static std::optional<Causes> merged(const std::optional<Causes>& a, const std::optional<Causes>& b) {
    if (!a || !b)
      return std::nullopt;
    Causes both;
    std::set_union(a->begin(), a->end(), b->begin(), b->end(), std::back_inserter(both));
    return both.size() > Prices::kMostCauses ? std::nullopt : std::optional(std::move(both));
  }

  const Proof& proof_;
  std::vector<Node> nodes_;
  std::vector<std::optional<Causes>> sets_;
  std::vector<ClaimId> stack_;
  std::uint32_t count_ = 0;
};

constexpr std::size_t kMostMembers = 4;
constexpr std::size_t kMostSets = 50;
constexpr std::size_t kMostSuggestions = 8;

bool byBytes(const Price& a, const Price& b) {
  return std::tuple(b.bytes, a.causes.size(), a.causes) < std::tuple(a.bytes, b.causes.size(), b.causes);
}

} // namespace

Prices::Prices(const Firmware& firmware, const Proof& proof) : proof_(proof) {
  const CauseSets sets(proof);
  struct Best {
    const Causes* causes = nullptr;
    bool named = false;
  };
  std::vector<Best> best(
      firmware.sections.size()); // the fewest causes; of equally many a claim that the name supports
  for (ClaimId id = 0; id < proof.claims.size(); ++id) {
    const Claim& claim = proof.claims[id];
    const Causes* causes = claim.holds ? nullptr : sets.of(id);
    if (causes == nullptr || causes->empty() || proof.bindings[claim.section] ||
        proof.kept[claim.section].reason != Reason::None)
      continue;
    Best& known = best[claim.section];
    if (known.causes == nullptr ||
        std::tuple(causes->size(), !claim.named) < std::tuple(known.causes->size(), !known.named))
      known = {causes, claim.named};
  }
  std::map<Causes, Price> groups;
  for (SectionId section = 0; section < best.size(); ++section)
    if (best[section].causes != nullptr) {
      Price& group = groups[*best[section].causes];
      group.bytes += firmware.sections[section].elf().size;
      group.symbols += static_cast<std::uint32_t>(firmware.sections[section].symbols.size());
    }
  for (auto& [causes, group] : groups) {
    group.causes = causes;
    groups_.push_back(std::move(group));
  }
}

Price Prices::priceOf(Causes causes) const {
  Price price{std::move(causes)};
  for (const Price& group : groups_)
    if (std::includes(price.causes.begin(), price.causes.end(), group.causes.begin(), group.causes.end())) {
      price.bytes += group.bytes;
      price.symbols += group.symbols;
    }
  return price;
}

std::vector<Price> Prices::blockers() const {
  std::vector<Price> blockers;
  std::map<ClaimId, std::uint32_t> alone;
  std::vector<Price> sets;
  for (const Price& group : groups_)
    if (group.causes.size() == 1) {
      blockers.push_back(group);
      alone[group.causes.front()] = group.bytes;
    } else if (group.causes.size() <= kMostMembers)
      sets.push_back(group);
  std::sort(sets.begin(), sets.end(), byBytes);
  sets.resize(std::min(sets.size(), kMostSets));
  for (const Price& set : sets)
    blockers.push_back(priceOf(set.causes));
  std::sort(blockers.begin(), blockers.end(), byBytes);
  return blockers;
}

std::vector<Price> Prices::waivers() const {
  const auto canBeWaived = [&](ClaimId id) {
    const Claim& claim = proof_.claims[id];
    return claim.concession && claim.concession->whyNot.empty() && !claim.accepted;
  };
  std::vector<const Price*> candidates;
  for (const Price& group : groups_)
    if (std::all_of(group.causes.begin(), group.causes.end(), canBeWaived))
      candidates.push_back(&group);
  std::vector<Price> steps;
  Price taken;
  while (steps.size() < kMostSuggestions) {
    std::optional<Price> best;
    std::uint64_t gain = 0;
    std::uint64_t cost = 1;
    for (const Price* candidate : candidates) {
      Causes together;
      std::set_union(taken.causes.begin(), taken.causes.end(), candidate->causes.begin(),
                     candidate->causes.end(), std::back_inserter(together));
      const std::size_t added = together.size() - taken.causes.size();
      if (added == 0)
        continue;
      Price price = priceOf(std::move(together));
      if (!best || (price.bytes - taken.bytes) * cost > gain * added) {
        gain = price.bytes - taken.bytes;
        cost = added;
        best = std::move(price);
      }
    }
    if (!best)
      break;
    taken = *best;
    steps.push_back(std::move(*best));
  }
  return steps;
}

} // namespace romlink::relink
