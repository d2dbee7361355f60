#include "relink/compat/flags.h"

#include "relink/build_report.h"
#include "relink/compat/rom_flags.h"
#include "romlink/worker/build_flags.pb.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tuple>

namespace romlink::relink {
namespace {

using romlink::v1::Finding;
using romlink::v1::FlagDifference;
using romlink::v1::LinkReport;

constexpr std::size_t kNamed = 3; ///< objects that a finding names

/// The ROM's values that conflict with one of the firmware's.
std::vector<Fact> conflicting(const FlagRule& rule, const std::vector<Fact>& rom, const Fact& firmware) {
  std::vector<Fact> found;
  std::copy_if(rom.begin(), rom.end(), std::back_inserter(found),
               [&](const Fact& fact) { return conflict(rule.flag, fact.value, firmware.value); });
  return found;
}

/// Does no object of the ROM have this value?
bool isNew(const std::vector<Fact>& rom, const Fact& firmware) {
  return !rom.empty() &&
         std::none_of(rom.begin(), rom.end(), [&](const Fact& fact) { return fact.value == firmware.value; });
}

/// "a.o, b.o, c.o and 4 more".
std::string someOf(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kNamed);
  const std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return shown == names.size() ? text : fmt::format("{} and {} more", text, names.size() - shown);
}

std::string objectsInWords(std::size_t count) {
  return count == 1 ? "1 object" : fmt::format("{} objects", count);
}

std::string objectionText(const FlagRule& rule, const std::vector<Fact>& rom, const std::string& firmware) {
  return fmt::format("{}: ROM {}, firmware {}: {}", rule.flag, inWords(rom), firmware, rule.why);
}

/// A warning where something stays local or may not be called at all; a note where a type that is not known,
/// or none of this firmware's, is concerned.
void addDifferenceFinding(const FlagRule& rule, const FlagDifference& difference, LinkReport& report) {
  const auto& kept = difference.symbols();
  if (difference.effect() == FlagDifference::HARMLESS ||
      (rule.breaks == FlagRule::Breaks::NotProved && kept.empty()))
    return;
  const bool matters = difference.effect() == FlagDifference::BREAKS_EVERY_CALL || !kept.empty();
  const std::vector<std::string> objects(difference.objects().begin(), difference.objects().end());
  addFinding(report, matters ? Finding::WARNING : Finding::NOTE, "FLAGS_DIFFER",
             fmt::format("{}: ROM {}, {} {} ({}): {}; {}", rule.flag, difference.rom(),
                         objectsInWords(objects.size()), difference.firmware(), someOf(objects), rule.why,
                         kept.empty()       ? "no symbol stays local for it"
                         : kept.size() == 1 ? kept[0] + " stays local"
                                            : fmt::format("{} symbols stay local", kept.size())));
}

} // namespace

struct FlagComparison::Side {
  struct Conflict {
    const FlagRule* rule;
    std::string text; ///< the objection
  };

  BuildFacts facts;
  std::vector<std::string> objects; ///< sorted
  std::vector<Conflict> conflicts;  ///< with the ROM: the first of each rule, in the rules' order

  void compareWith(const BuildFacts& rom);
};

void FlagComparison::Side::compareWith(const BuildFacts& rom) {
  for (const FlagRule& rule : flagRules()) {
    const auto theirs = rom.of(rule.flag);
    for (const Fact& fact : facts.of(rule.flag))
      if (const auto against = conflicting(rule, theirs, fact); !against.empty()) {
        conflicts.push_back({&rule, objectionText(rule, against, fact.value)});
        break;
      }
  }
}

FlagComparison::FlagComparison(const Firmware& firmware, const RomImage& rom) : rom_(factsOf(rom.flags())) {
  std::map<std::pair<std::set<Fact>, std::vector<std::string>>, Side*> known;
  for (const LiveSection& live : firmware.sections) {
    const ObjectFile& object = *live.object;
    if (sideOf_.contains(&object))
      continue;
    BuildFacts facts = buildFactsOf(object.elf, object.name);
    Side*& side = known[{facts.facts, facts.unreadable}];
    if (side == nullptr) {
      sides_.push_back(std::make_unique<Side>());
      side = sides_.back().get();
      side->facts = std::move(facts);
      side->compareWith(rom_);
    }
    side->objects.push_back(object.name);
    sideOf_[&object] = side;
  }
  for (const auto& side : sides_)
    std::sort(side->objects.begin(), side->objects.end());
  std::sort(sides_.begin(), sides_.end(),
            [](const auto& a, const auto& b) { return a->objects.front() < b->objects.front(); });
}

FlagComparison::~FlagComparison() = default;
FlagComparison::FlagComparison(FlagComparison&&) noexcept = default;

template <typename Objects>
std::optional<std::string> FlagComparison::firstObjection(const ObjectFile& object, Objects objects) const {
  const auto side = sideOf_.find(&object);
  if (side == sideOf_.end())
    return std::nullopt;
  for (const Side::Conflict& conflict : side->second->conflicts)
    if (objects(*conflict.rule))
      return conflict.text;
  return std::nullopt;
}

std::optional<std::string> FlagComparison::objection(const ObjectFile& object,
                                                     const TypeVerdict& types) const {
  return firstObjection(object, [&](const FlagRule& rule) { return rule.objectsTo(types); });
}

