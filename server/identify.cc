#include "server/identify.h"

#include <algorithm>
#include <map>
#include <set>

namespace romlink::server {
namespace {

constexpr std::uint64_t kStep = 1024;
constexpr std::uint64_t kMostHashed = std::uint64_t{16} << 30;

// What the hash depends on. Volatile ranges are relative to the image, cut to it, sorted.
struct Shape {
  std::uint32_t size = 0;
  std::vector<store::AddressRange> masked;
  auto operator<=>(const Shape&) const = default;
};

struct Candidates {
  std::set<Digest> hashes;
  std::set<std::uint32_t> bases;
};

Shape shapeOf(const store::Archive::ImageShape& image) {
  Shape shape{image.imageSize, {}};
  const std::uint64_t end = std::uint64_t{image.base} + image.imageSize;
  for (const auto& range : image.volatileRanges) {
    const std::uint64_t from = std::max<std::uint64_t>(range.address, image.base);
    const std::uint64_t to = std::min<std::uint64_t>(std::uint64_t{range.address} + range.size, end);
    if (from < to)
      shape.masked.push_back(
          {static_cast<std::uint32_t>(from - image.base), static_cast<std::uint32_t>(to - from)});
  }
  std::sort(shape.masked.begin(), shape.masked.end());
  return shape;
}

// SHA-256 of the image with the masked ranges read as 0xFF.
Digest maskedHash(Bytes image, const std::vector<store::AddressRange>& masked) {
  static const std::vector<std::uint8_t> kErased(4096, 0xFF);
  Sha256 hash;
  std::size_t at = 0;
  for (const auto& range : masked) {
    if (range.address > at)
      hash.update(image.subspan(at, range.address - at));
    at = std::max<std::size_t>(at, range.address);
    for (const std::size_t end = range.address + std::size_t{range.size}; at < end;) {
      const std::size_t n = std::min(kErased.size(), end - at);
      hash.update(Bytes(kErased).first(n));
      at += n;
    }
  }
  hash.update(image.subspan(at));
  return hash.finish();
}

std::uint64_t paddingOf(Bytes rest) {
  const bool onlyPadding = std::all_of(rest.begin(), rest.end(), [](auto b) { return b == 0 || b == 0xFF; });
  return onlyPadding ? rest.size() : 0;
}

std::set<std::uint64_t> offsetsToTry(const Shape& shape, const Candidates& candidates, std::uint64_t dumpSize,
                                     std::optional<std::uint32_t> base) {
  std::set<std::uint64_t> offsets;
  if (!base)
    for (std::uint64_t offset = 0; offset + shape.size <= dumpSize; offset += kStep)
      offsets.insert(offset);
  else
    for (const std::uint32_t address : candidates.bases)
      if (address >= *base && std::uint64_t{address - *base} + shape.size <= dumpSize)
        offsets.insert(address - *base);
  return offsets;
}

} // namespace

std::optional<Identified> identify(Bytes dump, std::optional<std::uint32_t> base,
                                   const std::vector<store::Archive::ImageShape>& shapes,
                                   const std::function<bool()>& cancelled) {
  std::map<Shape, Candidates> byShape;
  for (const auto& image : shapes)
    if (image.imageSize > 0) {
      Candidates& candidates = byShape[shapeOf(image)];
      candidates.hashes.insert(image.imageHash);
      candidates.bases.insert(image.base);
    }

  std::uint64_t hashed = 0;
  const auto tryAt = [&](const Shape& shape, const Candidates& candidates,
                         std::uint64_t offset) -> std::optional<Identified> {
    hashed += shape.size;
    const Digest digest = maskedHash(dump.subspan(offset, shape.size), shape.masked);
    if (!candidates.hashes.contains(digest))
      return std::nullopt;
    return Identified{digest, offset, paddingOf(dump.subspan(offset + shape.size))};
  };

  // The likely case first, for all shapes; larger images first, because a small one may be the head of a
  // larger one.
  for (auto shape = byShape.rbegin(); shape != byShape.rend() && !base; ++shape)
    if (shape->first.size <= dump.size())
      if (auto found = tryAt(shape->first, shape->second, 0))
        return found;
  for (auto shape = byShape.rbegin(); shape != byShape.rend(); ++shape)
    for (const std::uint64_t offset : offsetsToTry(shape->first, shape->second, dump.size(), base)) {
      if (hashed > kMostHashed || cancelled())
        return std::nullopt;
      if (auto found = tryAt(shape->first, shape->second, offset))
        return found;
    }
  return std::nullopt;
}

} // namespace romlink::server
