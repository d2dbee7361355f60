#include "relink/planning.h"

#include "relink/build_report.h"
#include "relink/patch/reinit.h"
#include "relink/plan/eligibility.h"
#include "relink/shares.h"
#include "relink/verify/confirm.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace romlink::relink {
namespace {

using romlink::v1::Finding;
using romlink::v1::LinkReport;

/// Flash bytes of the sections that the plan takes from the ROM, initial values included.
std::uint64_t sharedBytes(const Firmware& firmware, const Plan& plan) {
  std::uint64_t bytes = 0;
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    if (plan.sections[id].shared)
      bytes += firmware.sections[id].elf().data.size();
  return bytes;
}

/// The variables that are restored by the policy's default, not because a rule names them.
std::vector<SectionId> restoredByDefault(const Plan& plan) {
  std::vector<SectionId> sections;
  for (const StateShare& state : plan.states)
    if (state.wish.byDefault && state.wish.action == StateAction::Reinit)
      sections.push_back(state.section);
  return sections;
}

Objection objectionOf(const Compatible& compatible) {
  std::string why = compatible.whyUnchecked();
  const bool checked = why.empty();
  return {compatible.reason, compatible.detail,      checked,
          std::move(why),    compatible.unlessEqual, compatible.unlessTyped};
}

/// Nothing can have the same source where one side was not built with romlink-cc.
void noteMissingSources(const PlanningInput& in, const RomPlan& side, LinkReport& report) {
  const auto& objects = in.plain.objects;
  const bool ours = std::any_of(objects.begin(), objects.end(), [](const auto& object) {
    return object->elf.findSection(kSourceSection) != nullptr;
  });
  if (!in.policy.sameSourceByDefault || (ours && side.rom.hasSources()))
    return;
  addFinding(
      report, Finding::NOTE, "NO_FINGERPRINTS",
      fmt::format(
          "the policy allows SAME_SOURCE, but {} no fingerprints of {} source: compile with romlink-cc",
          ours ? side.name() + " has" : "the firmware's objects have", ours ? "its" : "their"));
}

void prepare(const PlanningInput& in, RomPlan& side, LinkReport& report) {
  const RomReference& rom = *side.reference;
  const UsableRam sharedRam = usableSharedRam(rom.sharedRam, in.plainElf, in.plain.placed, in.scripts);
  if (rom.sharedRam && !sharedRam.range)
    addFinding(report, Finding::WARNING, "SHARED_RAM_NOT_RESERVED",
               (in.job.otherRoms.empty() ? "" : side.name() + ": ") +
                   "no variable is shared: " + sharedRam.whyNot);
  side.compatibility = std::make_unique<Compatibility>(in.plain, side.rom);
  side.terms.kept =
      keepLocal(in.plain, in.scripts, in.policy, rom.sharedSymbols, sharedRam.range.has_value());
  side.terms.sharedRam = sharedRam.range;
  side.terms.whyNoState = sharedRam.whyNot;
  side.terms.defects = rom.defects;
  side.terms.objects = [compatibility = side.compatibility.get()](SectionId section, Address base) {
    return objectionOf(compatibility->of(section, base));
  };
  side.terms.acceptsSameSource = [&policy = in.policy](const SectionSymbol& symbol) {
    return policy.allowsSameSource(symbol.name);
  };
  noteMissingSources(in, side, report);
  side.terms.accepts = [&policy = in.policy, hash = rom.imageHash.text()](
                           const SectionSymbol& symbol, const std::vector<std::string>& advisories) {
    return policy.accepts(symbol.name, hash, symbol.function && !symbol.local, advisories);
  };
}

void proveAndDecide(const PlanningInput& in, RomPlan& side) {
  const auto planWith = [&](const ProofTerms& terms) {
    side.proof = prove(in.plain, side.rom, terms);
    side.plan = decide({in.plain, side.rom, side.proof, in.policy, side.reference->imageHash.text(),
                        in.job.suggestWaivers, side.terms.objects});
  };
  planWith(side.terms);
  const auto restored = restoredByDefault(side.plan);
  if (restored.empty())
    return;
  ProofTerms without = side.terms;
  for (const SectionId id : restored)
    without.kept[id] = {Reason::NoGain, "to restore its initial value costs as much as it unlocks", false};
  const std::uint64_t with = sharedBytes(in.plain, side.plan);
  const std::uint64_t cost = reinitBytes(in.plain, side.plan);
  Proof proof = std::move(side.proof);
  Plan plan = std::move(side.plan);
  planWith(without);
  if (with <= sharedBytes(in.plain, side.plan) + cost) {
    side.terms = std::move(without);
  } else {
    side.proof = std::move(proof);
    side.plan = std::move(plan);
  }
}

/// Until the second proof has no doubts.
Result<void> planOne(const PlanningInput& in, RomPlan& side, Stopwatch& watch, LinkReport& report) {
  auto& timing = *report.mutable_timing();
  for (;;) {
    proveAndDecide(in, side);
    timing.set_match_ms(timing.match_ms() + watch.lap());
    const PlannedShares planned = sharesOf(in.plain, in.plainElf, side.proof, side.plan, side.rom);
    ROMLINK_ASSIGN(const auto doubts,
                   confirm({in.plainElf, viewOf(side.rom), planned.shares, planned.pieces}));
    timing.set_verify_ms(timing.verify_ms() + watch.lap());
    if (doubts.empty())
      return {};
    const bool anyOwn = std::any_of(doubts.begin(), doubts.end(), [](const Doubt& d) { return d.own; });
    for (const Doubt& doubt : doubts) {
      if (anyOwn && !doubt.own)
        continue;
      side.terms.kept[planned.sections[doubt.share]] = {Reason::Changed, "not confirmed: " + doubt.why, true};
      addFinding(report, Finding::WARNING, "NOT_CONFIRMED",
                 planned.shares[doubt.share].name + ": the second proof does not confirm it: " + doubt.why);
    }
  }
}

/// Why not every ROM can share the section, although at least one does; None: all share it, at one address.
Kept whyNotInAll(const RomPlans& roms, SectionId id) {
  const RomPlan* first = nullptr;
  for (const RomPlan& side : roms) {
    const Decision& decision = side.plan.sections[id];
    if (!decision.shared)
      return {decision.reason, fmt::format("{}: {}", side.name(), decision.detail), false};
    if (first == nullptr)
      first = &side;
    else if (const Decision& other = first->plan.sections[id]; other.sharedAt() != decision.sharedAt())
      return {Reason::NotInRom,
              fmt::format("{} has it at {:#010x}, {} at {:#010x}", first->name(), other.sharedAt(),
                          side.name(), decision.sharedAt()),
              false};
  }
  return {};
}

/// Keeps local what not all ROMs share at one address. False: they agree.
bool keepWhatDiffers(const Firmware& firmware, RomPlans& roms) {
  bool changed = false;
  for (SectionId id = 0; id < firmware.sections.size(); ++id) {
    const auto shares = [id](const RomPlan& side) { return side.plan.sections[id].shared; };
    if (std::none_of(roms.begin(), roms.end(), shares))
      continue;
    const Kept kept = whyNotInAll(roms, id);
    if (kept.reason == Reason::None)
      continue;
    for (RomPlan& side : roms)
      if (shares(side))
        side.terms.kept[id] = kept;
    changed = true;
  }
  return changed;
}

/// What each ROM would share if it were the only one.
std::vector<std::vector<bool>> sharedAlone(const Firmware& firmware, const RomPlans& roms) {
  std::vector<std::vector<bool>> alone;
  for (const RomPlan& side : roms) {
    alone.emplace_back(firmware.sections.size());
    for (SectionId id = 0; id < firmware.sections.size(); ++id)
      alone.back()[id] = side.plan.sections[id].shared;
  }
  return alone;
}

void compareRoms(const Firmware& firmware, const RomPlans& roms, const std::vector<std::vector<bool>>& alone,
                 LinkReport& report) {
  for (std::size_t i = 0; i < roms.size(); ++i) {
    romlink::v1::RomComparison& entry = *report.add_roms();
    entry.set_rom_image_hash(roms[i].reference->imageHash.text());
    entry.set_rom_name(roms[i].reference->name);
    entry.set_rom_version(roms[i].reference->version);
    entry.set_verdict(LinkReport::COMPATIBLE);
    std::set<std::string> onlyHere;
    for (SectionId id = 0; id < firmware.sections.size(); ++id) {
      if (!alone[i][id])
        continue;
      const LiveSection& live = firmware.sections[id];
      entry.set_shareable_bytes(entry.shareable_bytes() + static_cast<std::uint32_t>(live.elf().data.size()));
      entry.set_shareable_symbols(entry.shareable_symbols() +
                                  static_cast<std::uint32_t>(live.symbols.size()));
      if (!roms[i].plan.sections[id].shared)
        onlyHere.insert(live.title());
    }
    entry.mutable_only_here()->Assign(onlyHere.begin(), onlyHere.end());
  }
}

/// What another ROM shares on a person's word or on less evidence, the link does.
void mergeInto(Plan& first, const RomPlan& other) {
  for (const AcceptedShare& share : other.plan.accepted) {
    const auto isOfSection = [&](const AcceptedShare& s) { return s.section == share.section; };
    const auto isSame = [&](const AcceptedShare& s) {
      return isOfSection(s) && (s.difference.summary == share.difference.summary ||
                                share.acceptance.rule == Acceptance::Rule::SameSource);
    };
    auto& accepted = first.accepted;
    if (std::any_of(accepted.begin(), accepted.end(), isSame))
      continue;
    if (std::none_of(accepted.begin(), accepted.end(), isOfSection)) {
      first.sections[share.section].evidence = other.plan.sections[share.section].evidence;
      first.sections[share.section].detail = other.name() + ": " + other.plan.sections[share.section].detail;
    }
    accepted.push_back(share);
    accepted.back().difference.summary = other.name() + ": " + share.difference.summary;
  }
  std::stable_sort(first.accepted.begin(), first.accepted.end(),
                   [](const AcceptedShare& a, const AcceptedShare& b) { return a.section < b.section; });
  // A rule that serves one ROM is not unused.
  std::erase_if(first.notes, [&](const std::string& note) {
    return std::find(other.plan.notes.begin(), other.plan.notes.end(), note) == other.plan.notes.end();
  });
}

int graveness(TypeVerdict::Outcome outcome) {
  switch (outcome) {
  case TypeVerdict::Outcome::Same:
    return 0;
  case TypeVerdict::Outcome::Compatible:
    return 1;
  case TypeVerdict::Outcome::NotChecked:
    return 2;
  case TypeVerdict::Outcome::Different:
    return 3;
  }
  return 3;
}

} // namespace

