#include "relink/match/references.h"

#include "relink/match/code_facts.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <map>
#include <tuple>
#include <unordered_map>

namespace romlink::relink {
namespace {

/// The symbols that only the second link may define (include/romlink/rom_id.h).
bool isRomId(std::string_view name) {
  return name == "romlink_rom_id" || name == "romlink_rom_id_end";
}

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

constexpr std::size_t kNone = ~std::size_t{0};

/// For each relocation that is one of several parts of an address, the relocation of the next part: of the
/// same symbol, register and addend, the first that follows. kNone: there is none, or it is no part.
std::vector<std::size_t> nextParts(const Section& section) {
  // family, step, symbol, register, addend
  using Key = std::tuple<std::uint32_t, unsigned, std::uint32_t, unsigned, std::uint32_t>;
  std::map<Key, std::size_t> following;
  std::vector<std::size_t> next(section.relocations.size(), kNone);
  for (std::size_t i = next.size(); i-- > 0;) {
    const Relocation& relocation = section.relocations[i];
    const auto kind = relocationKind(relocation.type);
    if (!kind || !kind->isPart() || std::uint64_t{relocation.offset} + kind->width > section.data.size())
      continue;
    const Bytes field = section.data.subspan(relocation.offset, kind->width);
    // The parts of one distance have addends that differ as their places do.
    const std::uint32_t addend = addendOf(*kind, field) - (kind->relative ? relocation.offset : 0);
    Key key{kind->family, kind->step(), relocation.symbol, registerOf(*kind, field), addend};
    following[key] = i;
    ++std::get<1>(key);
    if (const auto found = following.find(key); found != following.end())
      next[i] = found->second;
  }
  return next;
}

class Resolver {
public:
  Resolver(const ElfImage& plain, const Constants& constants, Firmware& firmware)
      : plain_(plain), constants_(constants), firmware_(firmware) {
    linked_.reserve(plain.symbols.size());
    live_.reserve(firmware.sections.size());
    definitions_.reserve(plain.symbols.size());
    for (const Symbol& symbol : plain.symbols)
      if (symbol.section != llvm::ELF::SHN_UNDEF && !symbol.isMapping())
        linked_.emplace(symbol.name, Linked{symbol.address(), symbol.section == llvm::ELF::SHN_ABS});
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
    const auto next = nextParts(section);
    live.references.reserve(section.relocations.size());
    std::vector<bool> belongs(next.size(), false); // to the parts of some reference
    for (std::size_t i = 0; i < next.size(); ++i) {
      const Relocation& relocation = section.relocations[i];
      const auto kind = relocationKind(relocation.type);
      if (!kind || std::uint64_t{relocation.offset} + kind->width > section.data.size()) {
        pin(live, relocation, relocationName(relocation.type));
        if (live.unusable.empty())
          live.unusable = fmt::format("{} at +{:#x} is not understood", relocationName(relocation.type),
                                      relocation.offset);
        continue;
      }
      if (kind->field == Field::None || (kind->isPart() && kind->step() > 0))
        continue; // the first part stands for all
      live.references.push_back(resolveOne(live, *kind, i, next, belongs));
      if (live.references.back().target == Reference::Target::Unresolved)
        pin(live, relocation, live.references.back().why);
    }
    refuseLoneParts(live, belongs);
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

  /// A part of an address that no reference covers would go unchecked.
  void refuseLoneParts(LiveSection& live, const std::vector<bool>& belongs) {
    for (std::size_t i = 0; i < belongs.size(); ++i) {
      const Relocation& relocation = live.elf().relocations[i];
      const auto kind = relocationKind(relocation.type);
      if (!kind || !kind->isPart() || kind->step() == 0 || belongs[i])
        continue;
      const std::string why =
          fmt::format("the {} at +{:#x} belongs to no address", kind->name, relocation.offset);
      pin(live, relocation, why);
      if (live.unusable.empty())
        live.unusable = why;
    }
  }

  struct Definition {
    const ObjectFile* object;
    const Symbol* symbol;
  };
  struct Linked {
    Address address;
    bool absolute;
  };
  using Key = std::pair<const ObjectFile*, std::uint32_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<const void*>()(key.first) * 31 + key.second;
    }
  };
  static Key keyOf(const ObjectFile& object, std::uint32_t index) { return {&object, index}; }

