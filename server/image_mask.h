// The bytes of a flash image that differ from device to device, as offsets in the image. They read as 0xFF in
// the image's hash.
#pragma once

#include "base/digest.h"
#include "store/archive.h"

#include <cstdint>
#include <vector>

namespace romlink::server {

struct OffsetRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0; ///< behind the last byte
  auto operator<=>(const OffsetRange&) const = default;
};

/// By offset, disjoint, not empty; may reach beyond the image.
using ImageMask = std::vector<OffsetRange>;

/// What the ranges cover of an image of which the first byte lies at `base`.
ImageMask maskOf(std::uint32_t base, const std::vector<store::AddressRange>& ranges);

/// Bytes of an image of `size` bytes that are masked.
std::uint64_t maskedBytes(const ImageMask& mask, std::uint64_t size);

/// Does the mask cover a byte of [begin, end)?
bool touches(const ImageMask& mask, std::uint64_t begin, std::uint64_t end);

/// Hashes an image from its beginning, masked bytes as 0xFF. Several images with the same mask that begin at
/// the same place are hashed in one go: digestAt() of ascending sizes.
class MaskedHash {
public:
  /// `content` begins where the image does. REQUIRES: both outlive the object.
  MaskedHash(Bytes content, const ImageMask& mask) : content_(content), mask_(mask) {}

  /// Of the first `size` bytes. REQUIRES: not less than the size before; `content` has as many.
  Digest digestAt(std::uint64_t size);

private:
  Bytes content_;
  const ImageMask& mask_;
  Sha256 hash_;
  std::uint64_t at_ = 0;
  std::size_t next_ = 0; ///< of mask_: the first range that does not end before at_
};

} // namespace romlink::server
