// A memory as a picture: its addresses wrapped into lines, like text, with what lies there drawn to scale.
//
// The lines are as long as it takes to show the whole in about sixteen; each begins at a multiple of its
// length. A line in which nothing lies is left out, and where lines are missing the next one says so
// (`afterGap`).
//
//   0x10000000 |vectors|reset |sha256_update      |
//   0x10000400 |sha256_update |      |round_consta|
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace romlink::report {

/// [address, address + size). Of two that overlap, the later one is drawn over the earlier.
struct MapItem {
  std::uint64_t address = 0;
  std::uint64_t size = 0; ///< bytes
  std::string styleClass;
  std::string name; ///< drawn where it fits
  std::string title;
};

struct MapBox {
  std::size_t item = 0; ///< index of the item
  double x = 0;         ///< 0 to 1 along the line
  double width = 0;     ///< of the line
};

struct MapLine {
  std::uint64_t address = 0;
  bool afterGap = false;
  std::vector<MapBox> boxes; ///< in the order of the items
};

struct MemoryMap {
  std::uint64_t lineBytes = 0;
  std::vector<MapLine> lines; ///< by address
};

[[nodiscard]] MemoryMap layOut(const std::vector<MapItem>& items);

} // namespace romlink::report
