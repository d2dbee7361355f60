#include "relink/match/proof.h"

#include "relink/match/claims.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace romlink::relink {
namespace {

/// How far a BL reaches, less a margin for where the sections of the final link lie.
constexpr std::int64_t kBranchReach = (16 << 20) - (1 << 20);
/// The largest veneer that lld makes for Thumb code (facts of lld/ELF/Thunks.cpp: 10 bytes, 12 for v6-M).
constexpr std::uint32_t kVeneerSize = 12;

std::vector<bool> addressTakenIn(const Firmware& firmware) {
  std::vector<bool> taken(firmware.sections.size(), false);
  for (const LiveSection& live : firmware.sections)
    for (const Reference& reference : live.references)
      if (reference.target == Reference::Target::Section && reference.takesAddress())
        taken[reference.section] = true;
  return taken;
}

/// Narrows the claims that hold until each section has one binding and every address means one thing.
class Narrowing {
public:
  Narrowing(const Firmware& firmware, Proof& proof) : firmware_(firmware), proof_(proof) {}

  void run() {
    propagate();
    do
      bind();
    while (dropUnreachable() || dropTwins() || dropUnshared());
  }

private:
  void propagate() {
    const auto holds = fixpoint(proof_.claims, std::nullopt);
    for (ClaimId id = 0; id < proof_.claims.size(); ++id)
      proof_.claims[id].holds = holds[id];
  }

  /// The binding of a section: a claim that the name supports, then the one whose address most others take,
  /// then the lowest address.
  void bind() {
    proof_.bindings.assign(firmware_.sections.size(), std::nullopt);
    const auto rank = [&](const Claim& claim) {
      const auto takers = std::count_if(claim.neededBy.begin(), claim.neededBy.end(), [&](ClaimId by) {
        const Claim& user = proof_.claims[by];
        return user.holds && std::any_of(user.needs.begin(), user.needs.end(), [&](const Claim::Need& need) {
                 return need.takesAddress && &proof_.claims[need.claim] == &claim;
               });
      });
      return std::tuple(claim.named, takers, ~claim.base);
    };
    for (ClaimId id = 0; id < proof_.claims.size(); ++id) {
      const Claim& claim = proof_.claims[id];
      auto& binding = proof_.bindings[claim.section];
      if (claim.holds && (!binding || rank(claim) > rank(proof_.claims[*binding])))
        binding = id;
    }
  }

  Address boundTo(SectionId section) const { return proof_.claims[*proof_.bindings[section]].base; }

  void keep(SectionId section, Reason reason, std::string detail) {
    proof_.kept[section] = {reason, std::move(detail), false};
  }

  /// Branches of code that stays local must reach what is shared, and a veneer must not cost more than it
  /// saves.
  bool dropUnreachable() {
    bool changed = false;
    for (SectionId id = 0; id < firmware_.sections.size(); ++id) {
      if (proof_.isShared(id))
        continue;
      const LiveSection& live = firmware_.sections[id];
      for (const Reference& reference : live.references) {
        if (reference.target != Reference::Target::Section || !reference.kind.isBranch() ||
            !proof_.isShared(reference.section))
          continue;
        const std::int64_t distance = std::int64_t{boundTo(reference.section)} - live.address;
        if (reference.kind.field == Field::Short) {
          keep(reference.section, Reason::NotSeparable, live.title() + " reaches it by a short branch");
          changed = true;
        } else if ((distance > kBranchReach || distance < -kBranchReach) &&
                   firmware_.sections[reference.section].elf().size <= kVeneerSize) {
          keep(reference.section, Reason::NoGain, "the veneer to reach it would be as large");
          changed = true;
        }
      }
    }
    return changed;
  }

  bool isPiece(const AddressRange& range) const {
    return std::any_of(proof_.claims.begin(), proof_.claims.end(), [&](const Claim& claim) {
      return claim.holds && std::any_of(claim.pieces.begin(), claim.pieces.end(),
                                        [&](const AddressRange& piece) { return piece.overlaps(range); });
    });
  }

  /// Two sections whose addresses are taken must not become one, nor parts of one.
  bool dropTwins() {
    bool changed = false;
    std::map<std::uint64_t, SectionId> owners; // of ROM ranges that do not overlap, by their end
    for (const bool named : {true, false})
      for (SectionId id = 0; id < firmware_.sections.size(); ++id) {
        if (!proof_.isShared(id) || !proof_.addressTaken[id] ||
            proof_.claims[*proof_.bindings[id]].named != named)
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
      if (!claim.holds)
        continue;
      for (const Claim::Need& need : claim.needs) {
        const Claim& target = proof_.claims[need.claim];
        if (!need.takesAddress ||
            (proof_.isShared(target.section) && proof_.bindings[target.section] == need.claim))
          continue;
        const Kept& kept = proof_.kept[target.section];
        claim.ownReason = Reason::AddressIdentity;
        claim.ownDetail = fmt::format(
            "it uses the address of {}, {}", firmware_.sections[target.section].title(),
            kept.reason == Reason::None ? "which is bound to another address of the ROM"
                                        : fmt::format("which stays local ({})", nameOf(kept.reason)));
        changed = true;
        break;
      }
    }
    if (changed)
      propagate();
    return changed;
  }

  const Firmware& firmware_;
  Proof& proof_;
};

} // namespace

std::vector<bool> fixpoint(const std::vector<Claim>& claims, std::optional<ClaimId> forgiven) {
  std::vector<bool> holds(claims.size(), true);
  std::vector<ClaimId> failed;
  for (ClaimId id = 0; id < claims.size(); ++id)
    if (claims[id].ownReason != Reason::None && id != forgiven) {
      holds[id] = false;
      failed.push_back(id);
    }
  while (!failed.empty()) {
    const ClaimId id = failed.back();
    failed.pop_back();
    for (const ClaimId user : claims[id].neededBy)
      if (holds[user] && user != forgiven) {
        holds[user] = false;
        failed.push_back(user);
      }
  }
  return holds;
}

Proof prove(const Firmware& firmware, const RomImage& rom, std::vector<Kept> kept) {
  Proof proof;
  proof.kept = std::move(kept);
  proof.addressTaken = addressTakenIn(firmware);
  proof.claims = collectClaims(firmware, rom, proof.kept);
  Narrowing(firmware, proof).run();
  return proof;
}

} // namespace romlink::relink
