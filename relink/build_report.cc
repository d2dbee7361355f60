#include "relink/build_report.h"

#include "relink/patch/reinit.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <map>
#include <set>

namespace romlink::relink {
namespace {

using romlink::v1::Finding;
using romlink::v1::LinkReport;
using romlink::v1::SymbolDecision;

SymbolDecision::Kind kindOf(bool function) {
  return function ? SymbolDecision::FUNCTION : SymbolDecision::DATA;
}

void describe(const Decision& decision, std::uint32_t offset, SymbolDecision& entry) {
  entry.set_decision(decision.shared ? SymbolDecision::SHARED : SymbolDecision::LOCAL);
  entry.set_evidence(decision.evidence == Evidence::Identical       ? SymbolDecision::IDENTICAL
                     : decision.evidence == Evidence::SameSource    ? SymbolDecision::SAME_SOURCE
                     : decision.evidence == Evidence::ApiCompatible ? SymbolDecision::API_COMPATIBLE
                                                                    : SymbolDecision::NONE);
  entry.set_reason(std::string(nameOf(decision.reason)));
  entry.set_detail(decision.detail);
  if (decision.romAddress)
    entry.set_rom_address(fmt::format("{:#010x}", *decision.romAddress + offset));
}

SymbolDecision::Types outcomeOf(TypeVerdict::Outcome outcome) {
  switch (outcome) {
  case TypeVerdict::Outcome::Same:
    return SymbolDecision::SAME;
  case TypeVerdict::Outcome::Compatible:
    return SymbolDecision::COMPATIBLE;
  case TypeVerdict::Outcome::Different:
    return SymbolDecision::DIFFERENT;
  case TypeVerdict::Outcome::NotChecked:
    break;
  }
  return SymbolDecision::NOT_CHECKED;
}

/// What is known of a symbol's types, and how many could be checked.
void reportTypes(const TypeVerdict& verdict, SymbolDecision& entry, romlink::v1::TypeCheck& check) {
  entry.set_types(outcomeOf(verdict.outcome));
  entry.set_type_hash(verdict.hash);
  entry.mutable_type_notes()->Assign(verdict.notes.begin(), verdict.notes.end());
  if (verdict.outcome == TypeVerdict::Outcome::NotChecked) {
    check.set_not_checked(check.not_checked() + 1);
    if (check.why_not().empty())
      check.set_why_not(verdict.path);
    return;
  }
  check.set_checked(check.checked() + 1);
  if (verdict.outcome == TypeVerdict::Outcome::Different)
    check.set_different(check.different() + 1);
}

/// `types`: of each symbol; empty if the ROM has no counterpart.
void reportSection(const LiveSection& live, const Decision& decision, const std::vector<TypeVerdict>& types,
                   LinkReport& report) {
  for (std::size_t i = 0; i < live.symbols.size(); ++i) {
    const SectionSymbol& symbol = live.symbols[i];
    SymbolDecision& entry = *report.add_symbols();
    entry.set_name(std::string(symbol.name));
    entry.set_object(live.elf().name == kReinitCode ? std::string(kReinitObject) : live.object->name);
    entry.set_section(std::string(live.elf().name));
    entry.set_kind(kindOf(symbol.function));
    entry.set_size(symbol.size);
    describe(decision, symbol.offset, entry);
    if (!types.empty())
      reportTypes(types[i], entry, *report.mutable_types());
    const auto first =
        std::find_if(live.symbols.begin(), live.symbols.begin() + static_cast<std::ptrdiff_t>(i),
                     [&](const SectionSymbol& s) { return s.offset == symbol.offset; });
    if (first != live.symbols.begin() + static_cast<std::ptrdiff_t>(i))
      entry.set_alias_of(std::string(first->name));
  }
}

void fill(const SymbolDifference& difference, romlink::v1::Difference& entry) {
  entry.set_symbol(difference.symbol);
  entry.set_offset(difference.offset);
  entry.set_summary(difference.summary);
  entry.set_rom_listing(difference.romListing);
  entry.set_firmware_listing(difference.firmwareListing);
  entry.set_types_unchecked(difference.typesUnchecked);
}

void reportBlocker(const Blocker& blocker, LinkReport& report) {
  romlink::v1::Blocker& entry = *report.add_blockers();
  entry.set_name(fmt::format("{}", fmt::join(blocker.members, " + ")));
  entry.set_reason(std::string(nameOf(blocker.reason)));
  entry.set_price_bytes(blocker.priceBytes);
  entry.set_remedy(blocker.remedy);
  entry.mutable_members()->Assign(blocker.members.begin(), blocker.members.end());
  entry.set_unlocked_symbols(blocker.unlockedSymbols);
  entry.set_detail(blocker.detail);
}

void reportAccepted(const Firmware& firmware, const AcceptedShare& share, LinkReport& report) {
  const LiveSection& live = firmware.sections[share.section];
  romlink::v1::AcceptedDifference& entry = *report.add_accepted();
  entry.set_symbol(live.title());
  entry.set_rule(nameOf(share.acceptance.rule));
  entry.set_reason(share.acceptance.reason);
  fill(share.difference, *entry.mutable_difference());
  entry.set_bytes(live.elf().size);
  std::uint32_t bytes = 0;
  std::set<std::string> names;
  for (const SectionId dependent : share.dependents) {
    bytes += firmware.sections[dependent].elf().size;
    names.insert(firmware.sections[dependent].title());
  }
  entry.set_dependent_bytes(bytes);
  entry.mutable_dependents()->Assign(names.begin(), names.end());
  if (share.acceptance.rule == Acceptance::Rule::SameSource)
    return; // nobody's word: noteSameSource() counts them
  const bool alone = share.acceptance.rule == Acceptance::Rule::Allow;
  addFinding(report, Finding::WARNING, "ACCEPTED_DIFFERENCE",
             fmt::format("{} is the ROM's on a person's word ({}: {}){}{}: {}", live.title(),
                         nameOf(share.acceptance.rule), share.acceptance.reason,
                         alone ? ", nothing proves that it does the same" : "",
                         share.acceptance.uncheckedTypes ? ", its types were not compared" : "",
                         share.difference.summary),
             live.title());
}

void noteSameSource(const Firmware& firmware, const Plan& plan, LinkReport& report) {
  std::uint32_t functions = 0;
  std::uint32_t bytes = 0;
  for (const AcceptedShare& share : plan.accepted)
    if (share.acceptance.rule == Acceptance::Rule::SameSource) {
      ++functions;
      bytes += firmware.sections[share.section].elf().size;
    }
  if (functions > 0)
    addFinding(report, Finding::NOTE, "SAME_SOURCE",
               fmt::format("{} function{}, {} bytes, {} the ROM's because both sides were compiled from the "
                           "same source, not "
                           "because the machine code is equal",
                           functions, functions == 1 ? "" : "s", bytes, functions == 1 ? "is" : "are"));
}

void reportState(const LiveSection& live, const Decision& decision, const StateShare& state,
                 LinkReport& report) {
  romlink::v1::SharedState& entry = *report.add_states();
  const bool retained = state.wish.action == StateAction::Retain;
  entry.set_symbol(live.title());
  entry.set_rom_address(fmt::format("{:#010x}", decision.sharedAt()));
  entry.set_size(live.elf().size);
  entry.set_action(retained ? romlink::v1::SharedState::RETAIN : romlink::v1::SharedState::REINIT);
  if (retained && state.wish.byDefault)
    addFinding(
        report, Finding::WARNING, "STATE_RETAINED",
        fmt::format(
            "{} keeps the value that the ROM leaves in it, by the policy's default: a [[state]] rule can "
            "say so, or ask for its initial value",
            live.title()),
        live.title());
}

/// The category of each byte that an image has in flash.
std::map<std::string, std::uint32_t> divide(const LinkedImage& image) {
  std::map<std::string, std::uint32_t> shares;
  std::uint32_t placedBytes = 0;
  for (const PlacedSection& placed : image.placed) {
    const Section* output = image.elf.findSection(placed.output, placed.address);
    if (output == nullptr || !output->isAllocated() || output->type == llvm::ELF::SHT_NOBITS)
      continue;
    std::string category = "functions";
    if (placed.isSynthetic() && placed.section.find("thunk") != std::string::npos)
      category = "veneers";
    else if (placed.section.starts_with(".ARM.ex"))
      category = "unwind tables";
    else if (output->isWritable() && !output->isExecutable())
      category = "initial values of variables";
    else if (placed.isSynthetic())
      category = "strings and merged constants";
    else if (placed.section.starts_with(".rodata") || !output->isExecutable())
      category = "constants";
    shares[category] += placed.size;
    placedBytes += placed.size;
  }
  shares["padding and headers"] = flashBytes(image.elf) - placedBytes;
  return shares;
}

std::uint32_t ramBytes(const ElfImage& image) {
  std::uint32_t bytes = 0;
  for (const Section& section : image.sections)
    if (section.isAllocated() && section.isWritable())
      bytes += section.size;
  return bytes;
}

void setUse(std::uint32_t baseline, std::uint32_t linked, romlink::v1::MemoryUse& use) {
  use.set_baseline_bytes(baseline);
  use.set_linked_bytes(linked);
  use.set_saved_bytes(static_cast<std::int32_t>(baseline) - static_cast<std::int32_t>(linked));
}

} // namespace

std::uint32_t flashBytes(const ElfImage& image) {
  std::uint32_t bytes = 0;
  for (const Segment& segment : image.loadSegments)
    bytes += static_cast<std::uint32_t>(segment.data.size());
  return bytes;
}

void reportDecisions(const Firmware& firmware, const Plan& plan,
                     const std::function<std::vector<TypeVerdict>(SectionId)>& types, LinkReport& report) {
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    reportSection(firmware.sections[id], plan.sections[id], types(id), report);
  for (const OtherSymbol& other : firmware.others) {
    SymbolDecision& entry = *report.add_symbols();
    entry.set_name(other.name);
    entry.set_object(other.object);
    entry.set_section(other.section);
    entry.set_kind(kindOf(other.function));
    entry.set_size(other.size);
    const bool common = other.section == "COMMON";
    describe({false, Evidence::None, common ? Reason::StateNotShared : Reason::NotSeparable,
              common ? "writable data stays with the firmware" : "the linker merges its section with others",
              std::nullopt},
             0, entry);
  }
  std::stable_sort(report.mutable_symbols()->begin(), report.mutable_symbols()->end(),
                   [](const SymbolDecision& a, const SymbolDecision& b) {
                     return std::tie(a.name(), a.object(), a.section()) <
                            std::tie(b.name(), b.object(), b.section());
                   });
  for (const Blocker& blocker : plan.blockers)
    reportBlocker(blocker, report);
  for (const AcceptedShare& share : plan.accepted)
    reportAccepted(firmware, share, report);
  noteSameSource(firmware, plan, report);
  for (const StateShare& state : plan.states)
    reportState(firmware.sections[state.section], plan.sections[state.section], state, report);
  std::stable_sort(report.mutable_states()->begin(), report.mutable_states()->end(),
                   [](const auto& a, const auto& b) { return a.rom_address() < b.rom_address(); });
  for (const Suggestion& suggestion : plan.suggestions) {
    romlink::v1::WaiverSuggestion& entry = *report.add_suggestions();
    entry.mutable_symbols()->Assign(suggestion.symbols.begin(), suggestion.symbols.end());
    entry.set_gain_bytes(suggestion.gainBytes);
    entry.set_unlocked_symbols(suggestion.unlockedSymbols);
    for (const SymbolDifference& difference : suggestion.differences)
      fill(difference, *entry.add_differences());
  }
  for (const std::string& note : plan.notes)
    addFinding(report, Finding::NOTE, "POLICY_NOT_USED", note);
}

void reportSizes(const LinkedImage& plain, const LinkedImage* linked, LinkReport& report) {
  const LinkedImage& after = linked == nullptr ? plain : *linked;
  setUse(flashBytes(plain.elf), flashBytes(after.elf), *report.mutable_flash());
  setUse(ramBytes(plain.elf), ramBytes(after.elf), *report.mutable_ram());
  const auto before = divide(plain);
  auto now = divide(after);
  auto all = before;
  all.insert(now.begin(), now.end());
  for (const auto& [category, bytes] : all) {
    romlink::v1::FlashShare& share = *report.add_flash_breakdown();
    share.set_category(category);
    share.set_baseline_bytes(before.contains(category) ? before.at(category) : 0);
    share.set_linked_bytes(now[category]);
  }
}

void addFinding(LinkReport& report, Finding::Severity severity, std::string code, std::string message,
                std::string symbol) {
  Finding& finding = *report.add_findings();
  finding.set_severity(severity);
  finding.set_code(std::move(code));
  finding.set_message(std::move(message));
  finding.set_symbol(std::move(symbol));
}

void sortFindings(LinkReport& report) {
  std::stable_sort(report.mutable_findings()->begin(), report.mutable_findings()->end(),
                   [](const Finding& a, const Finding& b) { return a.severity() < b.severity(); });
}

} // namespace romlink::relink
