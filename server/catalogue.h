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
  /// damaged in the archive cannot be found, and is counted; its ROM's other contents can, so that is no
  /// error. One without a byte to compare is left out: it would be in every dump.
  Result<void> refresh(const std::function<bool()>& cancelled);

  struct View {
    ImageIndex::Candidates candidates; ///< images stay where they are as long as the catalogue
    std::vector<const KnownImage*> withoutAnchors;
    std::size_t unreadable = 0; ///< images that cannot be found, since their content cannot be had
  };
  /// Of the images that refresh() has read, those that the dump may hold.
  [[nodiscard]] View find(Bytes dump, const std::function<bool()>& cancelled) const;

  /// An archived image, without padding. Damaged: the archive's content is, or there is none. Publishing lets
  /// the artifact lack trailing padding that the image has; it is filled in as the ELF's segments suggest,
  /// and that is Damaged as well if the hash does not confirm it.
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
  std::size_t unreadable_ = 0;
};

/// As the catalogue has it, but for the row id and the anchors.
KnownImage knownImageOf(const store::RomRecord& rom);

/// The sketch of a ROM that is about to be published, from the file with the flash image of its ELF, 0xFF in
/// the volatile ranges. Malformed: it cannot be read, or has no content to be known by (fewer than 8 bytes
/// that are not 0xFF, or fewer than 3 different ones): an erased, filled or all-volatile ROM would be in
/// every dump.
Result<store::Sketch> sketchOfFile(const std::filesystem::path& file, const store::RomRecord& rom);

} // namespace romlink::server
