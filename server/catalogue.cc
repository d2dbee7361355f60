#include "server/catalogue.h"

#include "base/file.h"
#include "server/sketch.h"
#include "store/archive.h"

#include <algorithm>
#include <mutex>

namespace romlink::server {
namespace {

constexpr std::size_t kPage = 4096; // ROMs

// As long as the ROM's image: padding in the artifact does not count, and what it lacks is erased flash.
void cutToImage(std::vector<std::uint8_t>& content, std::uint32_t size) {
  content.resize(size, 0xFF);
}

} // namespace

Result<void> Catalogue::refresh(const std::function<bool()>& cancelled) {
  const std::unique_lock lock(mutex_);
  for (;;) {
    ROMLINK_ASSIGN(const auto page, archive_.imagesAfter(last_, kPage, kSketchFormat));
    std::vector<Entry> entries;
    for (const store::ArchivedImage& image : page) {
      if (cancelled())
        return fail(ErrorCode::Unavailable, "cannot search the archive", {}, "the caller has gone");
      if (image.imageSize == 0)
        continue;
      KnownImage known{image.romId,
                       image.imageHash,
                       image.imageSize,
                       image.base,
                       maskOf(image.base, image.volatileRanges),
                       0};
      if (image.anchors) {
        entries.emplace_back(std::move(known), *image.anchors);
      } else if (auto made = makeSketch(known)) {
        entries.emplace_back(std::move(known), std::move(*made));
      } else if (made.error().code != ErrorCode::Damaged && made.error().code != ErrorCode::NotFound) {
        return fail(std::move(made.error()));
      }
    }
    index_.add(std::move(entries));
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
  return {index_.candidates(dump, cancelled), index_.withoutAnchors()};
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
  cutToImage(content, image.size);
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
  ROMLINK_ASSIGN(auto content, readFile(file));
  cutToImage(content, rom.imageSize);
  return sketchOf(content, knownImageOf(rom).mask);
}

} // namespace romlink::server
