// The daemon's list of all archived flash images, for searches in dumps.
//
// It is read from the archive when the first dump comes, and from then on only what was published since: ROMs
// are never changed or removed, and their row ids ascend. A ROM without a sketch of this format (an older
// romlink published it, or the sketch is damaged) gets one, made from its archived image.
//
// Thread-safety: any thread. While one reads new ROMs, searches wait.
#pragma once

#include "base/error.h"
#include "server/image_index.h"

#include <functional>
#include <shared_mutex>

namespace romlink::store {
class Archive;
struct RomRecord;
} // namespace romlink::store

namespace romlink::server {

class Catalogue {
public:
  /// REQUIRES: the archive outlives the object.
  explicit Catalogue(store::Archive& archive) : archive_(archive) {}

  /// Takes up what was published since the last time. Unavailable: `cancelled` said so. An image that is
  /// damaged in the archive cannot be found; its ROM's other contents can, so that is no error.
  Result<void> refresh(const std::function<bool()>& cancelled);

  struct View {
    ImageIndex::Candidates candidates; ///< images stay where they are as long as the catalogue
    std::vector<const KnownImage*> withoutAnchors;
  };
  /// Of the images that refresh() has read, those that the dump may hold.
  [[nodiscard]] View find(Bytes dump, const std::function<bool()>& cancelled) const;

  /// An archived image, without padding. Damaged: the archive's content is, or there is none.
  [[nodiscard]] Result<std::vector<std::uint8_t>> imageOf(const KnownImage& image) const;
  /// The hashes of its blocks.
  [[nodiscard]] Result<std::vector<std::uint32_t>> blocksOf(const KnownImage& image) const;

private:
  using Entry = std::pair<KnownImage, std::vector<store::Anchor>>;
  Result<std::vector<store::Anchor>> makeSketch(const KnownImage& image);

  store::Archive& archive_;
  mutable std::shared_mutex mutex_; ///< of what follows
  ImageIndex index_;
  std::int64_t last_ = 0; ///< row id of the ROM read last
};

/// As the catalogue has it, but for the row id and the anchors.
KnownImage knownImageOf(const store::RomRecord& rom);

/// The sketch of an image file of a ROM that is about to be published. Malformed: it cannot be read.
Result<store::Sketch> sketchOfFile(const std::filesystem::path& file, const store::RomRecord& rom);

} // namespace romlink::server
