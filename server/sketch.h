// A sketch of a flash image: a few hundred bytes by which the image is found in dumps without being read.
//
// Anchors. An anchor is a window of 64 bytes of the image, given by its offset and its hash. The hash rolls
// (Karp and Rabin, "Efficient randomized pattern-matching algorithms", 1987): a dump of any size is searched
// for the anchors of all ROMs at every offset in one pass, a few nanoseconds a byte. An image has one anchor
// in each eighth of it, so that a dump with damaged or changed places still has some of them. A window with
// little variety (erased flash, tables of equal words) occurs everywhere and says nothing, so an anchor is
// the first window of its eighth that has 16 different byte values, or else the one that has most, if it
// has 4. No anchor repeats itself after 32 bytes or fewer, as a fill pattern does, and none holds a
// device-specific byte. Images without an anchor (shorter than 64 bytes, or filled) are looked for in few
// places (identify.h).
//
// Blocks. The first four bytes, as a big-endian number, of the SHA-256 of each KiB of the image, masked bytes
// read as 0xFF; the last one may be shorter. Of many candidates they tell the one that has most in common
// with a dump.
//
//   hash = sum of (byte[i] + 1) * kFactor^(63 - i) modulo 2^64, i = 0 ... 63
//
// A change of meaning is a new kSketchFormat; sketches of another format are not read but made again.
#pragma once

#include "base/digest.h"
#include "server/image_mask.h"
#include "store/sketch.h"

#include <cstdint>
#include <vector>

namespace romlink::server {

inline constexpr std::uint32_t kSketchFormat = 2;
inline constexpr std::size_t kWindow = 64;
inline constexpr std::size_t kBlock = 1024;
inline constexpr std::size_t kAnchors = 8;

/// The hash of the last kWindow bytes that were taken.
class RollingHash {
public:
  static constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;

  /// REQUIRES: fewer than kWindow bytes were taken so far.
  void take(std::uint8_t in) { value_ = value_ * kFactor + in + 1; }
  /// `out` is the oldest of the kWindow bytes.
  void roll(std::uint8_t out, std::uint8_t in) {
    value_ = (value_ - (out + std::uint64_t{1}) * kOldest) * kFactor + in + 1;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

private:
  static constexpr std::uint64_t kOldest = [] {
    std::uint64_t power = 1;
    for (std::size_t i = 1; i < kWindow; ++i)
      power *= kFactor;
    return power;
  }();
  std::uint64_t value_ = 0;
};

/// REQUIRES: `image` is the image itself, without padding.
store::Sketch sketchOf(Bytes image, const ImageMask& mask);

/// The hash of one block; `offset` is where it lies in the image that the mask is for.
std::uint32_t blockHash(Bytes block, std::uint64_t offset, const ImageMask& mask);

} // namespace romlink::server
