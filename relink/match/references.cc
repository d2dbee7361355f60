#include "relink/match/references.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <unordered_map>

namespace romlink::relink {
namespace {

/// The string or constant that `offset` of a mergeable section lies in (gABI, SHF_MERGE and SHF_STRINGS),
/// empty if the section is not well-formed.
Bytes pieceAt(const Section& section, std::uint32_t offset, std::uint32_t& offsetInPiece) {
  const std::uint32_t unit = std::max<std::uint32_t>(section.entrySize, 1);
  if (offset >= section.data.size() || section.data.size() % unit != 0)
    return {};
  if ((section.flags & llvm::ELF::SHF_STRINGS) == 0) {
    offsetInPiece = offset % unit;
    return section.data.subspan(offset - offsetInPiece, unit);
  }
  const auto isTerminator = [&](std::size_t at) {
    const Bytes c = section.data.subspan(at, unit);
    return std::all_of(c.begin(), c.end(), [](std::uint8_t b) { return b == 0; });
  };
  std::size_t begin = 0;
  for (std::size_t at = 0; at < section.data.size(); at += unit) {
    if (!isTerminator(at))
      continue;
    if (offset < at + unit) {
      offsetInPiece = offset - static_cast<std::uint32_t>(begin);
      return section.data.subspan(begin, at + unit - begin);
    }
    begin = at + unit;
  }
  return {};
}

class Resolver {
public:
  Resolver(const ElfImage& plain, Firmware& firmware) : plain_(plain), firmware_(firmware) {
    for (const Symbol& symbol : plain.symbols)
      if (symbol.section != llvm::ELF::SHN_UNDEF && !symbol.isMapping())
        linked_.emplace(symbol.name, symbol.address());
    for (SectionId id = 0; id < firmware.sections.size(); ++id) {
      const LiveSection& live = firmware.sections[id];
      live_.emplace(keyOf(*live.object, live.index), id);
    }
    for (const auto& object : firmware.objects)
      for (const Symbol& symbol : object->elf.symbols)
        if (!symbol.isLocal() && symbol.section != llvm::ELF::SHN_UNDEF)
          definitions_.emplace(symbol.name, Definition{object.get(), &symbol});
  }

  void resolve(LiveSection& live) {
    const Section& section = live.elf();
    if (section.hasRela) {
      live.unusable = "its relocations have explicit addends (SHT_RELA)";
      for (const Relocation& relocation : section.relocations)
        pin(live, relocation, live.unusable);
    }
    for (std::size_t i = 0; i < section.relocations.size(); ++i) {
      const Relocation& relocation = section.relocations[i];
      const auto kind = relocationKind(relocation.type);
      if (!kind || std::uint64_t{relocation.offset} + kind->width > section.data.size()) {
        pin(live, relocation, relocationName(relocation.type));
        if (live.unusable.empty())
          live.unusable = fmt::format("{} at +{:#x} is not understood", relocationName(relocation.type),
                                      relocation.offset);
        continue;
      }
      if (kind->field == Field::None || kind->field == Field::Movt)
        continue; // a MOVT is part of its MOVW
      live.references.push_back(resolveOne(live, i, *kind));
      if (live.references.back().target == Reference::Target::Unresolved)
        pin(live, relocation, live.references.back().why);
    }
    markLoneMovt(live);
  }

