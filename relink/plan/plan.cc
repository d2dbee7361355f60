#include "relink/plan/plan.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>

namespace romlink::relink {
namespace {

/// The claim that says most about why a section is not proved: of those that the ROM's names support, one
/// whose own bytes are equal.
std::optional<ClaimId> mostTelling(const Proof& proof, const std::vector<ClaimId>& candidates) {
  const auto rank = [&](ClaimId id) {
    const Claim& claim = proof.claims[id];
    return std::tuple(claim.named, claim.ownReason == Reason::None, ~claim.base);
  };
  const auto best = std::max_element(candidates.begin(), candidates.end(),
                                     [&](ClaimId a, ClaimId b) { return rank(a) < rank(b); });
  return best == candidates.end() ? std::nullopt : std::optional(*best);
}

/// The shortest way from a claim that fails to one that fails by itself, both included.
std::vector<ClaimId> pathToCause(const Proof& proof, ClaimId from) {
  std::map<ClaimId, ClaimId> cameFrom = {{from, from}};
  std::deque<ClaimId> queue = {from};
  while (!queue.empty()) {
    const ClaimId id = queue.front();
    queue.pop_front();
    if (proof.claims[id].ownReason != Reason::None) {
      std::vector<ClaimId> path = {id};
      while (path.back() != from)
        path.push_back(cameFrom.at(path.back()));
      std::reverse(path.begin(), path.end());
      return path;
    }
    for (const Claim::Need& need : proof.claims[id].needs)
      if (!proof.claims[need.claim].holds && cameFrom.emplace(need.claim, id).second)
        queue.push_back(need.claim);
  }
  return {from};
}

Decision explainFailure(const Firmware& firmware, const Proof& proof, ClaimId id) {
  const Claim& claim = proof.claims[id];
  Decision decision;
  decision.romAddress = claim.base;
  if (claim.ownReason != Reason::None) {
    decision.reason = claim.ownReason;
    decision.detail = claim.ownDetail;
    return decision;
  }
  const auto path = pathToCause(proof, id);
  const Claim& cause = proof.claims[path.back()];
  decision.reason =
      cause.ownReason == Reason::StateNotShared ? Reason::StateNotShared : Reason::DependsOnChanged;
  for (const ClaimId step : path)
    decision.detail +=
        (step == path.front() ? "" : " -> ") + firmware.sections[proof.claims[step].section].title();
  decision.detail += ": " + cause.ownDetail;
  return decision;
}

Decision decideOne(const Firmware& firmware, const Proof& proof, SectionId id,
                   const std::vector<ClaimId>& claims) {
  Decision decision;
  decision.proved = proof.bindings[id].has_value();
  if (decision.proved)
    decision.romAddress = proof.claims[*proof.bindings[id]].base;
  if (proof.isShared(id)) {
    decision.shared = true;
    return decision;
  }
  const Kept& kept = proof.kept[id];
  const auto telling = mostTelling(proof, claims);
  if (kept.reason != Reason::None && (telling || kept.reason != Reason::StateNotShared)) {
    decision.reason = kept.reason;
    decision.detail = kept.detail;
    if (!decision.romAddress && telling && proof.claims[*telling].named)
      decision.romAddress = proof.claims[*telling].base;
    return decision;
  }
  if (telling)
    return explainFailure(firmware, proof, *telling);
  decision.reason = Reason::NotInRom;
  decision.detail = "the ROM has nothing of this name, and nothing that is equal leads to it";
  return decision;
}

std::string remedyFor(Reason reason, const std::string& name) {
  switch (reason) {
  case Reason::Changed:
    return fmt::format("build {} from the ROM's source, with its configuration and compiler flags", name);
  case Reason::StateNotShared:
    return fmt::format("hand {} to the code through an argument or context instead of a variable", name);
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

std::vector<Blocker> priceBlockers(const Firmware& firmware, const Proof& proof) {
  const auto shareable = [&](const std::vector<bool>& holds, std::vector<bool>& sections) {
    std::uint32_t bytes = 0;
    sections.assign(firmware.sections.size(), false);
    for (ClaimId id = 0; id < proof.claims.size(); ++id) {
      const SectionId section = proof.claims[id].section;
      if (!holds[id] || sections[section] || proof.kept[section].reason != Reason::None)
        continue;
      sections[section] = true;
      bytes += firmware.sections[section].elf().size;
    }
    return bytes;
  };
  std::vector<bool> scratch;
  const std::uint32_t today = shareable(fixpoint(proof.claims, std::nullopt), scratch);
  std::map<SectionId, Blocker> best; // of several claims for a section, the dearest
  for (ClaimId id = 0; id < proof.claims.size(); ++id) {
    const Claim& claim = proof.claims[id];
    if (claim.ownReason == Reason::None)
      continue;
    const std::uint32_t price = shareable(fixpoint(proof.claims, id), scratch) - today;
    Blocker& blocker = best[claim.section];
    if (price <= blocker.priceBytes)
      continue;
    const std::string name = firmware.sections[claim.section].title();
    blocker = {name, claim.ownReason, price, remedyFor(claim.ownReason, name)};
  }
  std::vector<Blocker> blockers;
  for (auto& [section, blocker] : best)
    if (blocker.priceBytes > 0)
      blockers.push_back(std::move(blocker));
  std::stable_sort(blockers.begin(), blockers.end(), [](const Blocker& a, const Blocker& b) {
    return std::tie(b.priceBytes, a.name) < std::tie(a.priceBytes, b.name);
  });
  return blockers;
}

} // namespace

bool Plan::sharesAnything() const {
  return std::any_of(sections.begin(), sections.end(), [](const Decision& d) { return d.shared; });
}

Plan decide(const Firmware& firmware, const Proof& proof) {
  std::vector<std::vector<ClaimId>> claims(firmware.sections.size());
  for (ClaimId id = 0; id < proof.claims.size(); ++id)
    claims[proof.claims[id].section].push_back(id);
  Plan plan;
  plan.sections.reserve(firmware.sections.size());
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    plan.sections.push_back(decideOne(firmware, proof, id, claims[id]));
  plan.blockers = priceBlockers(firmware, proof);
  return plan;
}

} // namespace romlink::relink
