#include "relink/match/same_source.h"

#include "relink/match/references.h"
#include "relink/match/runtime_helpers.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/Endian.h>
#include <set>

namespace romlink::relink {

using Kind = SourceRecord::Kind;

SameSource::SameSource(const Firmware& firmware, const RomImage& rom, const ProofTerms& terms,
                       const Concessions& concessions)
    : firmware_(firmware), rom_(rom), terms_(terms), concessions_(concessions) {
  if (!rom.hasSources())
    return;
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    sectionsOf_[firmware.sections[id].object.get()].push_back(id);
  for (const RomEdge& edge : rom.edges())
    if (edge.branch)
      branchTargets_.push_back(edge.target);
  std::sort(branchTargets_.begin(), branchTargets_.end());
}

/// A symbol that was made weak after the compilation may have been inlined before.
bool SameSource::isWeakInSource(const Unit& unit, const Symbol& symbol) {
  const auto source = unit.sources.places.find({symbol.section, symbol.address()});
  return symbol.binding == llvm::ELF::STB_WEAK && source != unit.sources.places.end() && source->second.weak;
}

const SameSource::Unit& SameSource::unitOf(const ObjectFile& object) const {
  const auto [known, isNew] = units_.try_emplace(&object);
  Unit& unit = known->second;
  if (!isNew)
    return unit;
  auto sources = objectSources(object.elf, object.name);
  if (!sources) {
    unit.unusable = sources.error().line();
    return unit;
  }
  unit.sources = std::move(*sources);
  if (unit.sources.units > 1)
    unit.unusable = "its object was made of several by a partial link";
  for (const auto& [place, source] : unit.sources.places) {
    unit.hasAmbiguous |= source.kind == Kind::Ambiguous;
    if (source.digest)
      unit.byDigest.emplace(*source.digest, place);
  }
  std::set<std::string_view> own; // that no other object should define
  for (const Symbol& symbol : object.elf.symbols)
    if (!symbol.isLocal() && symbol.isDefinedInSection() && !isWeakInSource(unit, symbol))
      own.insert(symbol.name);
  for (const SectionId id : sectionsOf_.at(&object))
    for (const Reference& reference : firmware_.sections[id].references)
      if (own.contains(reference.symbol) && reference.target != Reference::Target::Piece &&
          (reference.target != Reference::Target::Section ||
           firmware_.sections[reference.section].object.get() != &object))
        unit.unusable = fmt::format("the link replaces {} of its translation unit", reference.symbol);
  return unit;
}

const Source* SameSource::sourceOf(SectionId section, std::uint32_t offset) const {
  const LiveSection& live = firmware_.sections[section];
  const auto& places = unitOf(*live.object).sources.places;
  const auto found = places.find({live.index, offset});
  return found == places.end() ? nullptr : &found->second;
}

/// Collects the needs of one function, or the first reason against it.
class SameSource::Walk {
public:
  Walk(const SameSource& all, SectionId section, Address base, Claim::Concession& result)
      : all_(all), section_(section), object_(*all.firmware_.sections[section].object),
        unit_(all.unitOf(object_)), base_(base), result_(result) {}

  /// Everything that the firmware's copy uses.
  void overFirmware() {
    std::vector<SectionId> queue = {section_};
    std::set<SectionId> seen = {section_};
    while (!queue.empty() && result_.whyNot.empty()) {
      const LiveSection& live = all_.firmware_.sections[queue.back()];
      if (const Kept& kept = all_.terms_.kept[queue.back()]; kept.byPlace)
        return refuse(fmt::format("where {} lies is part of what it does: {}", live.title(), kept.detail));
      queue.pop_back();
      for (const Reference& reference : live.references) {
        names_.insert(reference.symbol);
        if (reference.target == Reference::Target::Piece)
          continue;
        if (reference.target != Reference::Target::Section)
          return refuse(fmt::format("it uses {}, which the link sets to a number or leaves undefined",
                                    reference.symbol));
        const LiveSection& target = all_.firmware_.sections[reference.section];
        if (target.elf().isWritable())
          needOwnState(reference.section);
        else if (target.object.get() != &object_)
          needExternal(reference);
        else if (seen.insert(reference.section).second)
          queue.push_back(reference.section);
      }
    }
  }

