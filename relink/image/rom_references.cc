#include "relink/image/rom_references.h"

#include "relink/image/arm_relocation.h"
#include "relink/image/moved_address.h"
#include "relink/image/thumb_code.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/Endian.h>
#include <map>
#include <tuple>
#include <utility>

namespace romlink::relink {
namespace {

using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using Kind = RomReferenceEdge::Kind;

/// A chain of veneers is no longer; code may loop.
constexpr int kMostVeneers = 4;
/// Numbers below are more often counts than addresses: those that code uses lead into code only where a
/// symbol stands. Otherwise, in a ROM at address 0, everything would lead everywhere.
constexpr std::uint32_t kUsualNumbers = 0x10000;

class Finder {
public:
  Finder(const ElfImage& elf, const RomLayout& layout)
      : elf_(elf), layout_(layout),
        read_([&layout](Address a, std::uint32_t s) { return layout.read(a, s); }) {}

  std::vector<RomReferenceEdge> run() {
    for (const RomLayout::Span& span : layout_.spans()) {
      const RomPart& part = layout_.parts()[span.part];
      if (part.use == RomPart::Use::Zeroed)
        continue;
      if (span.content != Content::Data)
        decode(span, bytesOf(span));
      if (span.content != Content::Code)
        scan(span.range.address, bytesOf(span), elf_.sections[part.section].name.starts_with(".ARM.ex"));
    }
    for (const RomPart& part : layout_.parts())
      if (part.use != RomPart::Use::Zeroed)
        followRelocations(elf_.sections[part.section]);
    followSelfRelativeLiterals();
    std::sort(edges_.begin(), edges_.end());
    const auto samePair = [](const auto& a, const auto& b) {
      return a.place == b.place && a.target == b.target;
    };
    edges_.erase(std::unique(edges_.begin(), edges_.end(), samePair), edges_.end());
    return std::move(edges_);
  }

private:
  void add(Address place, Address target, Kind kind) { edges_.push_back({place, target, kind}); }

  bool isKnown(Address address) const { return layout_.contentAt(address) != Content::Nothing; }

  void branch(Address place, Address target) {
    add(place, target, Kind::Branch);
    for (int hops = 0; hops < kMostVeneers; ++hops) {
      const auto next = veneerTarget(read_, target);
      if (!next || *next == target)
        break;
      target = *next;
      add(place, target, Kind::Branch);
    }
  }

  /// Adds the edges of a number that may be an address.
  void value(Address place, std::uint32_t number, Kind kind) {
    if (number <= 1)
      return;
    const Address even = number & ~1U;
    const Content at = layout_.contentAt(even);
    const bool isCode = at == Content::Code || at == Content::Either;
    const bool likely = number >= kUsualNumbers || !layout_.isInFunction(place);
    if ((number & 1) != 0 && isCode && (likely || layout_.isSymbol(even)))
      add(place, even, kind);
    if (layout_.contentAt(number) == Content::Data || layout_.isSymbol(number) ||
        (isCode && likely && ((number & 1) == 0 || at == Content::Either)))
      add(place, number, kind);
  }

  /// Of its own part: two parts may run at one address, one after the other.
  [[nodiscard]] Bytes bytesOf(const RomLayout::Span& span) const {
    const RomPart& part = layout_.parts()[span.part];
    return part.bytes.subspan(span.range.address - part.range.address, span.range.size);
  }

  /// Every aligned word.
  void scan(Address address, Bytes data, bool exceptionTable) {
    for (std::size_t at = -address & 3; at + 4 <= data.size(); at += 4) {
      const Address place = address + static_cast<Address>(at);
      const std::uint32_t word = read32le(data.data() + at);
      value(place, word, Kind::Word);
      if (exceptionTable && (word & 0x80000000) == 0) {
        const Address target = place + (word | (word & 0x40000000) << 1);
        if (isKnown(target))
          add(place, target & ~1U, Kind::Word);
      }
    }
  }

  void decode(const RomLayout::Span& span, Bytes code) {
    const bool certain = span.content == Content::Code;
    if (certain)
      runOn(span, code);
    std::vector<Address> targets;
    const auto forEach = [&](const auto& visit) {
      for (std::size_t at = 0; at + 2 <= code.size(); at += certain ? thumbSize(code.subspan(at)) : 2)
        visit(code.subspan(at), static_cast<Address>(span.range.address + at));
    };
    forEach([&](Bytes instruction, Address place) {
      const auto found = thumbReference(instruction, place);
      if (!found || (!certain && !isKnown(found->target)))
        return;
      instructionRefersTo(place, *found);
      if (found->kind == ThumbReference::Kind::Branch)
        targets.push_back(found->target);
    });
    std::sort(targets.begin(), targets.end());
    MovedAddress moved(targets);
    forEach([&](Bytes instruction, Address place) {
      if (layout_.isSymbol(place))
        moved.startFunction();
      for (const std::uint32_t number : moved.step(instruction, place, literalOf(instruction, place)))
        value(place, number, Kind::Made);
    });
  }

