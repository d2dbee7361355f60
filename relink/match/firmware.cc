#include "relink/match/firmware.h"

#include "relink/match/references.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace romlink::relink {
namespace {

/// The pieces of a merged section are not in the map, so such a section has no place to be identified by; one
/// that lld does not merge (-O0) has.
bool belongsToModel(const Section& section) {
  return section.isAllocated() && section.size > 0 && section.type != llvm::ELF::SHT_ARM_EXIDX;
}

/// The sections of an object that belong to the model, by name.
class SectionNames {
public:
  /// Indexes of the sections of this name, in order.
  const std::vector<std::uint32_t>& of(const ObjectFile& object, std::string_view name) {
    const auto [known, isNew] = objects_.try_emplace(&object);
    if (isNew)
      for (std::uint32_t i = 0; i < object.elf.sections.size(); ++i)
        if (belongsToModel(object.elf.sections[i]))
          known->second[object.elf.sections[i].name].push_back(i);
    static const std::vector<std::uint32_t> kNone;
    const auto found = known->second.find(name);
    return found == known->second.end() ? kNone : found->second;
  }

private:
  std::unordered_map<const ObjectFile*, std::unordered_map<std::string_view, std::vector<std::uint32_t>>>
      objects_;
};

using Objects = std::vector<std::shared_ptr<const ObjectFile>>;

/// Gives each placed section of one "file:(name)" its input section. Where an object or an archive has
/// several of one name, their bytes decide; what bytes cannot tell apart is marked unusable.
void identify(const Objects& objects, const ElfImage& plain, const std::vector<const PlacedSection*>& placed,
              SectionNames& names, Firmware& firmware) {
  struct Candidate {
    std::shared_ptr<const ObjectFile> object;
    std::uint32_t index;
    bool taken = false;
  };
  std::vector<Candidate> candidates;
  for (const auto& object : objects)
    for (const std::uint32_t i : names.of(*object, placed.front()->section))
      candidates.push_back({object, i});
  const std::size_t firstOfGroup = firmware.sections.size();
  bool ambiguous = false;
  for (const PlacedSection* place : placed) {
    const auto fits = [&](const Candidate& c) {
      const Section& section = c.object->elf.sections[c.index];
      return !c.taken && section.size == place->size && liesAt(plain, section, place->address);
    };
    auto chosen = std::find_if(candidates.begin(), candidates.end(), fits);
    LiveSection live;
    if (chosen == candidates.end()) { // an erratum patch, say; the first of that name stands for it, unusable
      chosen =
          std::find_if(candidates.begin(), candidates.end(), [](const Candidate& c) { return !c.taken; });
      if (chosen == candidates.end())
        continue;
      live.unusable = "its bytes in the plain link are not those of the object";
    }
    ambiguous |=
        live.unusable.empty() && std::find_if(std::next(chosen), candidates.end(), fits) != candidates.end();
    chosen->taken = true;
    live.object = chosen->object;
    live.index = chosen->index;
    live.address = place->address;
    live.load = place->load;
    live.output = place->output;
    firmware.sections.push_back(std::move(live));
  }
  for (std::size_t id = firstOfGroup; ambiguous && id < firmware.sections.size(); ++id)
    firmware.sections[id].unusable = "several sections of this name have equal bytes";
}

/// Functions and objects of the section, by offset; of several at one place the named global comes first.
/// Assembly often leaves out .type: then a global label stands for its function.
std::vector<SectionSymbol> symbolsOf(const ElfImage& elf, std::uint32_t index) {
  const Section& section = elf.sections[index];
  std::vector<SectionSymbol> symbols;
  for (const bool typed : {true, false}) {
    for (const std::uint32_t i : elf.symbolsIn(index)) {
      const Symbol& symbol = elf.symbols[i];
      const bool wanted =
          typed ? symbol.isFunction() || symbol.isObject()
                : symbol.type == llvm::ELF::STT_NOTYPE && !symbol.isLocal() && section.isExecutable();
      if (wanted && !symbol.isMapping() && symbol.address() <= section.size)
        symbols.push_back(
            {symbol.name, symbol.address(), symbol.size, symbol.isFunction() || !typed, symbol.isLocal()});
    }
    if (!symbols.empty())
      break;
  }
  std::sort(symbols.begin(), symbols.end(), [](const auto& a, const auto& b) {
    return std::tie(a.offset, a.local, a.name) < std::tie(b.offset, b.local, b.name);
  });
  std::uint32_t end = section.size; // where the next symbol starts
  for (std::size_t i = symbols.size(); i-- > 0;) {
    if (i + 1 < symbols.size() && symbols[i + 1].offset > symbols[i].offset)
      end = symbols[i + 1].offset;
    if (symbols[i].size == 0)
      symbols[i].size = end - symbols[i].offset;
  }
  return symbols;
}

Result<void> collectObjects(InputFiles& inputs, const std::vector<std::string>& others, Firmware& firmware) {
  std::set<const ObjectFile*> seen;
  for (const LiveSection& live : firmware.sections)
    if (seen.insert(live.object.get()).second)
      firmware.objects.push_back(live.object);
  for (const std::string& name : others) {
    ROMLINK_ASSIGN(const auto objects, inputs.objectsNamed(name));
    for (const auto& object : objects)
      if (seen.insert(object.get()).second)
        firmware.objects.push_back(object);
  }
  return {};
}

/// Whatever functions and objects the output's symbol table has besides those of the live sections.
void findOthers(const ElfImage& linked, Firmware& firmware) {
  struct PlaceHash {
    std::size_t operator()(const std::pair<std::string_view, Address>& place) const {
      return std::hash<std::string_view>()(place.first) ^ place.second;
    }
  };
  std::unordered_set<std::pair<std::string_view, Address>, PlaceHash> known;
  known.reserve(linked.symbols.size());
  for (const LiveSection& live : firmware.sections)
    for (const SectionSymbol& symbol : live.symbols)
      known.emplace(symbol.name, live.address + symbol.offset);
  std::map<std::string_view, std::pair<std::string_view, std::string_view>>
      origins; // object and section by name
  for (const auto& object : firmware.objects)
    for (const Symbol& symbol : object->elf.symbols)
      if (symbol.section == llvm::ELF::SHN_COMMON)
        origins.try_emplace(symbol.name, object->name, "COMMON");
      else if (symbol.isDefinedInSection() && object->elf.sections[symbol.section].isMergeable())
        origins.try_emplace(symbol.name, object->name, object->elf.sections[symbol.section].name);
  for (const Symbol& symbol : linked.symbols) {
    if (!(symbol.isFunction() || symbol.isObject()) || !symbol.isDefinedInSection() ||
        !known.emplace(symbol.name, symbol.address()).second)
      continue;
    const auto origin = origins.find(symbol.name);
    OtherSymbol& other = firmware.others.emplace_back();
    other.name = symbol.name;
    other.size = symbol.size;
    other.function = symbol.isFunction();
    if (origin != origins.end()) {
      other.object = origin->second.first;
      other.section = origin->second.second;
    }
  }
  std::sort(firmware.others.begin(), firmware.others.end());
}

} // namespace

