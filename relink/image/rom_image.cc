#include "relink/image/rom_image.h"

#include "base/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {
namespace {

/// No Cortex-M flash is larger; more than this between two segments means a RAM address got into the load
/// addresses.
constexpr std::uint64_t kLargestFlash = 256ULL << 20;

/// The section's bytes in flash, from the segment that loads them where they run; empty if there is none. The
/// segment decides what is in flash, whatever the section header says.
Bytes inPlace(const ElfImage& image, const Section& section) {
  for (const Segment& segment : image.loadSegments) {
    const AddressRange inFile{segment.virtualAddress, static_cast<std::uint32_t>(segment.data.size())};
    if (segment.virtualAddress == segment.physicalAddress &&
        inFile.contains(AddressRange{section.address, section.size}))
      return segment.data.subspan(section.address - segment.virtualAddress, section.size);
  }
  return {};
}

/// Linkers call .text writable if the script puts .init_array into it. Where it runs from flash it is not.
bool isCodeInFlash(const ElfImage& image, const Section& section) {
  return section.isExecutable() && section.name.starts_with(".text") && !inPlace(image, section).empty();
}

} // namespace

Result<FlashImage> flashImageOf(const ElfImage& elf, const std::string& where) {
  std::vector<const Segment*> segments;
  for (const Segment& segment : elf.loadSegments)
    if (!segment.data.empty())
      segments.push_back(&segment);
  if (segments.empty())
    return fail(ErrorCode::Malformed, "the ELF has no flash content", where,
                "it has no PT_LOAD segment with bytes", "give the linked image, not an object file");
  std::sort(segments.begin(), segments.end(),
            [](const auto* a, const auto* b) { return a->physicalAddress < b->physicalAddress; });
  FlashImage image;
  image.base = segments.front()->physicalAddress;
  std::uint64_t end = image.base;
  for (const Segment* segment : segments) {
    const std::uint64_t begin = segment->physicalAddress;
    if (begin < end)
      return fail(ErrorCode::Malformed, "two segments overlap", where,
                  fmt::format("both load bytes at {:#010x}", begin));
    if (begin + segment->data.size() - image.base > kLargestFlash)
      return fail(ErrorCode::Malformed, "the load addresses span more than one flash", where,
                  fmt::format("from {:#010x} to {:#010x}", image.base, begin + segment->data.size()),
                  "sections without contents in RAM need (NOLOAD) in the linker script");
    if (begin == end && !image.ranges.empty())
      image.ranges.back().size += static_cast<std::uint32_t>(segment->data.size());
    else
      image.ranges.push_back({static_cast<Address>(begin), static_cast<std::uint32_t>(segment->data.size())});
    image.bytes.resize(begin - image.base, 0xff);
    image.bytes.insert(image.bytes.end(), segment->data.begin(), segment->data.end());
    end = begin + segment->data.size();
  }
  while (!image.bytes.empty() && image.bytes.back() == 0xff)
    image.bytes.pop_back();
  return image;
}

Result<RomImage> RomImage::read(const std::filesystem::path& elf, std::vector<AddressRange> volatileRanges) {
  const std::string where = elf.filename().string();
  RomImage rom;
  ROMLINK_ASSIGN(rom.content_, readFile(elf));
  ROMLINK_ASSIGN(const auto image, ElfImage::read(rom.content_, where));
  ROMLINK_ASSIGN(const auto flash, flashImageOf(image, where));
  rom.flash_ = flash.ranges;
  rom.imageSize_ = static_cast<std::uint32_t>(flash.bytes.size());
  rom.volatile_ = std::move(volatileRanges);
  for (const Section& section : image.sections) {
    if (!section.isAllocated() || section.size == 0)
      continue;
    if (section.isWritable() && !isCodeInFlash(image, section))
      rom.writable_.push_back({section.address, section.size});
    else if (const Bytes bytes = inPlace(image, section);
             section.type != llvm::ELF::SHT_NOBITS && !bytes.empty())
      rom.regions_.push_back({{section.address, section.size}, bytes, section.isExecutable()});
  }
  std::sort(rom.regions_.begin(), rom.regions_.end(),
            [](const Region& a, const Region& b) { return a.range < b.range; });
  for (const Symbol& symbol : image.symbols)
    if ((symbol.isFunction() || symbol.isObject()) && symbol.isDefinedInSection())
      rom.symbols_.push_back({symbol.name, symbol.address(), symbol.size, symbol.isFunction()});
  std::stable_sort(rom.symbols_.begin(), rom.symbols_.end(),
                   [](const RomSymbol& a, const RomSymbol& b) { return a.address < b.address; });
  for (std::size_t i = 0; i < rom.symbols_.size(); ++i)
    rom.byName_.emplace(rom.symbols_[i].name, i);
  return rom;
}

const RomImage::Region* RomImage::regionAt(Address address) const {
  auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                [](Address a, const Region& r) { return a < r.range.address; });
  if (after == regions_.begin())
    return nullptr;
  const Region& region = *std::prev(after);
  return region.range.contains(address) ? &region : nullptr;
}

Bytes RomImage::readOnly(Address address, std::uint32_t size, bool executable) const {
  const Region* region = regionAt(address);
  const AddressRange wanted{address, size};
  if (region == nullptr || !region->range.contains(wanted) || (executable && !region->executable))
    return {};
  for (const AddressRange& range : volatile_)
    if (range.overlaps(wanted))
      return {};
  return region->bytes.subspan(address - region->range.address, size);
}

Bytes RomImage::readOnlyUpTo(Address address, std::uint32_t limit) const {
  const Region* region = regionAt(address);
  if (region == nullptr)
    return {};
  std::uint64_t end = std::min<std::uint64_t>(region->range.end(), std::uint64_t{address} + limit);
  for (const AddressRange& range : volatile_)
    if (range.end() > address)
      end = std::min<std::uint64_t>(end, std::max(range.address, address));
  return region->bytes.subspan(address - region->range.address, end - address);
}

bool RomImage::isWritable(Address address) const {
  return std::any_of(writable_.begin(), writable_.end(), [&](const auto& r) { return r.contains(address); });
}

std::vector<Address> RomImage::addressesOf(std::string_view name, bool function) const {
  std::vector<Address> addresses;
  const auto [begin, end] = byName_.equal_range(name);
  for (auto it = begin; it != end; ++it)
    if (symbols_[it->second].function == function)
      addresses.push_back(symbols_[it->second].address);
  return addresses;
}

const RomSymbol* RomImage::symbolAt(Address address) const {
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                [](Address a, const RomSymbol& s) { return a < s.address; });
  if (after == symbols_.begin())
    return nullptr;
  auto symbol = std::prev(after);
  while (symbol != symbols_.begin() && std::prev(symbol)->address == symbol->address)
    --symbol;
  for (; symbol != after; ++symbol)
    if (address == symbol->address || address < std::uint64_t{symbol->address} + symbol->size)
      return &*symbol;
  return nullptr;
}

bool RomImage::isInRom(Address address) const {
  return std::any_of(flash_.begin(), flash_.end(), [&](const auto& r) { return r.contains(address); });
}

} // namespace romlink::relink
