#include "relink/report/memory_map.h"

#include <algorithm>
#include <map>

namespace romlink::report {
namespace {

constexpr std::uint64_t kLines = 16;
constexpr std::uint64_t kShortestLine = 64; ///< bytes

/// Bytes that any item covers.
std::uint64_t coveredBytes(const std::vector<MapItem>& items) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  ranges.reserve(items.size());
  for (const MapItem& item : items)
    ranges.emplace_back(item.address, item.address + item.size);
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t sum = 0;
  std::uint64_t end = 0;
  for (const auto& [from, to] : ranges) {
    const std::uint64_t start = std::max(from, end);
    sum += to > start ? to - start : 0;
    end = std::max(end, to);
  }
  return sum;
}

} // namespace

MemoryMap layOut(const std::vector<MapItem>& items) {
  MemoryMap map;
  map.lineBytes = kShortestLine;
  const std::uint64_t covered = coveredBytes(items);
  while (map.lineBytes * kLines < covered)
    map.lineBytes *= 2;
  std::map<std::uint64_t, MapLine> lines;
  const auto scale = static_cast<double>(map.lineBytes);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::uint64_t end = items[i].address + items[i].size;
    for (std::uint64_t at = items[i].address; at < end;) {
      const std::uint64_t start = at / map.lineBytes * map.lineBytes;
      const std::uint64_t to = std::min(end, start + map.lineBytes);
      MapLine& line = lines[start];
      line.address = start;
      line.boxes.push_back(
          {i, static_cast<double>(at - start) / scale, static_cast<double>(to - at) / scale});
      at = to;
    }
  }
  for (auto& [address, line] : lines) {
    line.afterGap = !map.lines.empty() && map.lines.back().address + map.lineBytes != address;
    map.lines.push_back(std::move(line));
  }
  return map;
}

} // namespace romlink::report