std::vector<TypeVerdict> typesInAll(const RomPlans& roms, SectionId section) {
  std::vector<TypeVerdict> worst;
  for (const RomPlan& side : roms) {
    const auto& counterpart = side.plan.sections[section].romAddress;
    if (!counterpart && worst.empty())
      return {};
    if (!counterpart)
      continue;
    const std::vector<TypeVerdict>& types = side.compatibility->of(section, *counterpart).types;
    if (worst.empty())
      worst = types;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (graveness(types[i].outcome) <= graveness(worst[i].outcome))
        continue;
      worst[i] = types[i];
      worst[i].path = side.name() + ": " + types[i].path;
      for (std::string& note : worst[i].notes)
        note.insert(0, side.name() + ": ");
    }
  }
  return worst;
}

void reportCompatibility(const RomPlans& roms, LinkReport& report) {
  std::set<std::string> known;
  for (const RomPlan& side : roms) {
    LinkReport own;
    *own.mutable_symbols() = report.symbols();
    side.compatibility->report(own);
    const std::string name = &side == &roms.front() ? "" : side.name() + ": ";
    for (romlink::v1::FlagDifference& difference : *own.mutable_flag_differences()) {
      if (!known.insert(difference.SerializeAsString()).second)
        continue;
      difference.set_rom(name + difference.rom());
      *report.add_flag_differences() = std::move(difference);
    }
    for (Finding& finding : *own.mutable_findings()) {
      if (!known.insert(finding.SerializeAsString()).second)
        continue;
      finding.set_message(name + finding.message());
      *report.add_findings() = std::move(finding);
    }
  }
}