  /// The map does not say where merged sections lie, so what they refer to, which is rare, cannot be
  /// followed.
  void pinFromMerged(const ObjectFile& object) {
    for (std::uint32_t i = 0; i < object.elf.sections.size(); ++i) {
      const Section& section = object.elf.sections[i];
      if (section.isAllocated() && section.isMergeable() && !live_.contains(keyOf(object, i)))
        for (const Relocation& relocation : section.relocations)
          pin(object, relocation,
              fmt::format("merged data refers to it: {}+{:#x}", section.name, relocation.offset));
    }
  }

private:
  /// A reference that is not understood may lead anywhere in the section of its symbol: that has to stay
  /// where the plain link has it.
  void pin(const LiveSection& from, const Relocation& relocation, const std::string& why) {
    pin(*from.object, relocation, fmt::format("{} at {}+{:#x}", why, from.title(), relocation.offset));
  }
  void pin(const ObjectFile& from, const Relocation& relocation, const std::string& why) {
    const Symbol& symbol = from.elf.symbols[relocation.symbol];
    const auto pinSection = [&](const ObjectFile& object, const Symbol& definition) {
      const auto found = live_.find(keyOf(object, definition.section));
      if (found != live_.end() && firmware_.sections[found->second].pinnedBy.empty())
        firmware_.sections[found->second].pinnedBy = why;
    };
    if (symbol.isLocal())
      return pinSection(from, symbol);
    const auto [begin, end] = definitions_.equal_range(symbol.name);
    for (auto it = begin; it != end; ++it)
      pinSection(*it->second.object, *it->second.symbol);
  }

  struct Definition {
    const ObjectFile* object;
    const Symbol* symbol;
  };
  using Key = std::pair<const ObjectFile*, std::uint32_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<const void*>()(key.first) * 31 + key.second;
    }
  };
  static Key keyOf(const ObjectFile& object, std::uint32_t index) { return {&object, index}; }

  /// The MOVT of the same symbol, register and addend that follows the MOVW at relocation `i`.
  static std::optional<std::uint32_t> movtOf(const Section& section, std::size_t i) {
    const Relocation& movw = section.relocations[i];
    const Bytes field = section.data.subspan(movw.offset, 4);
    for (std::size_t k = i + 1; k < section.relocations.size(); ++k) {
      const Relocation& movt = section.relocations[k];
      if (movt.type != llvm::ELF::R_ARM_THM_MOVT_ABS || movt.symbol != movw.symbol ||
          std::uint64_t{movt.offset} + 4 > section.data.size())
        continue;
      const Bytes other = section.data.subspan(movt.offset, 4);
      if (registerOf(other) == registerOf(field) && immediateOf(other) == immediateOf(field))
        return movt.offset;
    }
    return std::nullopt;
  }

  /// Every MOVT must be the second half of some MOVW, or it would go unchecked.
  static void markLoneMovt(LiveSection& live) {
    for (const Relocation& relocation : live.elf().relocations)
      if (relocation.type == llvm::ELF::R_ARM_THM_MOVT_ABS &&
          std::none_of(live.references.begin(), live.references.end(),
                       [&](const Reference& r) { return r.movtPlace == relocation.offset; }) &&
          live.unusable.empty())
        live.unusable = fmt::format("the MOVT at +{:#x} has no MOVW of the same symbol", relocation.offset);
  }

  /// S of the relocation in the plain link, without the Thumb bit, and what it names.
  struct Resolved {
    Address address = 0;
    const ObjectFile* object = nullptr; ///< where it is defined; nullptr: an absolute number
    const Symbol* symbol = nullptr;
  };

  std::optional<Address> placedAt(const ObjectFile& object, const Symbol& symbol) const {
    if (const auto found = live_.find(keyOf(object, symbol.section)); found != live_.end())
      return firmware_.sections[found->second].address + symbol.address();
    return std::nullopt;
  }

  /// The output's symbol table has hidden symbols as local ones, so a name may stand there more than once.
  bool isLinkedAt(std::string_view name, Address address) const {
    const auto [begin, end] = linked_.equal_range(name);
    return std::any_of(begin, end, [&](const auto& entry) { return entry.second == address; });
  }

