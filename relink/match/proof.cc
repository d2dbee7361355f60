#include "relink/match/proof.h"

#include "relink/match/claims.h"
#include "relink/match/concession.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

namespace romlink::relink {
namespace {

/// How far a BL and a B<c>.W reach, less a margin for where the sections of the final link lie.
constexpr std::int64_t kMargin = 1 << 20;
constexpr std::int64_t kBranchReach = (16 << 20) - kMargin;
constexpr std::int64_t kConditionalReach = (1 << 20) - kMargin;

std::vector<bool> addressTakenIn(const Firmware& firmware) {
  std::vector<bool> taken(firmware.sections.size(), false);
  for (const LiveSection& live : firmware.sections)
    for (const Reference& reference : live.references)
      if (reference.target == Reference::Target::Section && reference.takesAddress())
        taken[reference.section] = true;
  return taken;
}

/// Which claims hold: all but those that fail by themselves and those that need one that does not hold.
void keepWhatHolds(std::vector<Claim>& claims) {
  std::vector<ClaimId> failed;
  for (ClaimId id = 0; id < claims.size(); ++id) {
    claims[id].holds = !claims[id].failsByItself();
    if (!claims[id].holds)
      failed.push_back(id);
  }
  while (!failed.empty()) {
    const ClaimId id = failed.back();
    failed.pop_back();
    for (const ClaimId user : claims[id].neededBy)
      if (std::exchange(claims[user].holds, false))
        failed.push_back(user);
  }
}

/// Narrows the claims that hold until each section has one binding and every address means one thing.
class Narrowing {
public:
  using Objects = std::function<Objection(SectionId, Address)>;

  Narrowing(const Firmware& firmware, const Objects& objects, Proof& proof)
      : firmware_(firmware), objects_(objects), proof_(proof) {}

  void run() {
    do {
      keepWhatHolds(proof_.claims);
      bind();
    } while (dropObjected() || dropUnreachable() || dropTwins() || dropUnshared());
    countVeneers();
  }

private:
  /// It may be what its section is bound to: it holds, or a person allows it and all that it needs holds.
  [[nodiscard]] bool isBindable(const Claim& claim) const {
    return claim.holds || (claim.accepted && !claim.accepted->provesDependents() &&
                           std::all_of(claim.needs.begin(), claim.needs.end(), [&](const Claim::Need& need) {
                             return proof_.claims[need.claim].holds;
                           }));
  }

  /// The binding of a section: a claim that the name supports, then the one whose address most others take,
  /// then the lowest address. Writable data is only bound where shared code uses it: equal names prove
  /// nothing.
  void bind() {
    auto& claims = proof_.claims;
    proof_.bindings.assign(firmware_.sections.size(), std::nullopt);
    const std::vector<std::uint32_t> takers = addressTakers();
    const auto rank = [&](ClaimId id) { return std::tuple(claims[id].named, takers[id], ~claims[id].base); };
    for (ClaimId id = 0; id < claims.size(); ++id) {
      const SectionId section = claims[id].section;
      auto& binding = proof_.bindings[section];
      if (!isBindable(claims[id]) || (firmware_.sections[section].elf().isWritable() && takers[id] == 0))
        continue;
      if (!binding || rank(id) > rank(*binding))
        binding = id;
    }
  }

  /// Of each claim: by how many others, of those that sharing may lead to, its address is taken.
  [[nodiscard]] std::vector<std::uint32_t> addressTakers() const {
    const auto& claims = proof_.claims;
    std::vector<std::uint32_t> takers(claims.size(), 0);
    std::vector<bool> reached(claims.size(), false);
    std::vector<ClaimId> queue;
    for (ClaimId id = 0; id < claims.size(); ++id)
      if (isBindable(claims[id]) && isFree(claims[id].section) &&
          !firmware_.sections[claims[id].section].elf().isWritable()) {
        reached[id] = true;
        queue.push_back(id);
      }
    while (!queue.empty()) {
      const ClaimId id = queue.back();
      queue.pop_back();
      for (const Claim::Need& need : claims[id].needs) {
        takers[need.claim] += need.takesAddress ? 1 : 0;
        if (!reached[need.claim]) {
          reached[need.claim] = true;
          queue.push_back(need.claim);
        }
      }
    }
    return takers;
  }

