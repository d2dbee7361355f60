#include "relink/plan/plan.h"

#include "relink/explain/difference.h"
#include "relink/plan/missing_names.h"
#include "relink/plan/prices.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <set>

namespace romlink::relink {
namespace {

std::string remedyFor(Reason reason, const std::string& name) {
  switch (reason) {
  case Reason::Changed:
    return fmt::format("build {} from the ROM's source, with its configuration and compiler flags", name);
  case Reason::Fixed:
    return fmt::format(
        "none is needed: the firmware keeps its own {}; a ROM revision with the fix can share it", name);
  case Reason::ApiMismatch:
    return fmt::format("build {} on both sides with the same declarations of its types", name);
  case Reason::FlagsMismatch:
    return fmt::format("compile {} and what uses it with the ROM's flags", name);
  case Reason::StateNotShared:
    return fmt::format("put {} into the ROM's shared RAM, or hand it to the code through an argument", name);
  case Reason::NotInRom:
    return fmt::format("link {} into the next ROM revision", name);
  case Reason::AddressIdentity:
    return "let everything that uses the address come from the ROM, or nothing";
  case Reason::NotSeparable:
    return "compile with -ffunction-sections -fdata-sections, by a compiler that writes known relocations";
  default:
    return "see the symbol's detail";
  }
}

bool isSameSource(const Acceptance& acceptance) {
  return acceptance.rule == Acceptance::Rule::SameSource;
}

class Planner {
public:
  explicit Planner(const PlanQuestion& question)
      : q_(question), proof_(question.proof), claims_(question.proof.claims),
        ofSection_(question.firmware.sections.size()) {
    for (ClaimId id = 0; id < claims_.size(); ++id)
      ofSection_[claims_[id].section].push_back(id);
    findWaysToCauses();
  }

  Plan run() {
    Plan plan;
    plan.veneers = proof_.veneers;
    plan.sections.reserve(ofSection_.size());
    for (SectionId id = 0; id < ofSection_.size(); ++id)
      plan.sections.push_back(decideOne(id));
    listAccepted(plan);
    listStates(plan);
    const Prices prices(q_.firmware, proof_);
    for (const Price& price : prices.blockers())
      plan.blockers.push_back(blockerOf(price));
    for (SectionId id = 0; id < ofSection_.size(); ++id)
      if (isProvedButObjected(id))
        plan.blockers.push_back(blockerOf(id));
    std::stable_sort(plan.blockers.begin(), plan.blockers.end(),
                     [](const Blocker& a, const Blocker& b) { return a.priceBytes > b.priceBytes; });
    if (q_.suggestWaivers)
      for (const Price& price : prices.waivers())
        plan.suggestions.push_back(suggestionOf(price));
    noteUnusedRules(plan);
    return plan;
  }

private:
  [[nodiscard]] std::string titleOf(ClaimId id) const {
    return q_.firmware.sections[claims_[id].section].title();
  }

  /// One breadth-first search from all causes at once: for each claim that does not hold, the next claim on
  /// the shortest way to a cause.
  void findWaysToCauses() {
    towardsCause_.assign(claims_.size(), std::nullopt);
    std::deque<ClaimId> queue;
    for (ClaimId id = 0; id < claims_.size(); ++id)
      if (claims_[id].failsByItself()) {
        towardsCause_[id] = id;
        queue.push_back(id);
      }
    while (!queue.empty()) {
      const ClaimId id = queue.front();
      queue.pop_front();
      for (const ClaimId user : claims_[id].neededBy)
        if (!claims_[user].holds && !towardsCause_[user]) {
          towardsCause_[user] = id;
          queue.push_back(user);
        }
    }
  }

  [[nodiscard]] SymbolDifference differenceOf(ClaimId id) const {
    const Claim& claim = claims_[id];
    SymbolDifference difference;
    difference.symbol = titleOf(id);
    difference.summary = claim.ownDetail;
    difference.typesUnchecked = q_.objects && !q_.objects(claim.section, claim.base).typesChecked;
    if (!claim.differsAt || claim.ownReason != Reason::Changed)
      return difference;
    const LiveSection& live = q_.firmware.sections[claim.section];
    const Bytes theirs = q_.rom.readOnly(claim.base, live.elf().size, false);
    Difference explained = explainDifference(
        live.object->elf, live.index, theirs, claim.base, *claim.differsAt,
        [this](Address address) { return romNameOf(address); }, disassembler_);
    difference.offset = explained.offset;
    difference.summary = std::move(explained.summary);
    difference.romListing = std::move(explained.romListing);
    difference.firmwareListing = std::move(explained.firmwareListing);
    return difference;
  }

