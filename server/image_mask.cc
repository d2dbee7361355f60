#include "server/image_mask.h"

#include <algorithm>
#include <array>

namespace romlink::server {
namespace {

constexpr auto kErased = [] {
  std::array<std::uint8_t, 4096> bytes{};
  bytes.fill(0xFF);
  return bytes;
}();

} // namespace

ImageMask maskOf(std::uint32_t base, const std::vector<store::AddressRange>& ranges) {
  ImageMask mask;
  for (const auto& range : ranges) {
    const std::uint64_t end = std::uint64_t{range.address} + range.size;
    if (end > base && range.size > 0)
      mask.push_back({std::max(range.address, base) - base, end - base});
  }
  std::sort(mask.begin(), mask.end());
  ImageMask merged;
  for (const OffsetRange& range : mask)
    if (!merged.empty() && range.begin <= merged.back().end)
      merged.back().end = std::max(merged.back().end, range.end);
    else
      merged.push_back(range);
  return merged;
}

std::uint64_t maskedBytes(const ImageMask& mask, std::uint64_t size) {
  std::uint64_t sum = 0;
  for (const OffsetRange& range : mask)
    sum += std::min(range.end, size) - std::min(range.begin, size);
  return sum;
}

bool touches(const ImageMask& mask, std::uint64_t begin, std::uint64_t end) {
  const auto after =
      std::upper_bound(mask.begin(), mask.end(), begin,
                       [](std::uint64_t at, const OffsetRange& range) { return at < range.end; });
  return after != mask.end() && after->begin < end;
}

Digest MaskedHash::digestAt(std::uint64_t size) {
  while (at_ < size) {
    while (next_ < mask_.size() && mask_[next_].end <= at_)
      ++next_;
    const OffsetRange range = next_ < mask_.size() ? mask_[next_] : OffsetRange{size, size};
    if (at_ < range.begin) {
      const std::uint64_t end = std::min(range.begin, size);
      hash_.update(content_.subspan(at_, end - at_));
      at_ = end;
    } else {
      const std::uint64_t count = std::min<std::uint64_t>(std::min(range.end, size) - at_, kErased.size());
      hash_.update(Bytes(kErased).first(count));
      at_ += count;
    }
  }
  return hash_.fork().finish();
}

} // namespace romlink::server
