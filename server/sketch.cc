#include "server/sketch.h"

#include <algorithm>
#include <array>
#include <optional>

namespace romlink::server {
namespace {

constexpr unsigned kManyValues = 16;
constexpr unsigned kFewestValues = 4;
constexpr std::size_t kLongestPeriod = 32;

// How many different values the bytes of a window have.
class Variety {
public:
  void add(std::uint8_t byte) { values_ += counts_[byte]++ == 0 ? 1 : 0; }
  void remove(std::uint8_t byte) { values_ -= --counts_[byte] == 0 ? 1 : 0; }
  [[nodiscard]] unsigned values() const { return values_; }

private:
  std::array<unsigned, 256> counts_{};
  unsigned values_ = 0;
};

std::uint64_t windowHash(Bytes window) {
  RollingHash hash;
  for (const std::uint8_t byte : window)
    hash.take(byte);
  return hash.value();
}

bool repeatsItself(Bytes window) {
  for (std::size_t period = 1; period <= kLongestPeriod; ++period)
    if (std::equal(window.begin() + static_cast<std::ptrdiff_t>(period), window.end(), window.begin()))
      return true;
  return false;
}

// Where the best window begins of those that begin in [begin, end).
std::optional<std::size_t> bestWindow(Bytes image, const ImageMask& mask, std::size_t begin,
                                      std::size_t end) {
  std::optional<std::size_t> best;
  unsigned most = kFewestValues - 1;
  Variety variety;
  for (std::size_t i = begin; i < begin + kWindow; ++i)
    variety.add(image[i]);
  for (std::size_t at = begin;;) {
    if (variety.values() > most && !touches(mask, at, at + kWindow) &&
        !repeatsItself(image.subspan(at, kWindow))) {
      best = at;
      most = variety.values();
      if (most >= kManyValues)
        break;
    }
    if (at + 1 >= end)
      break;
    variety.remove(image[at]);
    variety.add(image[at + kWindow]);
    ++at;
  }
  return best;
}

} // namespace

store::Sketch sketchOf(Bytes image, const ImageMask& mask) {
  store::Sketch sketch{kSketchFormat, {}, {}};
  const std::size_t windows = image.size() < kWindow ? 0 : image.size() - kWindow + 1;
  for (std::size_t i = 0; i < kAnchors; ++i) {
    const std::size_t begin = windows * i / kAnchors;
    const std::size_t end = windows * (i + 1) / kAnchors;
    if (begin == end)
      continue;
    if (const auto at = bestWindow(image, mask, begin, end))
      sketch.anchors.push_back({static_cast<std::uint32_t>(*at), windowHash(image.subspan(*at, kWindow))});
  }
  for (std::size_t at = 0; at < image.size(); at += kBlock)
    sketch.blocks.push_back(blockHash(image.subspan(at, std::min(kBlock, image.size() - at)), at, mask));
  return sketch;
}

std::uint32_t blockHash(Bytes block, std::uint64_t offset, const ImageMask& mask) {
  std::array<std::uint8_t, kBlock> masked{};
  if (touches(mask, offset, offset + block.size())) {
    std::copy(block.begin(), block.end(), masked.begin());
    for (const OffsetRange& range : mask) {
      const std::uint64_t begin = std::clamp(range.begin, offset, offset + block.size()) - offset;
      const std::uint64_t end = std::clamp(range.end, offset, offset + block.size()) - offset;
      std::fill(masked.data() + begin, masked.data() + end, 0xFF);
    }
    block = Bytes(masked).first(block.size());
  }
  const Digest digest = sha256Of(block);
  std::uint32_t head = 0;
  for (std::size_t i = 0; i < sizeof head; ++i)
    head = head << 8 | digest.bytes.at(i);
  return head;
}

} // namespace romlink::server
