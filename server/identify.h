// Which archived ROMs' flash images does a dump hold, unchanged?
//
// An image that is there whole has all its anchors there (sketch.h), so the search for anchors
// (image_index.h) names the few images and places to look at. Whether an image is there is then decided by
// its SHA-256 alone, with device-specific ranges read as 0xFF. Of the images that may begin at the same
// place, all revisions of a ROM for example, those with the same ranges are hashed together, in one pass as
// long as the longest of them (MaskedHash). So it takes time for the dump and for the places, not for the
// archive.
//
// Whatever is before an image or follows it (padding, the firmware, another ROM) does not count, and every
// offset is tried. Images without an anchor are found at the dump's begin and at their address only: they
// have so little content that elsewhere they would be found by chance.
//
// Limits: 16 GiB are hashed at most; `complete` tells when that did not suffice.
#pragma once

#include "base/digest.h"
#include "server/image_index.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace romlink::server {

struct ExactMatch {
  const KnownImage* image = nullptr;
  std::uint64_t offset = 0;          ///< of the image in the dump
  std::uint64_t trailingPadding = 0; ///< bytes of 0x00 or 0xFF behind it, if nothing else is there
};

struct Search {
  std::vector<ExactMatch> exact;   ///< those of which most bytes were compared first, then by offset
  std::vector<Candidate> possible; ///< changed or cut off, if there at all; none where an exact match is
  bool complete = true;            ///< false: there may be more, or `cancelled` said so
};

struct DumpAddress {
  std::optional<std::uint32_t> base = std::nullopt; ///< of the dump's first byte; nullopt: unknown
  bool binding = false;                             ///< only images that are at their address count
};

/// `candidates` and `withoutAnchors` as the index gives them for this dump.
Search findImages(Bytes dump, const DumpAddress& address, const ImageIndex::Candidates& candidates,
                  const std::vector<const KnownImage*>& withoutAnchors,
                  const std::function<bool()>& cancelled);

} // namespace romlink::server
