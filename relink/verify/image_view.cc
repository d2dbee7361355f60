#include "relink/verify/image_view.h"

#include <algorithm>
#include <fmt/format.h>

namespace romlink::relink {

ImageView::ImageView(const ElfImage& image) {
  for (const Section& section : image.sections)
    if (section.isAllocated() && section.size > 0)
      sections_.push_back(&section);
  std::stable_sort(sections_.begin(), sections_.end(),
                   [](const Section* a, const Section* b) { return a->address < b->address; });
  for (std::size_t i = 1; i < image.symbols.size(); ++i) {
    const Symbol& symbol = image.symbols[i];
    if (symbol.isMapping()) {
      if (symbol.isDefinedInSection() && image.sections[symbol.section].isAllocated())
        mappings_.emplace_back(symbol.value, symbol.name[1] != 'd');
      continue;
    }
    if (symbol.section == 0 || symbol.name.empty()) // undefined
      continue;
    values_[symbol.name].push_back(symbol.value);
    names_[symbol.value].push_back(symbol.name);
    if ((symbol.isFunction() || symbol.isObject()) && symbol.isDefinedInSection())
      extents_.push_back({{symbol.address(), symbol.size}, symbol.name, 0});
  }
  // Of several marks at one place the last in the symbol table counts.
  std::stable_sort(mappings_.begin(), mappings_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::stable_sort(extents_.begin(), extents_.end(),
                   [](const Extent& a, const Extent& b) { return a.range.address < b.range.address; });
  std::uint64_t furthest = 0;
  for (Extent& extent : extents_)
    extent.furthest = furthest = std::max(furthest, extent.range.end());
}

const Section* ImageView::sectionAt(Address address) const {
  auto after = std::upper_bound(sections_.begin(), sections_.end(), address,
                                [](Address a, const Section* s) { return a < s->address; });
  if (after == sections_.begin())
    return nullptr;
  const Section& section = **std::prev(after);
  return AddressRange{section.address, section.size}.contains(address) ? &section : nullptr;
}

Bytes ImageView::read(Address address, std::uint32_t size) const {
  const Section* section = sectionAt(address);
  if (section == nullptr || section->data.size() < section->size ||
      !AddressRange{section->address, section->size}.contains(AddressRange{address, size}))
    return {};
  return section->data.subspan(address - section->address, size);
}

std::vector<Span> ImageView::spansIn(AddressRange range, bool startsWithCode) const {
  std::vector<Span> spans = {{0, range.size, startsWithCode, startsWithCode}};
  auto mark = std::lower_bound(mappings_.begin(), mappings_.end(), range.address,
                               [](const auto& m, Address a) { return m.first < a; });
  for (; mark != mappings_.end() && range.contains(mark->first); ++mark) {
    const std::uint32_t at = mark->first - range.address;
    if (at == spans.back().begin) {
      spans.back().code = mark->second;
      continue;
    }
    spans.back().end = at;
    spans.push_back({at, range.size, mark->second, startsWithCode});
  }
  return spans;
}

bool ImageView::isObject(Address address) const {
  const auto after = std::upper_bound(extents_.begin(), extents_.end(), address,
                                      [](Address a, const Extent& e) { return a < e.range.address; });
  return after != extents_.begin() &&
         (std::prev(after)->range.address == address || std::prev(after)->furthest > address);
}

std::string ImageView::placeOf(Address address) const {
  const auto after = std::upper_bound(extents_.begin(), extents_.end(), address,
                                      [](Address a, const Extent& e) { return a < e.range.address; });
  const Section* section = sectionAt(address);
  if (after == extents_.begin() || section == nullptr || std::prev(after)->range.address < section->address)
    return fmt::format("{:#010x}", address);
  const Extent& extent = *std::prev(after);
  return fmt::format("{}+{:#x}", extent.name, address - extent.range.address);
}

const std::vector<std::uint32_t>& ImageView::valuesOf(std::string_view name) const {
  static const std::vector<std::uint32_t> kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

const std::vector<std::string_view>& ImageView::namesOf(std::uint32_t value) const {
  static const std::vector<std::string_view> kNone;
  const auto found = names_.find(value);
  return found == names_.end() ? kNone : found->second;
}

} // namespace romlink::relink