  [[nodiscard]] bool isFree(SectionId section) const { return proof_.kept[section].reason == Reason::None; }
  [[nodiscard]] Address boundTo(SectionId section) const { return proof_.bindingOf(section).base; }

  void keep(SectionId section, Reason reason, std::string detail) {
    proof_.kept[section] = {reason, std::move(detail), false};
  }

  /// Calls `visit` for each reference from what stays local to a section that is shared.
  template <typename Visit>
  void forEachReferenceIntoRom(Visit visit) const {
    for (SectionId id = 0; id < firmware_.sections.size(); ++id) {
      if (proof_.isShared(id))
        continue;
      for (const Reference& reference : firmware_.sections[id].references)
        if (reference.target == Reference::Target::Section && proof_.isShared(reference.section))
          visit(firmware_.sections[id], reference);
    }
  }

  /// Can it lead to the ROM, if need be through a veneer?
  [[nodiscard]] bool reaches(const LiveSection& from, const Reference& reference) const {
    const auto reach = reference.kind.reach();
    return !reach || std::abs(std::int64_t{boundTo(reference.section)} - from.address) <= *reach - kMargin;
  }

  /// Does the branch need a veneer?
  [[nodiscard]] bool isFar(const LiveSection& from, const Reference& branch) const {
    const std::int64_t reach = branch.kind.field == Field::Conditional ? kConditionalReach : kBranchReach;
    return std::abs(std::int64_t{boundTo(branch.section)} - from.address) > reach;
  }

  /// What is proved may still not be used where types or flags differ.
  bool dropObjected() {
    bool changed = false;
    for (SectionId id = 0; objects_ && id < firmware_.sections.size(); ++id) {
      if (!proof_.isShared(id))
        continue;
      Objection objection = objects_(id, boundTo(id));
      if (objection.reason == Reason::None)
        continue;
      keep(id, objection.reason, std::move(objection.detail));
      changed = true;
    }
    return changed;
  }

  /// Branches of code that stays local must reach what is shared, a veneer must not cost more than it saves,
  /// and what the compiler knew of a function in its unit must be true of the ROM's.
  bool dropUnreachable() {
    bool changed = false;
    forEachReferenceIntoRom([&](const LiveSection& live, const Reference& reference) {
      if (!isFree(reference.section))
        return;
      Kept kept = whyNotFrom(live, reference);
      if (kept.reason == Reason::None)
        return;
      proof_.kept[reference.section] = std::move(kept);
      changed = true;
    });
    return changed;
  }

  /// Why what the reference of a local section leads to cannot be the ROM's, if so.
  [[nodiscard]] Kept whyNotFrom(const LiveSection& live, const Reference& reference) const {
    const LiveSection& target = firmware_.sections[reference.section];
    const Claim& claim = proof_.bindingOf(reference.section);
    if (!reaches(live, reference))
      return {Reason::NotSeparable,
              fmt::format("{} reaches it by {}", live.title(),
                          reference.kind.isBranch() ? "a short branch" : reference.kind.name)};
    if (claim.accepted && claim.concession && claim.concession->isStatic && target.elf().isExecutable())
      return {Reason::NotSeparable,
              fmt::format("it is static, so compilers may have changed how it is called, and {} uses it",
                          live.title())};
    const auto isAccepted = [this](SectionId id) {
      return proof_.isShared(id) && proof_.bindingOf(id).accepted.has_value();
    };
    if (live.object == target.object && live.elf().isExecutable() &&
        reachesWithinUnit(firmware_, reference.section, isAccepted))
      return {Reason::NotSeparable,
              fmt::format("{}, of the same translation unit, may rely on what its compiler knew of it",
                          live.title())};
    if (!reference.kind.isBranch())
      return {};
    const auto startsThere = [&](const SectionSymbol& symbol) { return symbol.offset == reference.offset; };
    if (isFar(live, reference) && std::none_of(target.symbols.begin(), target.symbols.end(), startsThere))
      return {Reason::NotSeparable, // lld's veneers lead to symbols and drop the addend
              live.title() + " branches into the middle of it, which a veneer cannot do"};
    if (isFar(live, reference) && target.elf().size <= kVeneerSize)
      return {Reason::NoGain, "the veneer to reach it would be as large"};
    return {};
  }