  /// Everything that the ROM's copy uses. `unit`: of the ROM.
  void overRom(std::uint32_t unit) {
    push(base_, Part::Code);
    while (!queue_.empty() && result_.whyNot.empty()) {
      const auto [address, part] = queue_.back();
      queue_.pop_back();
      auto entity = all_.rom_.entityAt(address);
      if (entity)
        entity = withoutNeighbours(*entity, address);
      if (!entity || all_.rom_.readOnly(entity->address, entity->size, false).size() != entity->size)
        return refuse("the ROM's copy reaches something that the ROM does not hold, or that differs from "
                      "device to device");
      for (const Defect& defect : all_.terms_.defects)
        if (entity->contains(defect.address))
          return refuse(fmt::format("the ROM's copy reaches {}, which {} names as defective", defect.symbol,
                                    defect.advisory));
      for (const RomEdge& edge : all_.rom_.edgesIn(*entity))
        // What looks like an instruction in data is none, and 0 is a null pointer.
        if (part != Part::Data || (isWord(edge) && edge.target != 0))
          follow(edge, *entity, unit, part == Part::Helper);
    }
    if (handsOutOwn_)
      result_.needs.push_back({all_.concessions_.claims().make(section_, base_), true});
  }

private:
  enum class Part { Code, Data, Helper };

  void refuse(std::string why) {
    if (result_.whyNot.empty())
      result_.whyNot = std::move(why);
  }

  void need(SectionId section, Address base, bool takesAddress) {
    result_.needs.push_back({all_.concessions_.claims().make(section, base), takesAddress});
  }

  void push(Address address, Part part) {
    if (seen_.insert(address).second)
      queue_.emplace_back(address, part);
  }

  /// Where no symbol covers the address, what lies before it may be another one's.
  [[nodiscard]] AddressRange withoutNeighbours(AddressRange entity, Address address) const {
    for (const RomSymbol& symbol : all_.rom_.symbolsIn(entity))
      if (const std::uint64_t end = std::uint64_t{symbol.address} + symbol.size;
          symbol.size > 0 && end <= address)
        entity = {static_cast<Address>(end), static_cast<std::uint32_t>(entity.end() - end)};
    return entity;
  }

  /// What the firmware's copy uses of another object must be the ROM's thing of that name.
  void needExternal(const Reference& reference) {
    if (isRuntimeHelper(reference.symbol))
      return; // if the ROM's copy uses it, too, that is another need
    const LiveSection& target = all_.firmware_.sections[reference.section];
    const auto symbol = std::find_if(target.symbols.begin(), target.symbols.end(),
                                     [&](const SectionSymbol& s) { return s.name == reference.symbol; });
    if (symbol == target.symbols.end())
      return refuse(fmt::format("it uses {}, which is no function or object", reference.symbol));
    const auto addresses = all_.rom_.addressesOf(symbol->name, symbol->function);
    if (addresses.size() != 1 || !isGlobal(symbol->name, addresses.front()))
      return refuse(fmt::format("it uses {}, of which the ROM has {}", symbol->name,
                                addresses.empty() ? "none" : "several, or a static one"));
    need(reference.section, addresses.front() - symbol->offset, false);
  }

  [[nodiscard]] bool isGlobal(std::string_view name, Address address) const {
    const auto symbols = all_.rom_.symbolsIn({address, 1});
    return std::any_of(symbols.begin(), symbols.end(),
                       [&](const RomSymbol& s) { return s.name == name && !s.local; });
  }