  /// Empty `why` on success.
  Resolved resolveSymbol(const ObjectFile& object, const Symbol& symbol, std::string& why) const {
    if (symbol.section == llvm::ELF::SHN_ABS)
      return {symbol.address(), nullptr, &symbol};
    if (symbol.isLocal()) {
      if (!symbol.isDefinedInSection())
        why = "it refers to an undefined local symbol";
      else if (const auto address = placedAt(object, symbol))
        return {*address, &object, &symbol};
      else if (object.elf.sections[symbol.section].isMergeable())
        return {0, &object, &symbol};
      else
        why = fmt::format("it refers to {}, which the link discarded or folded",
                          object.elf.sections[symbol.section].name);
      return {};
    }
    const auto [begin, end] = definitions_.equal_range(symbol.name);
    for (auto it = begin; it != end; ++it) {
      const Definition& definition = it->second;
      if (definition.symbol->section == llvm::ELF::SHN_ABS &&
          isLinkedAt(symbol.name, definition.symbol->address()))
        return {definition.symbol->address(), nullptr, definition.symbol};
      if (!definition.symbol->isDefinedInSection())
        continue;
      if (const auto address = placedAt(*definition.object, *definition.symbol);
          address && isLinkedAt(symbol.name, *address))
        return {*address, definition.object, definition.symbol};
    }
    why = linked_.contains(symbol.name)
              ? fmt::format("it refers to {}, which no live input section defines", symbol.name)
              : fmt::format("it refers to {}, which is weak and undefined", symbol.name);
    return {};
  }

  Reference resolveOne(const LiveSection& live, std::size_t i, const RelocationKind& kind) const {
    const Section& section = live.elf();
    const Relocation& relocation = section.relocations[i];
    const Symbol& symbol = live.object->elf.symbols[relocation.symbol];
    Reference reference;
    reference.place = relocation.offset;
    reference.kind = kind;
    reference.symbol = std::string(symbol.name);
    if (kind.field == Field::Movw && !(reference.movtPlace = movtOf(section, i))) {
      reference.why = "its MOVW has no MOVT";
      return reference;
    }
    const Resolved resolved = resolveSymbol(*live.object, symbol, reference.why);
    if (!reference.why.empty())
      return reference;
    const std::uint32_t addend = addendOf(section, reference);
    reference.thumb = resolved.symbol->isThumbFunction();
    if (resolved.object == nullptr) {
      reference.value = resolved.address + addend;
      if (reference.thumb && !kind.isBranch())
        reference.value |= 1;
      reference.target = Reference::Target::Absolute;
    } else if (const Section& target = resolved.object->elf.sections[resolved.symbol->section];
               !live_.contains(keyOf(*resolved.object, resolved.symbol->section))) {
      // gABI: for a section symbol, the addend selects the piece; otherwise the symbol does.
      const bool bySection = resolved.symbol->type == llvm::ELF::STT_SECTION;
      const std::uint32_t start = resolved.symbol->value + (bySection ? addend : 0);
      reference.piece = pieceAt(target, start, reference.offset);
      reference.offset += bySection ? 0 : addend;
      if (reference.piece.empty() || reference.offset >= reference.piece.size())
        reference.why = fmt::format("it refers to a place outside {}", target.name);
      else if (linkedPiece(live, reference) != asText(reference.piece))
        reference.why = fmt::format("the plain link has other bytes for a piece of {}", target.name);
      else
        reference.target = Reference::Target::Piece;
      if (const auto linked = linkedTarget(live, reference);
          linked && (*linked - reference.offset) % target.alignment == 0)
        reference.pieceAlignment = target.alignment;
      return reference; // lld's place for a piece is not in the map
    } else {
      reference.section = live_.at(keyOf(*resolved.object, resolved.symbol->section));
      reference.offset = resolved.symbol->address() + addend;
      // Compilers address a table from before its start ("table - 4"); nothing else is meant than that table.
      constexpr std::int64_t kBeforeStart = -4096;
      const std::int64_t offset = static_cast<std::int32_t>(reference.offset);
      if (offset < kBeforeStart || offset > target.size)
        reference.why =
            fmt::format("it refers to {}+{:#x}, outside of that section", target.name, reference.offset);
      else
        reference.target = Reference::Target::Section;
    }
    if (!reference.why.empty())
      return reference;
    if (!agreesWithLink(live, reference, resolved.address + addend)) {
      reference.target = Reference::Target::Unresolved;
      reference.why = fmt::format("the plain link resolves {} in another way", reference.symbol);
    }
    return reference;
  }