bool liesAt(const ElfImage& linked, const Section& section, Address address) {
  if (section.type == llvm::ELF::SHT_NOBITS)
    return true;
  const Bytes placed = bytesAt(linked, address, section.size);
  if (placed.size() != section.size)
    return std::any_of(linked.sections.begin(), linked.sections.end(), [&](const Section& s) {
      return s.type == llvm::ELF::SHT_NOBITS && s.isAllocated() &&
             AddressRange{s.address, s.size}.contains(AddressRange{address, section.size});
    });
  return !firstDifference(section, placed);
}

std::optional<std::uint32_t> firstDifference(const Section& section, Bytes other) {
  constexpr RelocationKind kUnknown{0, "unknown", Field::Word, 4};
  std::vector<std::uint8_t> ours;
  std::vector<std::uint8_t> theirs;
  const auto differs = [&](std::uint32_t begin, std::uint32_t end) -> std::optional<std::uint32_t> {
    const auto* a = section.data.data();
    const auto* found = std::mismatch(a + begin, a + end, other.data() + begin).first;
    return found == a + end ? std::nullopt : std::optional(static_cast<std::uint32_t>(found - a));
  };
  std::uint32_t at = 0;
  const auto& relocations = section.relocations; // by offset
  for (std::size_t i = 0; i < relocations.size();) {
    // Fields that overlap are cleared together.
    const std::uint32_t begin = relocations[i].offset;
    std::uint64_t end = begin;
    std::size_t next = i;
    for (; next < relocations.size() && relocations[next].offset <= end; ++next) {
      const RelocationKind kind = relocationKind(relocations[next].type).value_or(kUnknown);
      if (std::uint64_t{relocations[next].offset} + kind.width <= section.data.size())
        end = std::max<std::uint64_t>(end, std::uint64_t{relocations[next].offset} + kind.width);
      else if (next == i)
        end = begin;
    }
    const auto stop = static_cast<std::uint32_t>(std::min<std::uint64_t>(end, section.data.size()));
    if (begin >= section.data.size())
      break;
    if (const auto found = differs(at, begin))
      return found;
    ours.assign(section.data.begin() + begin, section.data.begin() + stop);
    theirs.assign(other.begin() + begin, other.begin() + stop);
    for (; i < next; ++i) {
      const RelocationKind kind = relocationKind(relocations[i].type).value_or(kUnknown);
      const std::uint32_t place = relocations[i].offset - begin;
      if (std::uint64_t{place} + kind.width > ours.size())
        continue;
      maskField(kind, std::span(ours).subspan(place, kind.width));
      maskField(kind, std::span(theirs).subspan(place, kind.width));
    }
    const auto [mine, his] = std::mismatch(ours.begin(), ours.end(), theirs.begin());
    if (mine != ours.end())
      return begin + static_cast<std::uint32_t>(mine - ours.begin());
    at = stop;
  }
  return differs(at, static_cast<std::uint32_t>(section.data.size()));
}