  void needOwnState(SectionId section) {
    const LiveSection& live = all_.firmware_.sections[section];
    for (const SectionSymbol& symbol : live.symbols)
      if (const auto addresses = all_.rom_.addressesOf(symbol.name, false);
          !symbol.local && addresses.size() == 1 && all_.terms_.sharedRam &&
          all_.terms_.sharedRam->contains(addresses.front()))
        return need(section, addresses.front() - symbol.offset, true);
    refuse(fmt::format("it uses {}, writable data that is not shared", live.title()));
  }

  void needState(Address address, const RomSymbol* symbol) {
    const std::string name = symbol == nullptr ? fmt::format("{:#010x}", address) : std::string(symbol->name);
    if (!all_.terms_.sharedRam || !all_.terms_.sharedRam->contains(address) || symbol == nullptr)
      return refuse(fmt::format("the ROM's copy uses {}, writable data outside of the shared RAM", name));
    const auto places = all_.concessions_.globalsNamed(symbol->name, false, true);
    if (places.size() != 1 || symbol->local)
      return refuse(fmt::format("the ROM's copy uses {}, a variable that the firmware does not have", name));
    need(places.front().section, symbol->address - places.front().offset, true);
  }

  void follow(const RomEdge& edge, const AddressRange& entity, std::uint32_t unit, bool helper) {
    const RomSymbol* symbol = all_.rom_.symbolAt(edge.target);
    const Address target = symbol == nullptr ? edge.target : symbol->address;
    if (all_.rom_.isWritable(edge.target))
      return needState(edge.target, symbol);
    if (!all_.rom_.isInRom(edge.target))
      return; // a number, which the text has
    if (entity.contains(target) || target == base_) {
      handsOutOwn_ |= !edge.branch;
      return;
    }
    const Source* source = all_.rom_.sourceAt(target);
    if (source != nullptr && source->unit == unit)
      return followWithin(edge, target, *source);
    if (source == nullptr && isVeneer(target))
      return; // where it leads is an edge of its own
    if (symbol == nullptr)
      return followUnnamed(target, helper);
    if (!helper && !isHelper(target) && !isNamed(target))
      return refuse(fmt::format("the ROM's copy reaches {} (at {:#010x}), which is of another translation "
                                "unit, and the firmware's does not",
                                symbol->name, edge.place));
    if (!needCounterpart(edge, target)) {
      if (!helper && !isHelper(target))
        return refuse(
            fmt::format("the ROM's copy reaches {}, which the firmware does not have", symbol->name));
      push(target, Part::Helper);
    }
  }

  /// A part of the ROM's copy.
  void followWithin(const RomEdge& edge, Address target, const Source& source) {
    if (source.kind == Kind::Ambiguous || (source.kind == Kind::StaticLocal && unit_.hasAmbiguous))
      return refuse(
          "the ROM's copy uses a static object that cannot be told from others of its translation unit");
    if (source.kind != Kind::Part && !source.digest)
      return refuse("the ROM's copy reaches a part of its translation unit that has no fingerprint");
    handsOutOwn_ |= !edge.branch;
    if (!edge.branch && source.digest)
      needOwnCopy(*source.digest, target);
    const RomSymbol* symbol = all_.rom_.symbolAt(target);
    // What the text names is in the fingerprint; a compiler may also call puts() where the text says
    // printf().
    // Constants that clang makes have no records.
    if (symbol != nullptr && symbol->function && !symbol->local && source.digest &&
        !unit_.byDigest.contains(*source.digest))
      return refuse(
          fmt::format("the ROM's copy reaches {} of its translation unit, whose source is another in the "
                      "firmware's",
                      symbol->name));
    push(target, symbol != nullptr && symbol->function ? Part::Code : Part::Data);
  }

  /// Where the firmware has the thing as well, and its address tells it from others, it must be shared.
  void needOwnCopy(const Digest& digest, Address target) {
    const auto place = unit_.byDigest.find(digest);
    if (place == unit_.byDigest.end())
      return;
    const auto [index, offset] = place->second;
    for (const SectionId id : all_.sectionsOf_.at(&object_))
      if (all_.firmware_.sections[id].index == index)
        need(id, target - offset, true);
  }