Result<RomPlans> readRoms(const LinkJob& job) {
  RomPlans roms;
  std::vector<const RomReference*> references = {&*job.rom};
  for (const RomReference& other : job.otherRoms)
    references.push_back(&other);
  for (const RomReference* reference : references) {
    for (const RomPlan& known : roms)
      if (known.reference->imageHash == reference->imageHash)
        return fail(ErrorCode::Usage, "a ROM is named twice", reference->name + "@" + reference->version,
                    reference->imageHash.text(), "name each ROM once");
    ROMLINK_ASSIGN(auto rom,
                   RomImage::read(reference->index, reference->volatileRanges, reference->imageHash));
    roms.push_back({reference, std::move(rom), nullptr, {}, {}, {}});
  }
  return roms;
}

Result<void> planAll(const PlanningInput& input, RomPlans& roms, Stopwatch& watch, LinkReport& report) {
  for (RomPlan& side : roms) {
    prepare(input, side, report);
    ROMLINK_TRY(planOne(input, side, watch, report));
  }
  if (roms.size() == 1)
    return {};
  const auto alone = sharedAlone(input.plain, roms);
  while (keepWhatDiffers(input.plain, roms))
    for (RomPlan& side : roms)
      ROMLINK_TRY(planOne(input, side, watch, report));
  compareRoms(input.plain, roms, alone, report);
  for (std::size_t i = 1; i < roms.size(); ++i)
    mergeInto(roms.front().plan, roms[i]);
  return {};
}

} // namespace romlink::relink
