#include "relink/image/flash_image.h"

#include <algorithm>
#include <fmt/format.h>

namespace romlink::relink {
namespace {

/// No Cortex-M flash is larger; more than this between two segments means a RAM address got into the load
/// addresses.
constexpr std::uint64_t kLargestFlash = 256ULL << 20;

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

} // namespace romlink::relink
