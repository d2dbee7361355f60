#include "server/image_index.h"

#include "server/sketch.h"

#include <algorithm>
#include <unordered_map>

namespace romlink::server {
namespace {

/// Of one anchor, places in a dump; of all images that have it, and of all anchors, what is kept in memory.
constexpr std::size_t kMostPlaces = 4096;
constexpr std::size_t kMostHitsOfOne = 512 << 10;
constexpr std::size_t kMostHits = 4 << 20;
constexpr std::size_t kBetweenQuestions = 1 << 20; // bytes
constexpr std::size_t kBitsOfAnAnchor = 16;

struct Hit {
  std::uint32_t image = 0;
  std::int64_t offset = 0; ///< where the image would begin
  auto operator<=>(const Hit&) const = default;
};

// What is found in one dump.
class Hits {
public:
  /// One more place of an anchor that `images` have, by its number; false: that is one too many.
  bool take(std::size_t anchor, std::size_t images) {
    std::uint32_t& places = places_[anchor];
    const bool fits = places < kMostPlaces && (places == 0 || (places + 1) * images <= kMostHitsOfOne) &&
                      list.size() + images <= kMostHits;
    places = fits ? places + 1 : kDropped;
    return fits;
  }
  /// Numbers of the anchors of which not all places were taken.
  [[nodiscard]] std::vector<std::size_t> dropped() const {
    std::vector<std::size_t> anchors;
    for (const auto& [anchor, places] : places_)
      if (places == kDropped)
        anchors.push_back(anchor);
    return anchors;
  }

  std::vector<Hit> list;

private:
  static constexpr std::uint32_t kDropped = kMostPlaces + 1;
  std::unordered_map<std::size_t, std::uint32_t> places_;
};

} // namespace

std::uint64_t comparedBytes(const KnownImage& image) {
  return image.size - maskedBytes(image.mask, image.size);
}

void ImageIndex::Filter::add(std::uint64_t hash) {
  const std::uint64_t mixed = hash * 0xD6E8FEB86659FD93;
  set(mixed >> shift_);
  set((hash ^ mixed >> 32) * 0x9E3779B97F4A7C15 >> shift_);
}

// Makes room for these, and is filled again if that takes more bits.
void ImageIndex::Filter::grow(const std::vector<AnchorEntry>& entries) {
  if (entries.size() * kBitsOfAnAnchor <= bits_.size() * 64)
    return;
  std::size_t words = bits_.size();
  while (entries.size() * kBitsOfAnAnchor > words * 64) {
    words *= 2;
    --shift_;
  }
  bits_.assign(words, 0);
  for (const AnchorEntry& entry : entries)
    add(entry.hash);
}

void ImageIndex::add(std::vector<std::pair<KnownImage, std::vector<store::Anchor>>> images) {
  const auto old = static_cast<std::ptrdiff_t>(anchors_.size());
  for (auto& [image, anchors] : images) {
    image.anchors = static_cast<std::uint32_t>(anchors.size());
    const auto number = static_cast<std::uint32_t>(images_.size());
    for (const store::Anchor& anchor : anchors) {
      anchors_.push_back({anchor.hash, number, anchor.offset});
      filter_.add(anchor.hash);
    }
    const KnownImage& kept = images_.emplace_back(std::move(image));
    if (kept.anchors == 0)
      withoutAnchors_.push_back(&kept);
  }
  std::sort(anchors_.begin() + old, anchors_.end());
  std::inplace_merge(anchors_.begin(), anchors_.begin() + old, anchors_.end());
  filter_.grow(anchors_);
}

auto ImageIndex::equalAnchors(std::uint64_t hash) const -> std::pair<AnchorIterator, AnchorIterator> {
  return std::equal_range(anchors_.begin(), anchors_.end(), AnchorEntry{hash, 0, 0},
                          [](const AnchorEntry& a, const AnchorEntry& b) { return a.hash < b.hash; });
}

ImageIndex::Candidates ImageIndex::candidates(Bytes dump, const std::function<bool()>& cancelled) const {
  Candidates answer;
  Hits hits;
  RollingHash hash;
  for (std::size_t i = 0; i < std::min(kWindow - 1, dump.size()); ++i)
    hash.take(dump[i]);
  for (std::size_t at = 0; at + kWindow <= dump.size(); ++at) {
    if (at == 0)
      hash.take(dump[kWindow - 1]);
    else
      hash.roll(dump[at - 1], dump[at + kWindow - 1]);
    if (at % kBetweenQuestions == 0 && cancelled()) {
      answer.complete = false;
      break;
    }
    if (!filter_.mayHave(hash.value()))
      continue;
    const auto [first, last] = equalAnchors(hash.value());
    if (first != last &&
        hits.take(static_cast<std::size_t>(first - anchors_.begin()), static_cast<std::size_t>(last - first)))
      for (auto entry = first; entry != last; ++entry)
        hits.list.push_back({entry->image, static_cast<std::int64_t>(at) - entry->offset});
  }
  std::unordered_map<std::uint32_t, std::uint32_t> dropped; // of each image
  for (const std::size_t anchor : hits.dropped()) {
    const auto [first, last] = equalAnchors(anchors_[anchor].hash);
    for (auto entry = first; entry != last; ++entry)
      if (++dropped[entry->image] == images_[entry->image].anchors)
        answer.complete = false;
  }
  std::sort(hits.list.begin(), hits.list.end());
  for (auto hit = hits.list.begin(); hit != hits.list.end();) {
    const auto end = std::upper_bound(hit, hits.list.end(), *hit);
    const auto there = static_cast<std::uint32_t>(end - hit);
    const auto lost = dropped.find(hit->image);
    const KnownImage& image = images_[hit->image];
    answer.found.push_back(
        {&image, hit->offset, there, there + (lost == dropped.end() ? 0 : lost->second) >= image.anchors});
    hit = end;
  }
  return answer;
}

} // namespace romlink::server
