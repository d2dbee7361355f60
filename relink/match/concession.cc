#include "relink/match/concession.h"

#include "relink/match/defect_reach.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <span>

namespace romlink::relink {
namespace {

/// Where the Armv7-M and Armv8-M memory maps have RAM (Architecture Reference Manuals, B3.1 and B8.1).
constexpr AddressRange kSram{0x20000000, 0x20000000};

} // namespace

Concessions::Concessions(const Firmware& firmware, const RomImage& rom, std::optional<AddressRange> sharedRam,
                         const std::vector<Defect>& defects, Claims claims)
    : firmware_(firmware), rom_(rom), sharedRam_(sharedRam), defects_(defects), claims_(std::move(claims)),
      entered_(firmware.sections.size(), false) {
  byName_.reserve(firmware.sections.size());
  for (SectionId id = 0; id < firmware.sections.size(); ++id) {
    for (const SectionSymbol& symbol : firmware.sections[id].symbols)
      byName_.emplace(symbol.name, Place{id, symbol.offset, symbol.function, symbol.local});
    for (const Reference& reference : firmware.sections[id].references)
      if (reference.target == Reference::Target::Section && reference.section != id && reference.offset != 0)
        entered_[reference.section] = true;
  }
}

std::vector<Concessions::Place> Concessions::placesOf(std::string_view name, bool function,
                                                      bool writable) const {
  std::vector<Place> places;
  const auto [begin, end] = byName_.equal_range(name);
  for (auto it = begin; it != end; ++it)
    if (it->second.function == function &&
        firmware_.sections[it->second.section].elf().isWritable() == writable)
      places.push_back(it->second);
  return places;
}

std::vector<Concessions::Place> Concessions::globalsNamed(std::string_view name, bool function,
                                                          bool writable) const {
  auto places = placesOf(name, function, writable);
  places.erase(std::remove_if(places.begin(), places.end(), [](const Place& place) { return place.local; }),
               places.end());
  return places;
}

/// Collects the needs of one concession, or the first reason against it.
class Concessions::Walk {
public:
  Walk(const Concessions& all, Claim::Concession& result) : all_(all), result_(result) {}

  /// Everything that the ROM's entity at `start` uses. REQUIRES: overFirmware() was called.
  void overRom(Address start) {
    std::vector<Address> queue = {start};
    std::set<Address> seen = {start};
    while (!queue.empty() && result_.whyNot.empty()) {
      const auto entity = all_.rom_.entityAt(queue.back());
      queue.pop_back();
      if (!entity)
        return refuse("the ROM's copy reaches something that the ROM does not hold");
      for (const Defect& defect : all_.defects_)
        if (entity->contains(defect.address) && !entity->contains(start) &&
            !isPartOf(defect.symbol, nameAt(start)))
          return refuse(fmt::format("the ROM's copy reaches {}, which {} names as defective", defect.symbol,
                                    defect.advisory));
      for (const RomEdge& edge : all_.rom_.edgesIn(*entity)) {
        const RomSymbol* symbol = all_.rom_.symbolAt(edge.target);
        const Address target = symbol == nullptr ? edge.target : symbol->address;
        if (entity->contains(target) || target == start)
          continue;
        if (all_.rom_.isWritable(edge.target))
          needState(edge.target, symbol);
        else if (all_.rom_.isInRom(edge.target) && !needCounterpart(edge) && seen.insert(target).second)
          queue.push_back(target);
      }
    }
  }

  /// Everything that the firmware's section uses.
  void overFirmware(SectionId start) {
    std::vector<SectionId> queue = {start};
    std::set<SectionId> seen = {start};
    while (!queue.empty() && result_.whyNot.empty()) {
      const LiveSection& live = all_.firmware_.sections[queue.back()];
      queue.pop_back();
      for (const Reference& reference : live.references) {
        if (reference.target == Reference::Target::Unresolved)
          return refuse(
              fmt::format("{} has a reference that is not understood: {}", live.title(), reference.why));
        if (reference.target == Reference::Target::Absolute && kSram.contains(reference.value))
          return refuse(fmt::format("it uses {}, RAM at {:#010x} that is not shared", reference.symbol,
                                    reference.value));
        if (reference.target != Reference::Target::Section)
          continue;
        const LiveSection& target = all_.firmware_.sections[reference.section];
        if (target.elf().isWritable())
          needOwnState(reference.section);
        else if (!isInBoth(target) && seen.insert(reference.section).second)
          queue.push_back(reference.section);
      }
    }
  }

private:
  void refuse(std::string why) {
    if (result_.whyNot.empty())
      result_.whyNot = std::move(why);
  }

  [[nodiscard]] std::string_view nameAt(Address address) const {
    const RomSymbol* symbol = all_.rom_.symbolAt(address);
    return symbol == nullptr ? std::string_view() : std::string_view(symbol->name);
  }

  void need(SectionId section, Address base, bool takesAddress) {
    result_.needs.push_back({all_.claims_.make(section, base), takesAddress});
  }