  [[nodiscard]] const std::string& causeOf(ClaimId id) const {
    const auto [cause, isNew] = causes_.try_emplace(id);
    if (isNew) {
      cause->second = differenceOf(id).summary;
      if (const std::string& why = claims_[id].whyNotSameSource; !why.empty())
        cause->second += "; its source is the same, but " + why;
    }
    return cause->second;
  }

  [[nodiscard]] std::string romNameOf(Address address) const {
    const RomSymbol* symbol = q_.rom.symbolAt(address);
    if (symbol == nullptr)
      return {};
    return symbol->address == address ? std::string(symbol->name)
                                      : fmt::format("{}+{:#x}", symbol->name, address - symbol->address);
  }

  /// The claim that says most about why a section is not proved: of those that the ROM's names support, one
  /// whose own bytes are equal.
  [[nodiscard]] std::optional<ClaimId> mostTelling(SectionId section) const {
    const auto rank = [&](ClaimId id) {
      const Claim& claim = claims_[id];
      return std::tuple(claim.named, claim.ownReason == Reason::None, ~claim.base);
    };
    const auto& candidates = ofSection_[section];
    const auto best = std::max_element(candidates.begin(), candidates.end(),
                                       [&](ClaimId a, ClaimId b) { return rank(a) < rank(b); });
    return best == candidates.end() ? std::nullopt : std::optional(*best);
  }

  [[nodiscard]] Decision explainFailure(ClaimId id) const {
    const Claim& claim = claims_[id];
    Decision decision;
    decision.romAddress = claim.base;
    if (claim.failsByItself() || !towardsCause_[id]) {
      decision.reason = claim.ownReason == Reason::None ? Reason::StateNotShared : claim.ownReason;
      decision.detail = claim.ownReason == Reason::None ? "no code that is shared uses it" : causeOf(id);
      return decision;
    }
    decision.detail = !claim.accepted ? ""
                      : isSameSource(*claim.accepted)
                          ? "its source is the same, but one of its copies reaches what is not: "
                          : "its difference is accepted, but the ROM's copy reaches what is not: ";
    decision.detail += titleOf(id);
    while (towardsCause_[id].value_or(id) != id) {
      id = towardsCause_[id].value_or(id);
      decision.detail += " -> " + titleOf(id);
    }
    decision.reason =
        claims_[id].ownReason == Reason::StateNotShared ? Reason::StateNotShared : Reason::DependsOnChanged;
    decision.detail += ": " + causeOf(id);
    return decision;
  }

  [[nodiscard]] Decision decideOne(SectionId id) const {
    Decision decision;
    if (proof_.bindings[id]) {
      const Claim& claim = proof_.bindingOf(id);
      decision.romAddress = claim.base;
      decision.evidence = !claim.accepted                 ? Evidence::Identical
                          : isSameSource(*claim.accepted) ? Evidence::SameSource
                                                          : Evidence::ApiCompatible;
    }
    if (proof_.isShared(id)) {
      decision.shared = true;
      return decision;
    }
    const Kept& kept = proof_.kept[id];
    const auto telling = mostTelling(id);
    if (kept.reason != Reason::None && (telling || kept.reason != Reason::StateNotShared)) {
      decision.reason = kept.reason;
      decision.detail = kept.detail;
      if (!decision.romAddress && telling && claims_[*telling].named)
        decision.romAddress = claims_[*telling].base;
      return decision;
    }
    if (telling) {
      Decision failure = explainFailure(*telling);
      const Claim& claim = claims_[*telling];
      const bool open = failure.reason == Reason::Changed || failure.reason == Reason::DependsOnChanged;
      if (const Objection objection =
              open && claim.named && q_.objects ? q_.objects(id, claim.base) : Objection{};
          objection.reason != Reason::None) {
        failure.reason = objection.reason;
        failure.detail = objection.detail;
      }
      return failure;
    }
    decision.reason = Reason::NotInRom;
    decision.detail = "the ROM has nothing of this name, and nothing that is equal leads to it";
    return decision;
  }