  void countVeneers() {
    std::set<SectionId> far;
    forEachReferenceIntoRom([&](const LiveSection& live, const Reference& reference) {
      if (reference.kind.isBranch() && isFar(live, reference))
        far.insert(reference.section);
    });
    proof_.veneers = static_cast<std::uint32_t>(far.size());
  }

  /// The ROM's strings and merged constants that claims use, merged to ranges by their end.
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> pieces() const {
    std::vector<AddressRange> all;
    for (const Claim& claim : proof_.claims)
      if (claim.holds)
        all.insert(all.end(), claim.pieces.begin(), claim.pieces.end());
    std::sort(all.begin(), all.end());
    std::map<std::uint64_t, std::uint64_t> merged; // end, start
    for (const AddressRange& piece : all) {
      std::uint64_t start = piece.address;
      std::uint64_t end = piece.end();
      if (!merged.empty() && std::prev(merged.end())->first > start) {
        start = std::prev(merged.end())->second;
        end = std::max(end, std::prev(merged.end())->first);
        merged.erase(std::prev(merged.end()));
      }
      merged.emplace(end, start);
    }
    return merged;
  }

  /// Two sections whose addresses are taken must not become one, nor parts of one.
  bool dropTwins() {
    bool changed = false;
    const auto used = pieces();
    const auto isPiece = [&](const AddressRange& range) {
      const auto piece = used.upper_bound(range.address);
      return piece != used.end() && piece->second < range.end();
    };
    std::map<std::uint64_t, SectionId> owners; // of ROM ranges that do not overlap, by their end
    for (const bool named : {true, false})
      for (SectionId id = 0; id < firmware_.sections.size(); ++id) {
        if (!proof_.isShared(id) || !proof_.addressTaken[id] || proof_.bindingOf(id).named != named)
          continue;
        const AddressRange range{boundTo(id), firmware_.sections[id].elf().size};
        if (!firmware_.sections[id].elf().isExecutable() && isPiece(range)) {
          keep(id, Reason::AddressIdentity, "the ROM has one copy for it and a string or merged constant");
          changed = true;
          continue;
        }
        const auto other = owners.upper_bound(range.address);
        if (other == owners.end() || boundTo(other->second) >= range.end()) {
          owners.emplace(range.end(), id);
          continue;
        }
        keep(id, Reason::AddressIdentity,
             "the ROM has one copy for it and " + firmware_.sections[other->second].title() +
                 ", and both addresses are used");
        changed = true;
      }
    return changed;
  }

  /// A claim that takes an address needs its target shared, and there.
  bool dropUnshared() {
    bool changed = false;
    for (Claim& claim : proof_.claims) {
      if (!isBindable(claim))
        continue;
      for (const Claim::Need& need : claim.needs) {
        const Claim& target = proof_.claims[need.claim];
        if (!need.takesAddress ||
            (proof_.isShared(target.section) && proof_.bindings[target.section] == need.claim))
          continue;
        const LiveSection& live = firmware_.sections[target.section];
        const Kept& kept = proof_.kept[target.section];
        claim.ownReason = live.elf().isWritable() ? Reason::StateNotShared : Reason::AddressIdentity;
        claim.ownDetail = fmt::format(
            "it uses {} {}, {}", live.elf().isWritable() ? "the variable" : "the address of", live.title(),
            kept.reason == Reason::None ? "which is bound to another address of the ROM"
                                        : fmt::format("which stays local ({})", nameOf(kept.reason)));
        claim.accepted.reset();
        changed = true;
        break;
      }
    }
    return changed;
  }

  const Firmware& firmware_;
  const Objects& objects_;
  Proof& proof_;
};

} // namespace

Proof prove(const Firmware& firmware, const RomImage& rom, ProofTerms terms) {
  Proof proof;
  proof.addressTaken = addressTakenIn(firmware);
  proof.claims = collectClaims(firmware, rom, terms);
  proof.kept = std::move(terms.kept);
  Narrowing(firmware, terms.objects, proof).run();
  return proof;
}

} // namespace romlink::relink
