// A sketch of a flash image: what a search among all ROMs reads instead of the images. Plain data; what the
// hashes are of is known to whoever makes them (server/sketch.h).
#pragma once

#include "base/digest.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace romlink::store {

struct AddressRange;

struct Anchor {
  std::uint32_t offset = 0; ///< of the hashed window, in the image
  std::uint64_t hash = 0;
  auto operator<=>(const Anchor&) const = default;
};

struct Sketch {
  std::uint32_t formatVersion = 0;
  std::vector<Anchor> anchors;       ///< by offset
  std::vector<std::uint32_t> blocks; ///< hashes of the image's blocks, in their order
  bool operator==(const Sketch&) const = default;
};

} // namespace romlink::store
