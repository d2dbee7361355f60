// All archived flash images as a search in a dump sees them: where may one of them begin?
//
// The anchors of all images (sketch.h) are one list, sorted by hash, behind a filter of bits (Bloom,
// "Space/time trade-offs in hash coding with allowable errors", 1970) that turns away almost every offset of
// a dump without a look into the list. 100,000 images are 800,000 anchors: 13 MB, and 4 MB of filter.
//
// An image is a candidate at a place if one of its anchors is there. How many are there tells candidates
// apart: if all are, the image is probably there unchanged; nothing is proved by it.
//
// Limits: of an anchor that is in more than 4096 places of a dump (a table that repeats itself), and of one
// that many images share, only the first places are kept, and images need not have it. So only an image that
// has no other anchor may be missed; `complete` tells.
//
// Thread-safety: add() excludes candidates() (catalogue.h sees to it). A KnownImage stays where it is.
#pragma once

#include "server/image_mask.h"
#include "store/sketch.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace romlink::server {

struct KnownImage {
  std::int64_t romId = 0;
  Digest imageHash;
  std::uint32_t size = 0; ///< bytes; not 0
  std::uint32_t base = 0; ///< address of the first byte
  ImageMask mask;
  std::uint32_t anchors = 0; ///< how many it has
};

/// Bytes of it that are the same on all devices.
std::uint64_t comparedBytes(const KnownImage& image);

/// An image and where in the dump its first byte would be: before the dump's begin if that is cut off.
struct Candidate {
  const KnownImage* image = nullptr;
  std::int64_t offset = 0;
  std::uint32_t anchors = 0; ///< how many of its anchors are there
  bool mayBeWhole = false;   ///< none of those that it needs is missing
};

class ImageIndex {
public:
  /// Takes the images and, for each, its anchors.
  void add(std::vector<std::pair<KnownImage, std::vector<store::Anchor>>> images);

  struct Candidates {
    std::vector<Candidate> found; ///< by image, offset
    bool complete = true;         ///< false: there may be more, or `cancelled` said so
  };
  /// In one pass over the dump.
  [[nodiscard]] Candidates candidates(Bytes dump, const std::function<bool()>& cancelled) const;

  /// Images without an anchor: they may be anywhere.
  [[nodiscard]] const std::vector<const KnownImage*>& withoutAnchors() const { return withoutAnchors_; }
  [[nodiscard]] std::size_t size() const { return images_.size(); }

private:
  struct AnchorEntry {
    std::uint64_t hash = 0;
    std::uint32_t image = 0; ///< in images_
    std::uint32_t offset = 0;
    auto operator<=>(const AnchorEntry&) const = default;
  };
  using AnchorIterator = std::vector<AnchorEntry>::const_iterator;
  [[nodiscard]] std::pair<AnchorIterator, AnchorIterator> equalAnchors(std::uint64_t hash) const;

  class Filter {
  public:
    void grow(const std::vector<AnchorEntry>& entries);
    void add(std::uint64_t hash);
    [[nodiscard]] bool mayHave(std::uint64_t hash) const {
      const std::uint64_t mixed = hash * 0xD6E8FEB86659FD93; // the low bits of a polynomial say little
      return has(mixed >> shift_) && has((hash ^ mixed >> 32) * 0x9E3779B97F4A7C15 >> shift_);
    }

  private:
    [[nodiscard]] bool has(std::uint64_t bit) const { return (bits_[bit >> 6] >> (bit & 63) & 1) != 0; }
    void set(std::uint64_t bit) { bits_[bit >> 6] |= std::uint64_t{1} << (bit & 63); }
    std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>(1024);
    unsigned shift_ = 64 - 16; ///< of a hash, to the number of a bit
  };

  std::deque<KnownImage> images_;
  std::vector<AnchorEntry> anchors_; ///< sorted
  Filter filter_;
  std::vector<const KnownImage*> withoutAnchors_;
};

} // namespace romlink::server
