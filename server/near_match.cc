#include "server/near_match.h"

#include "server/sketch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace romlink::server {
namespace {

constexpr std::size_t kMostRanked = 512;  // candidates whose blocks are compared
constexpr std::size_t kMostCompared = 16; // candidates that are read
constexpr std::size_t kMostNamed = 5;
constexpr std::size_t kMostDifferences = 16;
constexpr std::uint64_t kOneDifference = 4; // so many equal bytes between two differences separate them

// `share` of a whole, for sorting: the smaller first.
bool isSmallerShare(std::uint64_t a, std::uint64_t ofA, std::uint64_t b, std::uint64_t ofB) {
  return a * ofB < b * ofA; // both are sizes of 32-bit images
}

// Hashes of the dump's blocks, for many images that begin at few places.
class DumpBlocks {
public:
  explicit DumpBlocks(Bytes dump) : dump_(dump) {}

  // nullopt: not all of it is in the dump.
  std::optional<std::uint32_t> hashAt(std::int64_t at, std::uint64_t size, std::uint64_t offset,
                                      const ImageMask& mask) {
    if (at < 0 || static_cast<std::uint64_t>(at) + size > dump_.size())
      return std::nullopt;
    const Bytes block = dump_.subspan(static_cast<std::size_t>(at), size);
    if (touches(mask, offset, offset + size))
      return blockHash(block, offset, mask);
    const auto [known, isNew] = hashes_.try_emplace({at, size}, 0);
    if (isNew)
      known->second = blockHash(block, offset, mask);
    return known->second;
  }

private:
  Bytes dump_;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::uint32_t> hashes_;
};

// How many blocks are not in the dump as the image has them.
std::uint64_t foreignBlocks(DumpBlocks& dump, const Candidate& candidate, const ImageMask& given,
                            const std::vector<std::uint32_t>& blocks) {
  std::uint64_t foreign = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::uint64_t offset = i * kBlock;
    const std::uint64_t size = std::min<std::uint64_t>(kBlock, candidate.image->size - offset);
    if (!touches(given, offset, offset + size) &&
        dump.hashAt(candidate.offset + static_cast<std::int64_t>(offset), size, offset,
                    candidate.image->mask) != blocks[i])
      ++foreign;
  }
  return foreign;
}

// Of each image the place with most anchors; of all images those with most.
void keepLikeliest(std::vector<Candidate>& candidates) {
  const auto order = [](const Candidate& a, const Candidate& b) {
    return std::tuple(b.anchors, a.image->romId, a.offset) < std::tuple(a.anchors, b.image->romId, b.offset);
  };
  std::map<const KnownImage*, Candidate> best;
  for (const Candidate& candidate : candidates)
    if (const auto [known, isNew] = best.try_emplace(candidate.image, candidate);
        !isNew && order(candidate, known->second))
      known->second = candidate;
  candidates.clear();
  for (const auto& [image, candidate] : best)
    candidates.push_back(candidate);
  std::sort(candidates.begin(), candidates.end(), order);
  if (candidates.size() > kMostRanked)
    candidates.resize(kMostRanked);
}

class Comparison {
public:
  Comparison(Bytes dump, const Candidate& candidate, const ImageMask& given)
      : dump_(dump), given_(given), match_{candidate.image, candidate.offset, 0, 0, 0, {}} {}

  NearMatch run(Bytes image) {
    std::uint64_t at = 0;
    for (const OffsetRange& masked : match_.image->mask) {
      compare(image, at, std::min<std::uint64_t>(masked.begin, image.size()));
      at = std::min<std::uint64_t>(masked.end, image.size());
    }
    compare(image, at, image.size());
    return std::move(match_);
  }

private:
  // The image's bytes [begin, end), none of which is masked.
  void compare(Bytes image, std::uint64_t begin, std::uint64_t end) {
    const auto inDump = [&](std::int64_t at) {
      return static_cast<std::uint64_t>(
          std::clamp<std::int64_t>(at - match_.offset, static_cast<std::int64_t>(begin),
                                   static_cast<std::int64_t>(std::max(begin, end))));
    };
    const std::uint64_t first = inDump(0);
    const std::uint64_t last = inDump(static_cast<std::int64_t>(dump_.size()));
    countMissing(begin, first);
    countMissing(last, end);
    const auto place = [&](std::uint64_t at) {
      return dump_.begin() + (match_.offset + static_cast<std::int64_t>(at));
    };
    for (std::uint64_t at = first; at < last; ++at) {
      const auto differs = std::mismatch(image.begin() + static_cast<std::ptrdiff_t>(at),
                                         image.begin() + static_cast<std::ptrdiff_t>(last), place(at));
      at = static_cast<std::uint64_t>(differs.first - image.begin());
      if (at < last)
        add(at);
    }
  }

  void countMissing(std::uint64_t begin, std::uint64_t end) {
    if (begin < end)
      match_.missing += end - begin;
    for (const OffsetRange& range : given_)
      if (const auto from = std::max(begin, range.begin), to = std::min(end, range.end); from < to)
        match_.missing -= to - from;
  }

  void add(std::uint64_t at) {
    if (touches(given_, at, at + 1)) {
      ++match_.given;
      return;
    }
    ++match_.differing;
    if (!match_.differences.empty() && at < match_.differences.back().end + kOneDifference)
      match_.differences.back().end = at + 1;
    else if (match_.differences.size() < kMostDifferences)
      match_.differences.push_back({at, at + 1});
  }

  Bytes dump_;
  const ImageMask& given_;
  NearMatch match_;
};

} // namespace

NearMatch compareAt(Bytes dump, const Candidate& candidate, const std::vector<store::AddressRange>& given,
                    Bytes image) {
  const ImageMask uncounted = maskOf(candidate.image->base, given);
  return Comparison(dump, candidate, uncounted).run(image);
}

std::vector<NearMatch> nearMatches(Bytes dump, std::vector<Candidate> candidates,
                                   const std::vector<store::AddressRange>& given, const ImageSource& source,
                                   const std::function<bool()>& cancelled) {
  keepLikeliest(candidates);
  DumpBlocks blocks(dump);
  std::vector<std::pair<std::uint64_t, Candidate>> ranked;
  for (const Candidate& candidate : candidates) {
    if (cancelled())
      return {};
    const ImageMask uncounted = maskOf(candidate.image->base, given);
    if (const auto hashes = source.blocksOf(*candidate.image))
      ranked.emplace_back(foreignBlocks(blocks, candidate, uncounted, *hashes), candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return isSmallerShare(a.first, a.second.image->size, b.first, b.second.image->size);
  });
  if (ranked.size() > kMostCompared)
    ranked.resize(kMostCompared);
  std::vector<NearMatch> found;
  for (const auto& [foreign, candidate] : ranked) {
    if (cancelled())
      return {};
    const auto image = source.imageOf(*candidate.image);
    if (!image)
      continue;
    NearMatch match = compareAt(dump, candidate, given, *image);
    if ((match.differing + match.missing) * 2 <= candidate.image->size)
      found.push_back(std::move(match));
  }
  std::stable_sort(found.begin(), found.end(), [](const NearMatch& a, const NearMatch& b) {
    return isSmallerShare(a.differing + a.missing, a.image->size, b.differing + b.missing, b.image->size);
  });
  if (found.size() > kMostNamed)
    found.resize(kMostNamed);
  return found;
}

} // namespace romlink::server