const CodeFacts& LiveSection::facts() const {
  if (!facts_)
    facts_ = codeFactsOf(object->elf, index);
  return *facts_;
}

std::string LiveSection::title() const {
  return symbols.empty() ? std::string(elf().name) : std::string(symbols.front().name);
}

std::vector<std::string> Firmware::objectNames() const {
  std::set<std::string> names;
  for (const auto& object : objects)
    names.insert(object->name);
  return {names.begin(), names.end()};
}

Result<Firmware> readFirmware(InputFiles& inputs, const ElfImage& linked, std::vector<PlacedSection> map,
                              const Constants& constants, const std::vector<std::string>& others) {
  Firmware firmware;
  firmware.placed = std::move(map);
  // One group for each "file:(name)", in the map's order.
  struct NameHash {
    std::size_t operator()(const std::pair<std::string_view, std::string_view>& name) const {
      return std::hash<std::string_view>()(name.first) * 31 + std::hash<std::string_view>()(name.second);
    }
  };
  std::unordered_map<std::pair<std::string_view, std::string_view>, std::size_t, NameHash> numbers;
  numbers.reserve(firmware.placed.size());
  std::vector<std::vector<const PlacedSection*>> groups;
  groups.reserve(firmware.placed.size());
  for (const PlacedSection& placed : firmware.placed) {
    if (placed.isSynthetic() || placed.size == 0)
      continue;
    const auto [number, isNew] = numbers.try_emplace({placed.file, placed.section}, groups.size());
    if (isNew)
      groups.emplace_back();
    groups[number->second].push_back(&placed);
  }
  firmware.sections.reserve(firmware.placed.size());
  SectionNames names;
  Objects objects;
  std::string_view
      file; // of which `objects` are: the map mostly names the sections of a file one after the other
  for (const auto& group : groups) {
    if (group.front()->file != file) {
      file = group.front()->file;
      ROMLINK_ASSIGN(objects, inputs.objectsNamed(group.front()->file));
    }
    identify(objects, linked, group, names, firmware);
  }
  ROMLINK_TRY(collectObjects(inputs, others, firmware));
  for (LiveSection& live : firmware.sections)
    live.symbols = symbolsOf(live.object->elf, live.index);
  resolveReferences(linked, constants, firmware);
  findOthers(linked, firmware);
  return firmware;
}

} // namespace romlink::relink
