// Which archived ROM's flash image does a dump hold?
//
// A ROM is found by hash alone: for each (size, volatile ranges) that archived images have, the dump's first
// `size` bytes are hashed with the volatile ranges read as 0xFF, and the result is looked up. So whatever
// follows the image in the dump (padding, the firmware) does not count.
//
// A dump may begin before the image. Its base address says where the image is; without it, every offset that
// is a multiple of 1 KiB is tried, until 16 GiB have been hashed (a 2 MiB dump and 64 KiB images: some 120
// shapes).
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "store/archive.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace romlink::server {

struct Identified {
  Digest imageHash;
  std::uint64_t offset = 0;          ///< of the image in the dump
  std::uint64_t trailingPadding = 0; ///< bytes of 0x00 or 0xFF behind it, if nothing else is there
};

/// Nothing if no image is in the dump, or if `cancelled` said so.
std::optional<Identified> identify(Bytes dump, std::optional<std::uint32_t> base,
                                   const std::vector<store::Archive::ImageShape>& shapes,
                                   const std::function<bool()>& cancelled);

} // namespace romlink::server
