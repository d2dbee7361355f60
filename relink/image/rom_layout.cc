#include "relink/image/rom_layout.h"

#include <algorithm>
#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {
namespace {

/// The section's bytes in flash, from the segment that loads them where they run; empty if there is none. The
/// segment decides what is in flash, whatever the section header says.
Bytes inPlace(const ElfImage& elf, const Section& section) {
  for (const Segment& segment : elf.loadSegments) {
    const AddressRange inFile{segment.virtualAddress, static_cast<std::uint32_t>(segment.data.size())};
    if (segment.virtualAddress == segment.physicalAddress &&
        inFile.contains(AddressRange{section.address, section.size}))
      return segment.data.subspan(section.address - segment.virtualAddress, section.size);
  }
  return {};
}

/// Linkers call code writable if the script puts .init_array into it. Where it runs from flash it is not.
bool isNamedAsCode(const Section& section) {
  return section.isExecutable() && (section.name.starts_with(".text") || section.name.starts_with("ER_"));
}

/// The element of a sorted sequence that begins last at or before `address`, or end.
template <typename Ranges>
auto lastAt(const Ranges& ranges, Address address) {
  auto after = std::upper_bound(ranges.begin(), ranges.end(), address,
                                [](Address a, const auto& r) { return a < r.range.address; });
  return after == ranges.begin() ? ranges.end() : std::prev(after);
}

} // namespace

RomLayout::RomLayout(const ElfImage& elf) {
  for (std::uint32_t i = 0; i < elf.sections.size(); ++i) {
    const Section& section = elf.sections[i];
    const bool fits = std::uint64_t{section.address} + section.size <= 0x1'0000'0000U;
    if (!section.isAllocated() || section.size == 0 || !fits)
      continue;
    RomPart part{{section.address, section.size}, {}, RomPart::Use::Zeroed, section.isExecutable(), false, i};
    const bool hasBytes = section.type != llvm::ELF::SHT_NOBITS && section.data.size() == section.size;
    const Bytes flash = hasBytes ? inPlace(elf, section) : Bytes();
    part.writable = section.isWritable() && (flash.empty() || !isNamedAsCode(section));
    if (hasBytes) {
      part.use = flash.empty() || part.writable ? RomPart::Use::Loaded : RomPart::Use::InPlace;
      part.bytes = flash.empty() ? section.data : flash;
    }
    // GNU ld calls a section read-only that holds code and variables for RAM.
    part.writable |= part.use != RomPart::Use::InPlace;
    parts_.push_back(part);
  }
  std::stable_sort(parts_.begin(), parts_.end(),
                   [](const RomPart& a, const RomPart& b) { return a.range < b.range; });
  for (const Symbol& symbol : elf.symbols) {
    if (!symbol.isDefinedInSection() || !elf.sections[symbol.section].isAllocated() || symbol.isMapping())
      continue;
    symbols_.push_back(symbol.address());
    if (symbol.isFunction() && symbol.size > 0)
      functions_.push_back({symbol.address(), symbol.size});
  }
  std::sort(symbols_.begin(), symbols_.end());
  std::sort(functions_.begin(), functions_.end());
  for (const AddressRange& function : functions_)
    reach_.push_back(std::max(reach_.empty() ? 0 : reach_.back(), function.end()));
  for (std::uint32_t i = 0; i < parts_.size(); ++i)
    cut(elf, i);
  std::stable_sort(spans_.begin(), spans_.end(),
                   [](const Span& a, const Span& b) { return a.range.address < b.range.address; });
}

/// Adds the part's spans. Before its first mapping symbol nothing tells what it holds.
void RomLayout::cut(const ElfImage& elf, std::uint32_t index) {
  const RomPart& part = parts_[index];
  std::vector<std::pair<Address, Content>> marks = {
      {part.range.address, part.executable ? Content::Either : Content::Data}};
  if (part.executable)
    for (const Symbol& symbol : elf.symbols)
      if (symbol.section == part.section && symbol.isMapping() && part.range.contains(symbol.value))
        marks.emplace_back(symbol.value, symbol.name[1] == 't'   ? Content::Code
                                         : symbol.name[1] == 'd' ? Content::Data
                                                                 : Content::Either);
  std::stable_sort(marks.begin(), marks.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const std::uint64_t end = i + 1 < marks.size() ? marks[i + 1].first : part.range.end();
    if (end > marks[i].first)
      addSpans({{marks[i].first, static_cast<std::uint32_t>(end - marks[i].first)}, marks[i].second, index});
  }
}

/// Code is certain inside of functions only: constants of clang have no mapping symbols, and where a linker
/// script puts them behind code into one section, the code's last mapping symbol seems to hold for them.
void RomLayout::addSpans(const Span& span) {
  if (span.content != Content::Code) {
    spans_.push_back(span);
    return;
  }
  std::uint64_t at = span.range.address;
  const auto addUpTo = [&](std::uint64_t end, Content content) {
    end = std::min(end, span.range.end());
    if (end > at)
      spans_.push_back(
          {{static_cast<Address>(at), static_cast<std::uint32_t>(end - at)}, content, span.part});
    at = std::max(at, end);
  };
  // The first function that may reach into the span: none before has a larger end.
  auto function = std::lower_bound(reach_.begin(), reach_.end(), at + 1) - reach_.begin();
  for (; static_cast<std::size_t>(function) < functions_.size() && at < span.range.end(); ++function) {
    const AddressRange& range = functions_[static_cast<std::size_t>(function)];
    if (range.address >= span.range.end())
      break;
    addUpTo(range.address, Content::Either);
    addUpTo(range.end(), Content::Code);
  }
  addUpTo(span.range.end(), Content::Either);
}

Content RomLayout::contentAt(Address address) const {
  const auto span = lastAt(spans_, address);
  return span != spans_.end() && span->range.contains(address) ? span->content : Content::Nothing;
}

Bytes RomLayout::read(Address address, std::uint32_t size) const {
  const auto part = lastAt(parts_, address);
  if (part == parts_.end() || part->bytes.empty() || !part->range.contains(AddressRange{address, size}))
    return {};
  return part->bytes.subspan(address - part->range.address, size);
}

bool RomLayout::isSymbol(Address address) const {
  return std::binary_search(symbols_.begin(), symbols_.end(), address);
}

bool RomLayout::isInFunction(Address address) const {
  const auto after =
      std::upper_bound(functions_.begin(), functions_.end(), AddressRange{address, UINT32_MAX});
  return after != functions_.begin() &&
         reach_[static_cast<std::size_t>(after - functions_.begin()) - 1] > address;
}

} // namespace romlink::relink