  /// A of the relocation: implicit, in the field; for branches without the processor's offset of 4.
  static std::uint32_t addendOf(const Section& section, const Reference& reference) {
    const Bytes field = section.data.subspan(reference.place, reference.kind.width);
    if (reference.kind.field == Field::Movw) // AAELF32: the 16-bit immediate is a signed addend
      return static_cast<std::uint32_t>(static_cast<std::int16_t>(immediateOf(field)));
    return targetOf(reference.kind, field, 0);
  }

  std::optional<std::uint32_t> linkedTarget(const LiveSection& live, const Reference& reference) const {
    return referenceTarget([&](Address a, std::uint32_t size) { return bytesAt(plain_, a, size); }, reference,
                           live.address);
  }

  /// What the plain link has at the place of a piece, from its start.
  std::string_view linkedPiece(const LiveSection& live, const Reference& reference) const {
    const auto target = linkedTarget(live, reference);
    return target ? asText(bytesAt(plain_, *target - reference.offset,
                                   static_cast<std::uint32_t>(reference.piece.size())))
                  : std::string_view();
  }

  /// Do the bytes that lld wrote lead to `expected`?
  bool agreesWithLink(const LiveSection& live, const Reference& reference, Address expected) const {
    const auto linked = linkedTarget(live, reference);
    if (!linked)
      return false;
    if (!reference.kind.isBranch())
      return *linked == (reference.thumb ? expected | 1 : expected);
    const ReadImage read = [&](Address a, std::uint32_t size) { return bytesAt(plain_, a, size); };
    const auto stops = throughVeneers(read, *linked);
    return std::find(stops.begin(), stops.end(), expected) != stops.end();
  }

  const ElfImage& plain_;
  Firmware& firmware_;
  std::unordered_multimap<std::string_view, Address> linked_; ///< the output's symbols
  std::unordered_multimap<std::string_view, Definition> definitions_;
  std::unordered_map<Key, SectionId, KeyHash> live_;
};

} // namespace

std::optional<std::uint32_t> referenceTarget(const ReadImage& read, const Reference& reference,
                                             Address base) {
  const Bytes field = read(base + reference.place, reference.kind.width);
  if (field.size() != reference.kind.width)
    return std::nullopt;
  if (reference.kind.field != Field::Movw)
    return targetOf(reference.kind, field, base + reference.place);
  const Bytes movt = read(base + *reference.movtPlace, 4);
  if (movt.size() != 4)
    return std::nullopt;
  return std::uint32_t{immediateOf(field)} | std::uint32_t{immediateOf(movt)} << 16;
}

std::vector<Address> throughVeneers(const ReadImage& read, Address target) {
  constexpr std::size_t kHops = 4;
  std::vector<Address> stops = {target};
  while (stops.size() <= kHops) {
    const auto next = veneerTarget(read, stops.back());
    if (!next)
      break;
    stops.push_back(*next);
  }
  return stops;
}

Bytes bytesAt(const ElfImage& image, Address address, std::uint32_t size) {
  for (const Section& section : image.sections)
    if (section.isAllocated() && !section.data.empty() && address >= section.address &&
        std::uint64_t{address} + size <= std::uint64_t{section.address} + section.size)
      return section.data.subspan(address - section.address, size);
  return {};
}

void resolveReferences(const ElfImage& plain, Firmware& firmware) {
  Resolver resolver(plain, firmware);
  for (const auto& object : firmware.objects)
    resolver.pinFromMerged(*object);
  for (LiveSection& live : firmware.sections) {
    // In a (NOLOAD) output section the object's contents, and with them its references, are not in the image.
    const Section* output = plain.findSection(live.output, live.address);
    const bool loaded = output == nullptr || output->type != llvm::ELF::SHT_NOBITS;
    if (loaded && live.elf().type != llvm::ELF::SHT_NOBITS)
      resolver.resolve(live);
  }
}

} // namespace romlink::relink