  void followUnnamed(Address target, bool helper) {
    const auto entity = all_.rom_.entityAt(target);
    if (!helper && (!entity || !all_.rom_.readOnly(target, 2, true).empty()) && !isData(target))
      return refuse(fmt::format("the ROM's copy reaches code without a name at {:#010x}", target));
    handsOutOwn_ = true;
    push(target, helper ? Part::Helper : Part::Data);
  }

  /// The ROM has the address as a number there.
  [[nodiscard]] bool isWord(const RomEdge& edge) const {
    const Bytes word = all_.rom_.readOnly(edge.place, 4, false);
    return word.size() == 4 && (llvm::support::endian::read32le(word.data()) & ~1U) == (edge.target & ~1U);
  }

  /// In a region that also holds code: nothing branches there.
  [[nodiscard]] bool isData(Address target) const {
    return !std::binary_search(all_.branchTargets_.begin(), all_.branchTargets_.end(), target);
  }

  /// False: the firmware has no global of any name that the ROM's has.
  bool needCounterpart(const RomEdge& edge, Address target) {
    bool found = false;
    for (const RomSymbol& symbol : all_.rom_.symbolsIn({target, 1}))
      for (const auto& place : all_.concessions_.globalsNamed(symbol.name, symbol.function, false)) {
        need(place.section, target - place.offset, !edge.branch);
        found = true;
      }
    return found;
  }

  [[nodiscard]] bool isHelper(Address target) const {
    const auto symbols = all_.rom_.symbolsIn({target, 1});
    return std::any_of(symbols.begin(), symbols.end(),
                       [](const RomSymbol& s) { return isRuntimeHelper(s.name); });
  }

  /// Does the firmware's copy use something of a name that the ROM has there?
  [[nodiscard]] bool isNamed(Address target) const {
    const auto symbols = all_.rom_.symbolsIn({target, 1});
    return std::any_of(symbols.begin(), symbols.end(),
                       [&](const RomSymbol& s) { return names_.contains(s.name); });
  }

  [[nodiscard]] bool isVeneer(Address target) const {
    const ReadImage read = [this](Address a, std::uint32_t size) {
      return all_.rom_.readOnly(a, size, false);
    };
    return throughVeneers(read, target).size() > 1;
  }

  const SameSource& all_;
  SectionId section_;
  const ObjectFile& object_; ///< of the firmware's function
  const Unit& unit_;         ///< of that object
  Address base_;
  Claim::Concession& result_;
  std::vector<std::pair<Address, Part>> queue_; ///< of the ROM
  std::set<Address> seen_;
  std::set<std::string_view> names_; ///< of what the firmware's copy refers to
  bool handsOutOwn_ = false;         ///< addresses that are of the copy itself
};

std::optional<Claim::Concession> SameSource::of(SectionId section, Address base) const {
  const LiveSection& live = firmware_.sections[section];
  if (!rom_.hasSources() || !live.elf().isExecutable())
    return std::nullopt;
  const Source* ours = sourceOf(section, 0);
  const Source* theirs = rom_.sourceAt(base);
  if (ours == nullptr || theirs == nullptr || ours->kind != Kind::Function ||
      theirs->kind != Kind::Function || !ours->digest || ours->digest != theirs->digest)
    return std::nullopt;
  Claim::Concession result;
  result.whyNot = concessions_.whyNoWhole(section, base);
  const RomSymbol* symbol = rom_.symbolAt(base);
  result.isStatic = live.symbols.front().local || (symbol != nullptr && symbol->local);
  if (result.whyNot.empty() && result.isStatic)
    result.whyNot = "it is static, so compilers may have changed how it is called";
  if (result.whyNot.empty())
    result.whyNot = unitOf(*live.object).unusable;
  Walk walk(*this, section, base, result);
  walk.overFirmware();
  walk.overRom(theirs->unit);
  return result;
}

} // namespace romlink::relink
