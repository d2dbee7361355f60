#include "server/build_id_note.h"

#include <algorithm>
#include <array>

namespace romlink::server {
namespace {

constexpr std::size_t kHeader = 16; // three words and the name
constexpr std::array<std::uint8_t, 8> kTypeAndName = {3, 0, 0, 0, 'G', 'N', 'U', 0};
constexpr std::uint32_t kShortest = 4;
constexpr std::uint32_t kLongest = 64;

std::uint32_t wordAt(Bytes memory, std::size_t offset) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < sizeof word; ++i)
    word |= static_cast<std::uint32_t>(memory[offset + i]) << 8 * i;
  return word;
}

} // namespace

std::vector<BuildIdNote> buildIdNotesIn(Bytes memory) {
  std::vector<BuildIdNote> notes;
  constexpr std::size_t kBefore = kHeader - kTypeAndName.size();
  auto from = memory.begin();
  while (notes.size() < kMostBuildIdNotes) {
    const auto found = std::search(from, memory.end(), kTypeAndName.begin(), kTypeAndName.end());
    if (found == memory.end())
      break;
    from = found + 1;
    const auto at = static_cast<std::size_t>(found - memory.begin());
    if (at < kBefore || wordAt(memory, at - kBefore) != 4)
      continue;
    const std::size_t begin = at - kBefore;
    const std::uint32_t length = wordAt(memory, begin + 4);
    if (length < kShortest || length > kLongest || length > memory.size() - begin - kHeader)
      continue;
    notes.push_back({begin, kHeader + length, toHex(memory.subspan(begin + kHeader, length))});
  }
  return notes;
}

} // namespace romlink::server