  /// A function whose last instruction does not end the flow of control leads to what stands behind it.
  void runOn(const RomLayout::Span& span, Bytes code) {
    std::optional<std::size_t> last; // that is no padding
    bool ends = true;
    for (std::size_t at = 0; at + 2 <= code.size(); at += thumbSize(code.subspan(at))) {
      const std::uint32_t first = read16le(code.data() + at);
      const std::uint32_t second = at + 4 <= code.size() ? read16le(code.data() + at + 2) : 0;
      if (isNop(first, second) || first == 0)
        continue;
      last = at;
      ends = endsFlow(first, second);
    }
    constexpr Address kMostPadding = 16;
    if (!last || ends)
      return;
    const auto end = static_cast<Address>(span.range.end());
    Address next = end;
    while (next - end < kMostPadding && !layout_.isSymbol(next))
      next += 2;
    next = layout_.isSymbol(next) ? next : end;
    if (isKnown(next))
      add(span.range.address + static_cast<Address>(*last), next, Kind::Branch);
  }

  /// The word that an instruction loads from beside the PC.
  [[nodiscard]] std::optional<std::uint32_t> literalOf(Bytes instruction, Address place) const {
    const auto found = thumbReference(instruction, place);
    if (!found || found->kind != ThumbReference::Kind::LiteralWord)
      return std::nullopt;
    const Bytes word = read_(found->target, 4);
    return word.empty() ? std::nullopt : std::optional<std::uint32_t>(read32le(word.data()));
  }

  void instructionRefersTo(Address place, const ThumbReference& found) {
    if (found.kind == ThumbReference::Kind::Branch)
      return branch(place, found.target);
    if (isKnown(found.target))
      add(place, found.target, Kind::Made);
    if (found.kind == ThumbReference::Kind::Adr)
      taken_.push_back(found.target);
    const Bytes word = read_(found.target, 4);
    if (word.empty())
      return;
    if (found.kind == ThumbReference::Kind::LiteralWord)
      loaded_.push_back(found.target);
    if (found.kind == ThumbReference::Kind::LiteralWord)
      value(place, read32le(word.data()), Kind::Made);
    else if (found.kind == ThumbReference::Kind::LiteralJump && isKnown(read32le(word.data()) & ~1U))
      branch(place, read32le(word.data()) & ~1U);
  }

  /// A literal that is loaded and whose address is taken, too, holds a distance from itself.
  void followSelfRelativeLiterals() {
    for (std::vector<Address>* places : {&loaded_, &taken_})
      std::sort(places->begin(), places->end());
    for (const Address place : loaded_)
      if (std::binary_search(taken_.begin(), taken_.end(), place)) {
        const Address target = place + read32le(read_(place, 4).data());
        if (isKnown(target & ~1U))
          add(place, target & ~1U, Kind::Made);
      }
  }

  /// In a linked file a relocation's offset is an address.
  void followRelocations(const Section& section) {
    parts_.clear();
    for (const Relocation& relocation : section.relocations) {
      const Address place = relocation.offset;
      const Symbol& symbol = elf_.symbols[relocation.symbol];
      // The bytes say more than the symbol where the symbol stands for a section.
      if (symbol.isDefinedInSection() && symbol.type != llvm::ELF::STT_SECTION && isKnown(symbol.address()))
        add(place, symbol.address(), isBranch(relocation) ? Kind::Branch : Kind::Made);
      const auto kind = relocationKind(relocation.type);
      if (!kind)
        continue;
      const Bytes field = read_(place, kind->width);
      if (field.empty() || field.size() != kind->width)
        continue;
      if (kind->isBranch())
        branch(place, targetOf(*kind, field, place));
      else if (kind->isPart())
        part(relocation, *kind, field);
      else if (kind->field != Field::None)
        certainValue(place, targetOf(*kind, field, place));
    }
  }

  /// One of several instructions that make an address. Those of one symbol and register belong together.
  void part(const Relocation& relocation, const RelocationKind& kind, Bytes field) {
    auto& [first, made] = parts_[{relocation.symbol, registerOf(kind, field)}];
    if (kind.step() == 0)
      std::tie(first, made) = std::pair(relocation.offset, kind.relative ? relocation.offset : 0U);
    made += partOf(kind, field, kind.step());
    if (kind.step() + 1 == kind.parts())
      certainValue(first, made);
  }

  static bool isBranch(const Relocation& relocation) {
    const auto kind = relocationKind(relocation.type);
    return kind && kind->isBranch();
  }

  /// What a relocation says is an address: also the inside of a function.
  void certainValue(Address place, std::uint32_t number) {
    const Content at = layout_.contentAt(number);
    if (at != Content::Nothing)
      add(place, at == Content::Data ? number : number & ~1U, Kind::Made);
    value(place, number, Kind::Made);
  }

  const ElfImage& elf_;
  const RomLayout& layout_;
  const ReadImage read_;
  std::vector<RomReferenceEdge> edges_;
  /// Where the code begins to make an address and what it has of it, by symbol and register.
  std::map<std::pair<std::uint32_t, unsigned>, std::pair<Address, std::uint32_t>> parts_;
  std::vector<Address> loaded_; ///< words that instructions load from beside the PC
  std::vector<Address> taken_;  ///< addresses that ADR makes
};

} // namespace

std::vector<RomReferenceEdge> romReferences(const ElfImage& elf, const RomLayout& layout) {
  return Finder(elf, layout).run();
}

} // namespace romlink::relink
