// Which archived images does a dump hold almost: patched, damaged, cut off, or with device-specific bytes
// that nobody declared?
//
// The candidates are those of which at least one anchor is in the dump (image_index.h), in the place where
// most of their anchors are. The hashes of their blocks (sketch.h) tell how many bytes of each differ or are
// missing at least. Those of which it is least are read from the archive and compared byte by byte, until no
// other one can be nearer than the best (branch and bound). An image of which more than half differs or is
// missing is no near match.
//
// Bytes that differ in device-specific ranges do not count, those that the publisher declared as little as
// those that are given with the dump. If nothing else differs, the image is there after all (`differing` and
// `missing` are 0). Bytes that are not in the dump are missing in given ranges, too.
//
// Limits: changes in place are found; code that moved, as in another revision, shares only what is before it.
// Candidates of which fewer anchors are there than of 512 others are left out, as unlikely. At most 16384
// sketches, and 4096 images or 256 MiB of them, are read; `complete` tells when that did not suffice.
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
  std::uint64_t missing = 0;   ///< bytes before the dump's begin or behind its end, but device-specific ones
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

struct NearMatches {
  std::vector<NearMatch> best; ///< the best first: those of which the smallest part differs or is missing
  bool complete = true;        ///< false: there may be better ones, or `cancelled` said so
};

/// `given`: addresses of bytes that may differ. All images that are there but for those, and the nearest
/// five.
NearMatches nearMatches(Bytes dump, std::vector<Candidate> candidates,
                        const std::vector<store::AddressRange>& given, const ImageSource& source,
                        const std::function<bool()>& cancelled);

} // namespace romlink::server
