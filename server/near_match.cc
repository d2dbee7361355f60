#include "server/near_match.h"

#include "server/sketch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace romlink::server {
namespace {

constexpr std::size_t kLikely = 512; // candidates whose blocks are compared; more if they are as likely
constexpr std::size_t kMostRanked = 16384;
constexpr std::size_t kFewestCompared = 16; // images that are read, if there are as many candidates
constexpr std::size_t kMostCompared = 4096;
constexpr std::uint64_t kMostRead = 256 << 20; // bytes
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

  [[nodiscard]] std::uint64_t size() const { return dump_.size(); }

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

// Bytes of the image that are not in the dump.
std::uint64_t missingBytes(const Candidate& candidate, std::uint64_t dumpSize) {
  const KnownImage& image = *candidate.image;
  const auto inImage = [&](std::int64_t at) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(at - candidate.offset, 0, image.size));
  };
  const std::uint64_t first = inImage(0);
  const std::uint64_t last = std::max(first, inImage(static_cast<std::int64_t>(dumpSize)));
  const auto comparedBefore = [&](std::uint64_t end) { return end - maskedBytes(image.mask, end); };
  return comparedBefore(first) + comparedBefore(image.size) - comparedBefore(last);
}

// How many bytes differ or are missing at least: one in each block that is another one in the dump.
std::uint64_t leastDifference(DumpBlocks& dump, const Candidate& candidate, const ImageMask& given,
                              const std::vector<std::uint32_t>& blocks) {
  std::uint64_t least = missingBytes(candidate, dump.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::uint64_t offset = i * kBlock;
    const std::uint64_t size = std::min<std::uint64_t>(kBlock, candidate.image->size - offset);
    if (touches(given, offset, offset + size))
      continue;
    const auto there = dump.hashAt(candidate.offset + static_cast<std::int64_t>(offset), size, offset,
                                   candidate.image->mask);
    least += there && *there != blocks[i] ? 1 : 0;
  }
  return least;
}

// Of each image the place with most anchors; of all images those with most. False: as likely ones are left
// out.
bool keepLikeliest(std::vector<Candidate>& candidates) {
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
  std::size_t likely = std::min(kLikely, candidates.size());
  while (likely > 0 && likely < candidates.size() &&
         candidates[likely].anchors == candidates[likely - 1].anchors)
    ++likely;
  candidates.resize(std::min(likely, kMostRanked));
  return likely <= kMostRanked;
}

class Comparison {
public:
  Comparison(Bytes dump, const Candidate& candidate, const ImageMask& given)
      : dump_(dump), given_(given),
        match_{candidate.image, candidate.offset, 0, missingBytes(candidate, dump.size()), 0, {}} {}

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

struct Ranked {
  std::uint64_t least = 0; ///< bytes that differ or are missing at least
  Candidate candidate;
};

class NearestImages {
public:
  void add(NearMatch match) {
    const std::uint64_t differs = match.differing + match.missing;
    if (differs * 2 > match.image->size)
      return;
    if (isSmallerShare(differs, match.image->size, best_, ofBest_)) {
      best_ = differs;
      ofBest_ = match.image->size;
    }
    found_.push_back(std::move(match));
  }

  /// Could an image of this size, of which so many bytes differ at least, be as near as the best so far?
  [[nodiscard]] bool mayBeBest(std::uint64_t least, std::uint64_t size) const {
    return !isSmallerShare(best_, ofBest_, least, size);
  }

  std::vector<NearMatch> take() && {
    std::stable_sort(found_.begin(), found_.end(), [](const NearMatch& a, const NearMatch& b) {
      return isSmallerShare(a.differing + a.missing, a.image->size, b.differing + b.missing, b.image->size);
    });
    const auto near = std::find_if(found_.begin(), found_.end(), [](const NearMatch& match) {
      return match.differing + match.missing > 0;
    });
    const auto there = static_cast<std::size_t>(near - found_.begin());
    found_.resize(std::min(found_.size(), std::max(there, kMostNamed)));
    return std::move(found_);
  }

private:
  std::vector<NearMatch> found_;
  std::uint64_t best_ = 1; ///< bytes that differ or are missing
  std::uint64_t ofBest_ = 2;
};

} // namespace

NearMatch compareAt(Bytes dump, const Candidate& candidate, const std::vector<store::AddressRange>& given,
                    Bytes image) {
  const ImageMask uncounted = maskOf(candidate.image->base, given);
  return Comparison(dump, candidate, uncounted).run(image);
}

NearMatches nearMatches(Bytes dump, std::vector<Candidate> candidates,
                        const std::vector<store::AddressRange>& given, const ImageSource& source,
                        const std::function<bool()>& cancelled) {
  NearMatches answer;
  answer.complete = keepLikeliest(candidates);
  DumpBlocks blocks(dump);
  std::vector<Ranked> ranked;
  for (const Candidate& candidate : candidates) {
    if (cancelled())
      return {{}, false};
    const ImageMask uncounted = maskOf(candidate.image->base, given);
    if (const auto hashes = source.blocksOf(*candidate.image))
      ranked.push_back({leastDifference(blocks, candidate, uncounted, *hashes), candidate});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return isSmallerShare(a.least, a.candidate.image->size, b.least, b.candidate.image->size);
  });
  NearestImages nearest;
  std::uint64_t read = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const auto& [least, candidate] = ranked[i];
    if (cancelled())
      return {{}, false};
    if (i >= kFewestCompared && !nearest.mayBeBest(least, candidate.image->size))
      break;
    if (i >= kMostCompared || (i >= kFewestCompared && read + candidate.image->size > kMostRead)) {
      answer.complete = false;
      break;
    }
    read += candidate.image->size;
    if (const auto image = source.imageOf(*candidate.image))
      nearest.add(compareAt(dump, candidate, given, *image));
  }
  answer.best = std::move(nearest).take();
  return answer;
}

} // namespace romlink::server
