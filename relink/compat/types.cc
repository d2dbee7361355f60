#include "relink/compat/types.h"

#include "relink/compat/debug_types.h"
#include "relink/compat/rom_types.h"
#include "relink/compat/type_compare.h"
#include "relink/compat/type_hash.h"

#include <fmt/format.h>
#include <unordered_map>

namespace romlink::relink {

struct TypeComparison::Known {
  RomTypes rom;
  std::unordered_map<const ObjectFile*, DebugTypes> objects;
};

namespace {

/// The type of what the ROM has at this address: of the symbol of that name, or of one that stands for it.
RomSymbolType romTypeAt(const RomImage& rom, const RomTypes& types, Address address,
                        const SectionSymbol& wanted) {
  const auto here = rom.symbolsIn({address, 1});
  const auto first = static_cast<std::size_t>(here.data() - rom.symbols().data());
  RomSymbolType result{kVoid, 0, {}, "no symbol is there"};
  bool any = false;
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (here[i].function != wanted.function)
      continue;
    const RomSymbolType type = types.of(first + i);
    if (sourceName(here[i].name) == sourceName(wanted.name))
      return type;
    if (any && type.hash != result.hash)
      return {kVoid, 0, {}, "several symbols of other types are there"};
    result = type;
    any = true;
  }
  return result;
}

} // namespace

TypeComparison::TypeComparison(const Firmware& firmware, const RomImage& rom)
    : firmware_(firmware), rom_(rom), known_(new Known{RomTypes(rom.types()), {}}) {}

TypeComparison::~TypeComparison() = default;

TypeVerdict TypeComparison::compare(SectionId section, std::size_t index, Address address) const {
  const LiveSection& live = firmware_.sections[section];
  const SectionSymbol& symbol = live.symbols[index];
  const auto [object, isNew] = known_->objects.try_emplace(live.object.get());
  if (isNew)
    object->second = DebugTypes::read(live.object->elf);
  const DebugTypes& types = object->second;
  const SymbolType ours = types.at(live.index, symbol.offset, symbol.function, symbol.name);
  const RomSymbolType theirs = romTypeAt(rom_, known_->rom, address, symbol);

  TypeVerdict verdict;
  if (ours.type != kVoid) {
    verdict.hash = typeHashText(types.hashes()[ours.type]);
    verdict.crossing |= types.crossings()[ours.type];
  }
  if (theirs.type != kVoid)
    verdict.crossing |= theirs.crossing;
  if (ours.type == kVoid || theirs.type == kVoid) {
    const bool rom = ours.type != kVoid;
    verdict.path.append(rom ? "the ROM" : live.object->name).append(": ").append(rom ? theirs.why : ours.why);
    return verdict;
  }
  if (types.hashes()[ours.type] == theirs.hash) {
    verdict.outcome = TypeVerdict::Outcome::Same;
    return verdict;
  }
  const TypeGraph* graph = known_->rom.graph();
  if (graph == nullptr || theirs.type >= graph->nodes.size()) {
    verdict.path = "the ROM: its index has no valid types";
    return verdict;
  }
  TypeDifference difference =
      compareTypes({*graph, known_->rom.hashes()}, theirs.type, {types.graph(), types.hashes()}, ours.type,
                   std::string(symbol.name));
  verdict.path = std::move(difference.path);
  verdict.notes = std::move(difference.notes);
  verdict.outcome = TypeVerdict::Outcome::Compatible;
  if (verdict.path.empty() && verdict.notes.empty()) // what the hash sees and the walk does not
    verdict.path = fmt::format("{}: its types differ", symbol.name);
  if (!verdict.path.empty())
    verdict.outcome = TypeVerdict::Outcome::Different;
  return verdict;
}

} // namespace romlink::relink