  void needState(Address address, const RomSymbol* symbol) {
    if (!all_.sharedRam_ || !all_.sharedRam_->contains(address) || symbol == nullptr)
      return refuse(
          fmt::format("the ROM's copy uses {}, writable data outside of the shared RAM",
                      symbol == nullptr ? fmt::format("{:#010x}", address) : std::string(symbol->name)));
    const auto places = all_.placesOf(symbol->name, false, true);
    if (places.size() > 1)
      return refuse(fmt::format("the firmware has several objects {}", symbol->name));
    if (places.empty())
      return refuse(
          fmt::format("the ROM's copy uses {}, a variable that the firmware does not have", symbol->name));
    const Place& place = places.front();
    if ((place.local || symbol->local) && !ownState_.contains(place.section))
      return refuse(fmt::format(
          "the ROM's copy uses {}, which is static, and the firmware's does not use its", symbol->name));
    need(place.section, symbol->address - place.offset, true);
  }

  void needOwnState(SectionId section) {
    const LiveSection& live = all_.firmware_.sections[section];
    std::set<Address> bases;
    for (const SectionSymbol& symbol : live.symbols)
      for (const Address address : all_.rom_.addressesOf(symbol.name, false))
        if (all_.sharedRam_ && all_.sharedRam_->contains(address))
          bases.insert(address - symbol.offset);
    if (bases.size() != 1)
      return refuse(fmt::format("it uses {}, writable data that is not shared", live.title()));
    ownState_.insert(section);
    need(section, *bases.begin(), true);
  }

  /// False if the firmware has nothing of any name that the entity has, so that it is a part of the ROM's
  /// copy.
  bool needCounterpart(const RomEdge& edge) {
    bool covered = false;
    const auto entity = all_.rom_.entityAt(edge.target);
    if (!entity)
      return false;
    for (const RomSymbol& symbol : all_.rom_.symbolsIn(*entity)) {
      const auto places = all_.placesOf(symbol.name, symbol.function, false);
      std::vector<ClaimId> made;
      made.reserve(places.size());
      for (const Place& place : places)
        made.push_back(all_.claims_.make(place.section, symbol.address - place.offset));
      if (made.empty())
        continue;
      // Static functions of several units may have one name; the one of the ROM's bytes is meant.
      auto meant = std::find_if(made.begin(), made.end(), all_.claims_.isEqual);
      if (meant == made.end())
        meant = made.begin();
      result_.needs.push_back({*meant, !edge.branch});
      const Place& place = places[static_cast<std::size_t>(meant - made.begin())];
      covered |=
          AddressRange{symbol.address - place.offset, all_.firmware_.sections[place.section].elf().size}
              .contains(*entity);
    }
    return covered;
  }

  bool isInBoth(const LiveSection& live) const {
    return std::any_of(live.symbols.begin(), live.symbols.end(), [&](const SectionSymbol& symbol) {
      return !all_.rom_.addressesOf(symbol.name, symbol.function).empty();
    });
  }

  const Concessions& all_;
  Claim::Concession& result_;
  std::set<SectionId> ownState_; ///< that the firmware's copy uses
};

std::string Concessions::whyNoWhole(SectionId section, Address base) const {
  const LiveSection& live = firmware_.sections[section];
  const RomSymbol* theirs = rom_.symbolAt(base);
  if (theirs == nullptr || theirs->address != base)
    return "the ROM has no symbol there";
  if (live.elf().isWritable())
    return "a difference of writable data cannot be accepted";
  if (entered_[section] || std::any_of(live.symbols.begin(), live.symbols.end(),
                                       [](const SectionSymbol& s) { return s.offset != 0; }))
    return "its section holds more than it";
  for (const SectionSymbol& symbol : live.symbols) {
    const auto addresses = rom_.addressesOf(symbol.name, symbol.function);
    if (std::find(addresses.begin(), addresses.end(), base) == addresses.end())
      return fmt::format("it is {}, too, which the ROM does not have there", symbol.name);
  }
  if (live.title().find('.') != std::string::npos)
    return "it is a part or a special form of a function, made by the compiler";
  const SectionSymbol& ours = live.symbols.front();
  if (theirs->function ? rom_.readOnly(base, 2, true).empty()
                       : theirs->size != live.elf().size || rom_.readOnly(base, theirs->size, false).empty())
    return theirs->function ? "the ROM has no code there"
                            : "the ROM's object is not of the same size or not constant";
  if (theirs->function != ours.function || rom_.addressesOf(ours.name, ours.function).size() != 1 ||
      placesOf(ours.name, ours.function, false).size() != 1)
    return fmt::format("the ROM or the firmware has several of the name {}", ours.name);
  return {};
}

Claim::Concession Concessions::of(SectionId section, Address base) const {
  Claim::Concession result;
  result.whyNot = whyNoWhole(section, base);
  const RomSymbol* theirs = rom_.symbolAt(base);
  result.isStatic = firmware_.sections[section].symbols.front().local || (theirs != nullptr && theirs->local);
  Walk walk(*this, result);
  walk.overFirmware(section);
  walk.overRom(base);
  return result;
}

bool reachesWithinUnit(const Firmware& firmware, SectionId start,
                       const std::function<bool(SectionId)>& wanted) {
  std::set<SectionId> seen = {start};
  std::vector<SectionId> queue = {start};
  while (!queue.empty()) {
    const LiveSection& live = firmware.sections[queue.back()];
    if (wanted(queue.back()))
      return true;
    queue.pop_back();
    for (const Reference& reference : live.references)
      if (reference.target == Reference::Target::Section &&
          firmware.sections[reference.section].object == live.object && seen.insert(reference.section).second)
        queue.push_back(reference.section);
  }
  return false;
}

} // namespace romlink::relink