  void listAccepted(Plan& plan) const {
    for (SectionId id = 0; id < ofSection_.size(); ++id) {
      const auto binding = proof_.bindings[id];
      if (!plan.sections[id].shared || !binding)
        continue;
      const auto& accepted = claims_[*binding].accepted;
      if (!accepted)
        continue;
      AcceptedShare share{id, *accepted, differenceOf(*binding), {}};
      plan.sections[id].detail = isSameSource(*accepted)
                                     ? "the same source, compiled otherwise: " + share.difference.summary
                                     : fmt::format("accepted ({}: {}): {}", nameOf(share.acceptance.rule),
                                                   share.acceptance.reason, share.difference.summary);
      for (const SectionId dependent : restingOn(*binding)) {
        if (!plan.sections[dependent].shared || dependent == id)
          continue;
        share.dependents.push_back(dependent);
        if (!proof_.bindingOf(dependent).accepted) {
          std::string& detail = plan.sections[dependent].detail;
          const char* kind = isSameSource(*accepted) ? "the source of " : "the waiver of ";
          detail +=
              (detail.empty() ? "rests on " : ", on ") + std::string(kind) + q_.firmware.sections[id].title();
        }
      }
      plan.accepted.push_back(std::move(share));
    }
  }

  /// The sections that are bound to claims which need `start`, directly or not.
  [[nodiscard]] std::set<SectionId> restingOn(ClaimId start) const {
    std::set<ClaimId> seen = {start};
    std::vector<ClaimId> queue = {start};
    std::set<SectionId> sections;
    while (!queue.empty()) {
      const ClaimId id = queue.back();
      queue.pop_back();
      if (proof_.bindings[claims_[id].section] == id)
        sections.insert(claims_[id].section);
      for (const ClaimId user : claims_[id].neededBy)
        if (claims_[user].holds && seen.insert(user).second)
          queue.push_back(user);
    }
    return sections;
  }

  void listStates(Plan& plan) const {
    for (SectionId id = 0; id < ofSection_.size(); ++id) {
      const LiveSection& live = q_.firmware.sections[id];
      if (!plan.sections[id].shared || !live.elf().isWritable())
        continue;
      plan.states.push_back({id, wishFor(live, q_.policy).value_or(StateWish{})});
      plan.sections[id].detail = plan.states.back().wish.action == StateAction::Retain
                                     ? "the ROM's object, as the ROM leaves it"
                                     : "the ROM's object, restored by romlink_reinit_shared()";
    }
  }

  [[nodiscard]] Blocker blockerOf(const Price& price) const {
    Blocker blocker;
    const Claim& first = claims_[price.causes.front()];
    blocker.reason = first.ownReason;
    blocker.priceBytes = price.bytes;
    blocker.unlockedSymbols = price.symbols;
    for (const ClaimId id : price.causes) {
      const std::string title = titleOf(id);
      if (std::find(blocker.members.begin(), blocker.members.end(), title) == blocker.members.end())
        blocker.members.push_back(title);
      blocker.detail +=
          (blocker.detail.empty() ? "" : "; ") + (price.causes.size() > 1 ? title + ": " : "") + causeOf(id);
    }
    blocker.remedy = blocker.members.size() == 1
                         ? remedyFor(first.ownReason, blocker.members.front())
                         : fmt::format("remove all of {}: none of them pays alone what they pay together",
                                       fmt::join(blocker.members, ", "));
    return blocker;
  }

  /// Equal code that types or flags keep local: its price is its own size.
  [[nodiscard]] bool isProvedButObjected(SectionId id) const {
    const Reason reason = proof_.kept[id].reason;
    return proof_.bindings[id] && (reason == Reason::ApiMismatch || reason == Reason::FlagsMismatch);
  }

  [[nodiscard]] Blocker blockerOf(SectionId id) const {
    const LiveSection& live = q_.firmware.sections[id];
    const Kept& kept = proof_.kept[id];
    return {{live.title()},
            kept.reason,
            static_cast<std::uint32_t>(live.elf().size),
            static_cast<std::uint32_t>(live.symbols.size()),
            remedyFor(kept.reason, live.title()),
            kept.detail};
  }

