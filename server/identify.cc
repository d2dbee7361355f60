#include "server/identify.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace romlink::server {
namespace {

constexpr std::uint64_t kMostHashed = std::uint64_t{16} << 30;

// Images that are hashed together.
struct Pass {
  std::uint64_t offset = 0;
  ImageMask mask;
  auto operator<=>(const Pass&) const = default;
};

// Behind the last byte that is no padding.
std::uint64_t endOfContent(Bytes dump) {
  while (!dump.empty() && (dump.back() == 0x00 || dump.back() == 0xFF))
    dump = dump.first(dump.size() - 1);
  return dump.size();
}

bool fits(const KnownImage& image, std::uint64_t offset, std::uint64_t dumpSize) {
  return offset <= dumpSize && image.size <= dumpSize - offset;
}

/// The part of a mask that matters to the image, so that images that differ only behind their ends pass
/// together.
ImageMask cutTo(const ImageMask& mask, std::uint64_t size) {
  ImageMask cut;
  for (const OffsetRange& range : mask)
    if (range.begin < size)
      cut.push_back(range);
  return cut;
}

class Searcher {
public:
  Searcher(Bytes dump, const DumpAddress& address, const std::function<bool()>& cancelled)
      : dump_(dump), address_(address), cancelled_(cancelled), endOfContent_(endOfContent(dump)) {}

  Search run(const ImageIndex::Candidates& candidates, const std::vector<const KnownImage*>& withoutAnchors) {
    answer_.complete = candidates.complete;
    for (const Candidate& candidate : candidates.found)
      if (candidate.offset >= 0 && candidate.mayBeWhole)
        consider(*candidate.image, static_cast<std::uint64_t>(candidate.offset));
    considerAtBeginOrAddress(withoutAnchors);
    for (auto& [pass, images] : passes_)
      hash(pass, images);
    std::sort(answer_.exact.begin(), answer_.exact.end(), [](const ExactMatch& a, const ExactMatch& b) {
      return std::tuple(comparedBytes(*b.image), a.offset, a.image->romId) <
             std::tuple(comparedBytes(*a.image), b.offset, b.image->romId);
    });
    addPossible(candidates);
    return std::move(answer_);
  }

private:
  [[nodiscard]] bool isAtItsAddress(const KnownImage& image, std::int64_t offset) const {
    return !address_.binding || !address_.base ||
           offset == std::int64_t{image.base} - std::int64_t{*address_.base};
  }

  void consider(const KnownImage& image, std::uint64_t offset) {
    if (fits(image, offset, dump_.size()) && isAtItsAddress(image, static_cast<std::int64_t>(offset)))
      passes_[{offset, cutTo(image.mask, image.size)}].push_back(&image);
  }

  void considerAtBeginOrAddress(const std::vector<const KnownImage*>& images) {
    for (const KnownImage* image : images) {
      consider(*image, 0);
      if (address_.base && image->base > *address_.base)
        consider(*image, image->base - *address_.base);
    }
  }

  void hash(const Pass& pass, std::vector<const KnownImage*>& images) {
    std::sort(images.begin(), images.end(),
              [](const KnownImage* a, const KnownImage* b) { return a->size < b->size; });
    hashed_ += images.back()->size;
    if (hashed_ > kMostHashed || cancelled_()) {
      answer_.complete = false;
      return;
    }
    MaskedHash hash(dump_.subspan(pass.offset), pass.mask);
    Digest digest;
    std::uint64_t size = 0;
    for (const KnownImage* image : images) {
      if (size != image->size)
        digest = hash.digestAt(size = image->size);
      if (digest == image->imageHash)
        addExact(*image, pass.offset);
    }
  }

  void addExact(const KnownImage& image, std::uint64_t offset) {
    const std::uint64_t end = offset + image.size;
    answer_.exact.push_back({&image, offset, end >= endOfContent_ ? dump_.size() - end : 0});
  }

  void addPossible(const ImageIndex::Candidates& candidates) {
    std::map<std::int64_t, std::int64_t> taken; // begin to end
    for (const ExactMatch& match : answer_.exact) {
      std::int64_t& end = taken[static_cast<std::int64_t>(match.offset)];
      end = std::max(end, static_cast<std::int64_t>(match.offset + match.image->size));
    }
    // Ends ascend with begins, so that the one that begins last before a place tells whether it is taken.
    std::int64_t furthest = 0;
    for (auto& [begin, end] : taken)
      end = furthest = std::max(furthest, end);
    for (const Candidate& candidate : candidates.found) {
      const std::int64_t end = candidate.offset + candidate.image->size;
      const auto next = taken.lower_bound(end);
      const bool free = next == taken.begin() || std::prev(next)->second <= candidate.offset;
      if (free && isAtItsAddress(*candidate.image, candidate.offset))
        answer_.possible.push_back(candidate);
    }
  }

  Bytes dump_;
  const DumpAddress address_;
  const std::function<bool()>& cancelled_;
  std::uint64_t endOfContent_;
  std::map<Pass, std::vector<const KnownImage*>> passes_;
  std::uint64_t hashed_ = 0;
  Search answer_;
};

} // namespace

Search findImages(Bytes dump, const DumpAddress& address, const ImageIndex::Candidates& candidates,
                  const std::vector<const KnownImage*>& withoutAnchors,
                  const std::function<bool()>& cancelled) {
  return Searcher(dump, address, cancelled).run(candidates, withoutAnchors);
}

} // namespace romlink::server
