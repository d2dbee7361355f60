#include "server/catalogue.h"

#include "base/file.h"
#include "server/sketch.h"
#include "store/archive.h"

#include <algorithm>
#include <bitset>
#include <mutex>

namespace romlink::server {
namespace {

constexpr std::size_t kPage = 4096; // ROMs
constexpr std::uint8_t kErased = 0xFF;

// What the artifact lacks of the ROM's image, as publishing allows: 0x00 in segments, and 0xFF between them.
// False: that is not the ROM's image.
bool fillIn(std::vector<std::uint8_t>& content, const store::RomRecord& rom, const KnownImage& image) {
  const std::size_t had = content.size();
  content.resize(image.size, kErased);
  if (had >= image.size)
    return true;
  for (const OffsetRange& segment : maskOf(image.base, rom.flash))
    std::fill(content.begin() + static_cast<std::ptrdiff_t>(std::clamp(segment.begin, had, content.size())),
              content.begin() + static_cast<std::ptrdiff_t>(std::clamp(segment.end, had, content.size())),
              0x00);
  return MaskedHash(content, image.mask).digestAt(image.size) == image.imageHash;
}

// REQUIRES: 0xFF in the volatile ranges.
Result<void> checkContent(Bytes image, const store::RomRecord& rom) {
  constexpr int kFewestBytes = 8; // a vector table of two entries
  constexpr int kFewestValues = 3;
  std::bitset<256> values;
  for (const std::uint8_t byte : image)
    values.set(byte);
  values.reset(kErased);
  const auto bytes =
      static_cast<std::ptrdiff_t>(image.size()) - std::count(image.begin(), image.end(), kErased);
  if (bytes >= kFewestBytes && values.count() >= kFewestValues)
    return {};
  return fail(ErrorCode::Malformed, "the ROM has too little content to be known by",
              rom.name + "@" + rom.version,
              "bytes outside of volatile ranges that are not 0xff: " + std::to_string(bytes) +
                  "; different values among them: " + std::to_string(values.count()),
              "it needs " + std::to_string(kFewestBytes) + " bytes and " + std::to_string(kFewestValues) +
                  " different values");
}

} // namespace

Result<void> Catalogue::refresh(const std::function<bool()>& cancelled) {
  const std::unique_lock lock(mutex_);
  for (;;) {
    ROMLINK_ASSIGN(const auto page, archive_.imagesAfter(last_, kPage, kSketchFormat));
    std::vector<Entry> entries;
    std::size_t unreadable = 0;
    for (const store::ArchivedImage& image : page) {
      if (cancelled())
        return fail(ErrorCode::Unavailable, "cannot search the archive", {}, "the caller has gone");
      KnownImage known{image.romId,
                       image.imageHash,
                       image.imageSize,
                       image.base,
                       maskOf(image.base, image.volatileRanges),
                       0};
      if (comparedBytes(known) == 0)
        continue;
      if (image.anchors) {
        entries.emplace_back(std::move(known), *image.anchors);
      } else if (auto made = makeSketch(known)) {
        entries.emplace_back(std::move(known), std::move(*made));
      } else if (made.error().code != ErrorCode::Damaged && made.error().code != ErrorCode::NotFound) {
        return fail(std::move(made.error()));
      } else {
        ++unreadable;
      }
    }
    index_.add(std::move(entries));
    unreadable_ += unreadable;
    if (!page.empty())
      last_ = page.back().romId;
    if (page.size() < kPage)
      return {};
  }
}

Result<std::vector<store::Anchor>> Catalogue::makeSketch(const KnownImage& image) {
  ROMLINK_ASSIGN(const auto content, imageOf(image));
  store::Sketch sketch = sketchOf(content, image.mask);
  (void)archive_.addSketch(image.imageHash,
                           sketch); // a disk that takes nothing more keeps nobody from searching
  return std::move(sketch.anchors);
}

Catalogue::View Catalogue::find(Bytes dump, const std::function<bool()>& cancelled) const {
  const std::shared_lock lock(mutex_);
  return {index_.candidates(dump, cancelled), index_.withoutAnchors(), unreadable_};
}

Result<std::vector<std::uint8_t>> Catalogue::imageOf(const KnownImage& image) const {
  ROMLINK_ASSIGN(const auto rom, archive_.findByImage(image.imageHash));
  const auto missing = [&] {
    return fail(ErrorCode::Damaged, "the archive has no image of the ROM", image.imageHash.text(), {},
                "`romlink archive verify` checks the archive");
  };
  if (!rom)
    return missing();
  const auto artifact = std::find_if(rom->artifacts.begin(), rom->artifacts.end(),
                                     [](const store::Artifact& a) { return a.role == "image"; });
  if (artifact == rom->artifacts.end())
    return missing();
  std::vector<std::uint8_t> content;
  content.reserve(std::min<std::uint64_t>(artifact->size, image.size));
  ROMLINK_TRY(archive_.read(artifact->digest, [&](Bytes piece) -> Result<void> {
    if (content.size() < image.size)
      content.insert(content.end(), piece.begin(), piece.end());
    return {};
  }));
  if (!fillIn(content, *rom, image))
    return fail(ErrorCode::Damaged, "the archived image is shorter than the ROM's", image.imageHash.text());
  return content;
}

Result<std::vector<std::uint32_t>> Catalogue::blocksOf(const KnownImage& image) const {
  ROMLINK_ASSIGN(auto sketch, archive_.sketchOf(image.romId, kSketchFormat));
  if (sketch)
    return std::move(sketch->blocks);
  ROMLINK_ASSIGN(const auto content, imageOf(image));
  return sketchOf(content, image.mask).blocks;
}

KnownImage knownImageOf(const store::RomRecord& rom) {
  const std::uint32_t base = rom.flash.empty() ? 0 : rom.flash.front().address;
  return {0, rom.imageHash, rom.imageSize, base, maskOf(base, rom.volatileRanges), 0};
}

Result<store::Sketch> sketchOfFile(const std::filesystem::path& file, const store::RomRecord& rom) {
  ROMLINK_ASSIGN(const auto content, readFile(file));
  ROMLINK_TRY(checkContent(content, rom));
  return sketchOf(content, knownImageOf(rom).mask);
}

} // namespace romlink::server