std::optional<std::string> FlagComparison::objectionUnlessProved(const ObjectFile& object) const {
  return firstObjection(object,
                        [](const FlagRule& rule) { return rule.breaks == FlagRule::Breaks::NotProved; });
}

std::optional<std::string> FlagComparison::objectionUnlessTyped(const ObjectFile& object,
                                                                const TypeVerdict& types) const {
  return firstObjection(object, [&](const FlagRule& rule) { return rule.mayObjectTo(types); });
}

/// By the firmware's value.
std::map<std::string, FlagComparison::Difference> FlagComparison::differencesIn(const FlagRule& rule) const {
  const auto rom = rom_.of(rule.flag);
  std::map<std::string, Difference> differences;
  for (const auto& side : sides_)
    for (const Fact& fact : side->facts.of(rule.flag)) {
      auto against = conflicting(rule, rom, fact);
      const bool harmless = rule.breaks == FlagRule::Breaks::Nothing || against.empty();
      if (harmless && !isNew(rom, fact))
        continue;
      Difference& difference = differences[fact.value];
      difference.effect = harmless ? FlagDifference::HARMLESS : rule.effect();
      if (harmless)
        difference.rom = rom;
      else
        difference.rom = std::move(against);
      difference.sources.insert(fact.source);
      difference.objects.insert(side->objects.begin(), side->objects.end());
    }
  return differences;
}

void FlagComparison::reportDifferences(const FlagRule& rule, LinkReport& report) const {
  for (const auto& [value, difference] : differencesIn(rule)) {
    FlagDifference& entry = *report.add_flag_differences();
    entry.set_name(std::string(rule.flag));
    entry.set_rom(inWords(difference.rom));
    entry.set_firmware(value);
    entry.set_effect(difference.effect);
    const bool otherDirection =
        difference.effect == FlagDifference::HARMLESS && rule.breaks != FlagRule::Breaks::Nothing;
    entry.set_detail(otherDirection ? "code of the ROM does not mind" : std::string(rule.why));
    entry.mutable_objects()->Assign(difference.objects.begin(), difference.objects.end());
    entry.set_rom_source(sourcesOf(difference.rom));
    entry.set_firmware_source(fmt::format("{}", fmt::join(difference.sources, ", ")));
    std::set<std::string> kept;
    const std::string objection = objectionText(rule, difference.rom, value);
    for (const auto& symbol : report.symbols())
      if (symbol.detail().find(objection) != std::string::npos &&
          difference.objects.contains(symbol.object()))
        kept.insert(symbol.name());
    entry.mutable_symbols()->Assign(kept.begin(), kept.end());
    addDifferenceFinding(rule, entry, report);
  }
}

void FlagComparison::reportCompilers(LinkReport& report) const {
  std::set<std::string> ours;
  for (const auto& side : sides_)
    for (const Fact& fact : side->facts.of(flag::kCompiler))
      if (!rom_.says(flag::kCompiler, fact.value))
        ours.insert(fact.value);
  const auto theirs = rom_.of(flag::kCompiler);
  if (!ours.empty() && !theirs.empty())
    addFinding(
        report, Finding::NOTE, "COMPILER_DIFFERS",
        fmt::format("the firmware has code of {}, the ROM of {}", fmt::join(ours, ", "), inWords(theirs)));
}

void FlagComparison::reportUnknown(LinkReport& report) const {
  for (const std::string& why : rom_.unreadable)
    addFinding(report, Finding::WARNING, "FLAGS_UNKNOWN", "ROM: " + why);
  std::vector<std::string> unknown;
  for (const auto& side : sides_) {
    for (const std::string& why : side->facts.unreadable)
      addFinding(report, Finding::WARNING, "FLAGS_UNKNOWN", why);
    if (side->facts.facts.empty())
      unknown.insert(unknown.end(), side->objects.begin(), side->objects.end());
  }
  std::sort(unknown.begin(), unknown.end());
  if (!unknown.empty())
    addFinding(report, Finding::NOTE, "FLAGS_UNKNOWN",
               fmt::format("{} without build attributes, flags not compared: {}",
                           objectsInWords(unknown.size()), someOf(unknown)));
  std::vector<std::string_view> missing;
  for (const FlagRule& rule : flagRules())
    if (isNeeded(rule.flag) && !rom_.knows(rule.flag) &&
        std::any_of(sides_.begin(), sides_.end(),
                    [&](const auto& side) { return side->facts.knows(rule.flag); }))
      missing.push_back(rule.flag);
  if (!missing.empty())
    addFinding(report, Finding::NOTE, "FLAGS_UNKNOWN",
               fmt::format("not known of the ROM and not compared: {}", fmt::join(missing, ", ")));
}

void FlagComparison::report(LinkReport& report) const {
  for (const FlagRule& rule : flagRules())
    reportDifferences(rule, report);
  std::sort(report.mutable_flag_differences()->begin(), report.mutable_flag_differences()->end(),
            [](const FlagDifference& a, const FlagDifference& b) {
              return std::tuple(a.effect(), a.name(), a.firmware()) <
                     std::tuple(b.effect(), b.name(), b.firmware());
            });
  reportCompilers(report);
  reportUnknown(report);
}

} // namespace romlink::relink
