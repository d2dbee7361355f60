// Which archived images does a dump hold almost: patched, damaged, cut off, or with device-specific bytes
// that nobody declared?
//
// The candidates are those of which at least one anchor is in the dump (image_index.h), in the place where
// most of their anchors are. The hashes of their blocks (sketch.h) tell which few have most in common with
// the dump; those are read from the archive and compared byte by byte. An image of which more than half
// differs or is missing is no near match.
//
// Bytes in device-specific ranges do not count, those that the publisher declared as little as those that are
// given with the dump. If nothing else differs, the image is there after all (`differing` and `missing` are
// 0).
//
// Limits: changes in place are found; code that moved, as in another revision, shares only what is before it.
#pragma once

#include "base/error.h"
#include "server/image_index.h"

#include <functional>
#include <vector>

namespace romlink::server {

struct NearMatch {
  const KnownImage* image = nullptr;
  std::int64_t offset = 0;     ///< of the image's first byte in the dump; may be negative
  std::uint64_t differing = 0; ///< bytes that are in the dump and are others
  std::uint64_t missing = 0;   ///< bytes before the dump's begin or behind its end
  std::uint64_t given = 0;     ///< bytes that differ only in the ranges that were given with the dump
  std::vector<OffsetRange> differences; ///< the first ones, in the image; nearby ones are one
};

/// Reads from the archive; an image whose answer is an error is left out.
struct ImageSource {
  std::function<Result<std::vector<std::uint32_t>>(const KnownImage&)> blocksOf;
  std::function<Result<std::vector<std::uint8_t>>(const KnownImage&)> imageOf;
};

/// The image that begins at the candidate's place, byte by byte, however much differs. `given` as below.
NearMatch compareAt(Bytes dump, const Candidate& candidate, const std::vector<store::AddressRange>& given,
                    Bytes image);

/// The best first: those of which the smallest part differs or is missing. `given`: addresses of bytes that
/// are not to count.
std::vector<NearMatch> nearMatches(Bytes dump, std::vector<Candidate> candidates,
                                   const std::vector<store::AddressRange>& given, const ImageSource& source,
                                   const std::function<bool()>& cancelled);

} // namespace romlink::server