  [[nodiscard]] Suggestion suggestionOf(const Price& price) const {
    Suggestion suggestion{{}, price.bytes, price.symbols, {}};
    for (const ClaimId id : price.causes) {
      suggestion.symbols.push_back(titleOf(id));
      suggestion.differences.push_back(differenceOf(id));
    }
    return suggestion;
  }

  void noteUnusedRules(Plan& plan) const {
    const auto note = [&](const Policy::Rule& rule, const std::string& what) {
      std::string why = "no function or object of this name is in the firmware and in the ROM";
      for (ClaimId id = 0; id < claims_.size(); ++id) {
        const Claim& claim = claims_[id];
        const auto& symbols = q_.firmware.sections[claim.section].symbols;
        if (!claim.named || std::none_of(symbols.begin(), symbols.end(),
                                         [&](const SectionSymbol& s) { return rule.matches(s.name); }))
          continue;
        if (plan.sections[claim.section].shared && proof_.bindingOf(claim.section).accepted)
          return;
        if (plan.sections[claim.section].evidence == Evidence::Identical)
          why = "nothing differs";
        else
          why = claim.concession && !claim.concession->whyNot.empty() ? claim.concession->whyNot
                                                                      : decideOne(claim.section).detail;
      }
      plan.notes.push_back(
          fmt::format("{} {} {}: not used, {}", rule.where, what, fmt::join(rule.symbols, ", "), why));
    };
    for (const Policy::Waiver& waiver : q_.policy.waivers)
      if (q_.romImageHash.starts_with(waiver.rom))
        note(waiver, "waives a difference of");
      else
        plan.notes.push_back(fmt::format("{} waives a difference of {}: not used, it is for another ROM",
                                         waiver.where, fmt::join(waiver.symbols, ", ")));
    noteUnknownAdvisories(plan);
    const auto missing = missingNames(q_.policy, q_.firmware);
    plan.notes.insert(plan.notes.end(), missing.begin(), missing.end());
    for (const Policy::Rule& rule : q_.policy.allow)
      note(rule, "allows API_COMPATIBLE for");
    for (const Policy::Rule& rule : q_.policy.sameSource)
      note(rule, "allows SAME_SOURCE for");
  }

  /// A waiver that names an advisory which has nothing to do with the code may have been meant for another.
  void noteUnknownAdvisories(Plan& plan) const {
    for (const Policy::Waiver& waiver : q_.policy.waivers) {
      const auto isOfIt = [&](const Claim& claim) {
        const auto& symbols = q_.firmware.sections[claim.section].symbols;
        return std::find(claim.advisories.begin(), claim.advisories.end(), waiver.advisory) !=
                   claim.advisories.end() &&
               std::any_of(symbols.begin(), symbols.end(),
                           [&](const SectionSymbol& s) { return waiver.matches(s.name); });
      };
      if (!waiver.advisory.empty() && std::none_of(claims_.begin(), claims_.end(), isOfIt))
        plan.notes.push_back(fmt::format("{} waives {} for {}: no such advisory names the ROM's copy",
                                         waiver.where, fmt::join(waiver.symbols, ", "), waiver.advisory));
    }
  }

  const PlanQuestion& q_;
  const Proof& proof_;
  const std::vector<Claim>& claims_;
  std::vector<std::vector<ClaimId>> ofSection_;
  std::vector<std::optional<ClaimId>> towardsCause_;
  const Disassembler disassembler_;
  mutable std::map<ClaimId, std::string> causes_; ///< in words
};

} // namespace

bool Plan::reinitsAnything() const {
  return std::any_of(states.begin(), states.end(),
                     [](const StateShare& s) { return s.wish.action == StateAction::Reinit; });
}

Plan decide(const PlanQuestion& question) {
  return Planner(question).run();
}

void shareNothing(Plan& plan, Reason reason, const std::string& detail) {
  for (Decision& decision : plan.sections)
    if (std::exchange(decision.shared, false)) {
      decision.reason = reason;
      decision.detail = detail;
    }
  plan.accepted.clear();
  plan.states.clear();
}

} // namespace romlink::relink