  /// S of the relocation in the plain link, without the Thumb bit, and what it names.
  struct Resolved {
    Address address = 0;
    const ObjectFile* object = nullptr; ///< where it is defined; nullptr: a number
    const Symbol* symbol = nullptr;
    bool undefinedWeak = false;
  };

  std::optional<Address> placedAt(const ObjectFile& object, const Symbol& symbol) const {
    if (const auto found = live_.find(keyOf(object, symbol.section)); found != live_.end())
      return firmware_.sections[found->second].address + symbol.address();
    return std::nullopt;
  }

  /// The output's symbol table has hidden symbols as local ones, so a name may stand there more than once.
  bool isLinkedAt(std::string_view name, Linked place) const {
    const auto [begin, end] = linked_.equal_range(name);
    return std::any_of(begin, end, [&](const auto& entry) {
      return entry.second.address == place.address && (entry.second.absolute || !place.absolute);
    });
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
          isLinkedAt(symbol.name, {definition.symbol->address(), false}))
        return {definition.symbol->address(), nullptr, definition.symbol};
      if (!definition.symbol->isDefinedInSection())
        continue;
      if (const auto address = placedAt(*definition.object, *definition.symbol);
          address && isLinkedAt(symbol.name, {*address, false}))
        return {*address, definition.object, definition.symbol};
    }
    if (const auto constant = constants_.find(symbol.name);
        constant != constants_.end() && isLinkedAt(symbol.name, {constant->second, true}))
      return {constant->second, nullptr, &symbol};
    if (linked_.contains(symbol.name))
      why = fmt::format("it refers to {}, which no live input section defines", symbol.name);
    else if (symbol.binding != llvm::ELF::STB_WEAK || isRomId(symbol.name))
      why = fmt::format("it refers to {}, which the link leaves undefined", symbol.name);
    else
      return {0, nullptr, &symbol, true};
    return {};
  }

  Reference resolveOne(const LiveSection& live, RelocationKind kind, std::size_t i,
                       const std::vector<std::size_t>& next, std::vector<bool>& belongs) const {
    const Section& section = live.elf();
    const Relocation& relocation = section.relocations[i];
    const Symbol& symbol = live.object->elf.symbols[relocation.symbol];
    Reference reference;
    reference.place = relocation.offset;
    reference.symbol = symbol.name;
    reference.kind = kind;
    for (unsigned n = 1; n < kind.parts(); ++n, i = next[i]) {
      if (next[i] == kNone) {
        reference.why = fmt::format("the {} at +{:#x} is not followed by the other parts of its address",
                                    kind.name, relocation.offset);
        return reference;
      }
      reference.rest[n - 1] = section.relocations[next[i]].offset;
      belongs[next[i]] = true;
    }
    resolveTarget(live, symbol, reference);
    if (relocation.type == llvm::ELF::R_ARM_TARGET2 && reference.target == Reference::Target::Unresolved) {
      Reference absolute = reference;
      absolute.kind = relocationKind(llvm::ELF::R_ARM_ABS32).value_or(kind);
      absolute.why.clear();
      resolveTarget(live, symbol, absolute);
      if (absolute.target != Reference::Target::Unresolved)
        return absolute;
    }
    return reference;
  }

  void resolveTarget(const LiveSection& live, const Symbol& symbol, Reference& reference) const {
    const Resolved resolved = resolveSymbol(*live.object, symbol, reference.why);
    if (resolved.symbol == nullptr)
      return; // `why` says so
    const std::uint32_t addend =
        addendOf(reference.kind, live.elf().data.subspan(reference.place, reference.kind.width));
    reference.thumb = resolved.symbol->isThumbFunction();
    if (resolved.undefinedWeak && (reference.kind.isBranch() || reference.kind.relative))
      return resolveNoCall(live, addend, reference);
    if (resolved.object == nullptr) {
      reference.value = resolved.address + addend;
      if (reference.kind.isBranch())
        reference.value &= ~1U;
      else if (reference.thumb)
        reference.value |= 1;
      reference.target = Reference::Target::Absolute;
    } else if (!live_.contains(keyOf(*resolved.object, resolved.symbol->section))) {
      return resolvePiece(live, resolved, addend, reference); // lld's place for a piece is not in the map
    } else {
      reference.section = live_.at(keyOf(*resolved.object, resolved.symbol->section));
      reference.offset = resolved.symbol->address() + addend;
      const Section& target = firmware_.sections[reference.section].elf();
      if (!mayMean(target, live.elf(), reference))
        reference.why =
            fmt::format("it refers to {}+{:#x}, outside of that section", target.name, reference.offset);
      else
        reference.target = Reference::Target::Section;
    }
    const Address expected = reference.target == Reference::Target::Absolute && reference.kind.isBranch()
                                 ? reference.value
                                 : resolved.address + addend;
    if (reference.why.empty() && !agreesWithLink(live, reference, expected)) {
      reference.target = Reference::Target::Unresolved;
      reference.why = fmt::format("the plain link resolves {} in another way", reference.symbol);
    }
  }

  /// Does the reference mean a place in `target`, and nothing beside it? Compilers address a table from
  /// before its start ("table - 4"). A distance may be from any place of the section that holds it: "table -
  /// (here + 4)".
  static bool mayMean(const Section& target, const Section& holder, const Reference& reference) {
    constexpr std::int64_t kBeforeStart = 4096;
    constexpr std::int64_t kProgramCounter = 8; // it reads that much ahead, rounded up
    const std::int64_t from = reference.kind.relative ? std::int64_t{holder.size} + kProgramCounter : 0;
    const std::int64_t offset = static_cast<std::int32_t>(reference.offset);
    return offset >= -kBeforeStart - from && offset <= target.size + from;
  }

  /// gABI: for a section symbol, the addend selects the piece; otherwise the symbol does.
  void resolvePiece(const LiveSection& live, const Resolved& resolved, std::uint32_t addend,
                    Reference& reference) const {
    const Section& target = resolved.object->elf.sections[resolved.symbol->section];
    const bool bySection = resolved.symbol->type == llvm::ELF::STT_SECTION;
    reference.piece = pieceAt(target, resolved.symbol->value + (bySection ? addend : 0), reference.offset);
    reference.offset += bySection ? 0 : addend;
    if (reference.piece.empty() || (!reference.kind.relative && reference.offset >= reference.piece.size()))
      reference.why = fmt::format("it refers to a place outside {}", target.name);
    else if (linkedPiece(live, reference) != asText(reference.piece))
      reference.why = fmt::format("the plain link has other bytes for a piece of {}", target.name);
    else
      reference.target = Reference::Target::Piece;
    if (const auto linked = linkedTarget(live, reference);
        linked && (*linked - reference.offset) % target.alignment == 0)
      reference.pieceAlignment = target.alignment;
  }

  /// A BL to an undefined weak function goes on behind itself, so it does nothing. After any other branch, or
  /// from the end of the section, control would run on into what the link places there.
  void resolveNoCall(const LiveSection& live, std::uint32_t addend, Reference& reference) const {
    const auto linked = linkedTarget(live, reference);
    if (reference.kind.type == llvm::ELF::R_ARM_THM_CALL && addend == 0 && linked &&
        *linked == live.address + reference.place + 4 &&
        goesOnAt(live.object->elf, live.index, reference.place + 4))
      reference.target = Reference::Target::NoCall;
    else
      reference.why = fmt::format("it refers to {}, which is weak and undefined", reference.symbol);
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
  const Constants& constants_;
  Firmware& firmware_;
  std::unordered_multimap<std::string_view, Linked> linked_; ///< the output's symbols
  std::unordered_multimap<std::string_view, Definition> definitions_;
  std::unordered_map<Key, SectionId, KeyHash> live_;
};

} // namespace

std::optional<std::uint32_t> referenceTarget(const ReadImage& read, const Reference& reference,
                                             Address base) {
  const RelocationKind& kind = reference.kind;
  const Bytes field = read(base + reference.place, kind.width);
  if (field.size() != kind.width)
    return std::nullopt;
  if (!kind.isPart())
    return targetOf(kind, field, base + reference.place);
  std::uint32_t target = partOf(kind, field, 0);
  for (unsigned step = 1; step < kind.parts(); ++step) {
    const Bytes part = read(base + reference.rest[step - 1], kind.width);
    if (part.size() != kind.width)
      return std::nullopt;
    target |= partOf(kind, part, step);
  }
  return target + (kind.relative ? base + reference.place : 0);
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

void resolveReferences(const ElfImage& plain, const Constants& constants, Firmware& firmware) {
  Resolver resolver(plain, constants, firmware);
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
