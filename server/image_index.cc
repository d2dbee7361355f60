#include "server/image_index.h"

#include "server/sketch.h"

#include <algorithm>

namespace romlink::server {
namespace {

/// Anchors found in a dump, of all images: a dump that repeats what many images have would fill the memory.
constexpr std::size_t kMostHits = 4 << 20;
constexpr std::size_t kBetweenQuestions = 1 << 20; // bytes
constexpr std::size_t kBitsOfAnAnchor = 16;

struct Hit {
  std::uint32_t image = 0;
  std::int64_t offset = 0; ///< where the image would begin
  auto operator<=>(const Hit&) const = default;
};

} // namespace

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

ImageIndex::Candidates ImageIndex::candidates(Bytes dump, const std::function<bool()>& cancelled) const {
  Candidates answer;
  std::vector<Hit> hits;
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
    const auto [first, last] =
        std::equal_range(anchors_.begin(), anchors_.end(), AnchorEntry{hash.value(), 0, 0},
                         [](const AnchorEntry& a, const AnchorEntry& b) { return a.hash < b.hash; });
    if (static_cast<std::size_t>(last - first) > kMostHits - hits.size()) {
      answer.complete = false;
      break;
    }
    for (auto entry = first; entry != last; ++entry)
      hits.push_back({entry->image, static_cast<std::int64_t>(at) - entry->offset});
  }
  std::sort(hits.begin(), hits.end());
  for (auto hit = hits.begin(); hit != hits.end();) {
    const auto end = std::upper_bound(hit, hits.end(), *hit);
    answer.found.push_back({&images_[hit->image], hit->offset, static_cast<std::uint32_t>(end - hit)});
    hit = end;
  }
  return answer;
}

} // namespace romlink::server
