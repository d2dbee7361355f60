// See sketches.h.
#include "store/sketches.h"

#include "store/columns.h"
#include "store/netstrings.h"

#include <SQLiteCpp/Statement.h>
#include <algorithm>

namespace romlink::store {
namespace {

template <typename Number>
void append(std::string& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    bytes += static_cast<char>(number >> 8 * i & 0xFF);
}

template <typename Number>
Number take(Bytes& bytes) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number |= static_cast<Number>(bytes[i]) << 8 * i;
  bytes = bytes.subspan(sizeof number);
  return number;
}

std::string anchorBytes(const Sketch& sketch) {
  std::string bytes;
  for (const Anchor& anchor : sketch.anchors) {
    append(bytes, anchor.offset);
    append(bytes, anchor.hash);
  }
  return bytes;
}

std::string blockBytes(const Sketch& sketch) {
  std::string bytes;
  for (const std::uint32_t block : sketch.blocks)
    append(bytes, block);
  return bytes;
}

Bytes bytesIn(const SQLite::Column& column) {
  return {static_cast<const std::uint8_t*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

// In the form that docs/archive_format.md gives.
Digest digestOf(const Digest& imageHash, std::uint32_t formatVersion, Bytes anchors, Bytes blocks) {
  Netstrings form;
  form.add("romlink-sketch-1").add(imageHash.hex()).add(formatVersion);
  form.add(asText(anchors)).add(asText(blocks));
  return form.finish();
}

Sketch sketchFrom(std::uint32_t formatVersion, Bytes anchors, Bytes blocks) {
  constexpr std::size_t kAnchorBytes = 12;
  Sketch sketch{formatVersion, {}, {}};
  sketch.anchors.reserve(anchors.size() / kAnchorBytes);
  while (anchors.size() >= kAnchorBytes) {
    const auto offset = take<std::uint32_t>(anchors);
    sketch.anchors.push_back({offset, take<std::uint64_t>(anchors)});
  }
  sketch.blocks.reserve(blocks.size() / sizeof(std::uint32_t));
  while (blocks.size() >= sizeof(std::uint32_t))
    sketch.blocks.push_back(take<std::uint32_t>(blocks));
  return sketch;
}

// The ranges of kind `flash` and `volatile` of the ROMs in (after, last], added to `images`, which is by id.
void addRanges(SQLite::Database& database, std::int64_t after, std::vector<ArchivedImage>& images) {
  SQLite::Statement select(database,
                           "SELECT rom_id, kind, address, size FROM address_range WHERE rom_id > ? AND"
                           " rom_id <= ? AND kind IN ('flash', 'volatile') ORDER BY rom_id, kind, position");
  select.bind(1, after);
  select.bind(2, images.back().romId);
  std::int64_t based = after;
  for (auto image = images.begin(); select.executeStep();) {
    const std::int64_t id = select.getColumn(0).getInt64();
    image = std::find_if(image, images.end(), [&](const ArchivedImage& one) { return one.romId >= id; });
    if (image == images.end() || image->romId != id)
      continue; // verify() names it
    const AddressRange range{wordIn(select.getColumn(2)), wordIn(select.getColumn(3))};
    if (select.getColumn(1).getString() == "volatile")
      image->volatileRanges.push_back(range);
    else if (std::exchange(based, id) != id) // the lowest is at position 0
      image->base = range.address;
  }
}

} // namespace

void insertSketch(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                  const Sketch& sketch) {
  SQLite::Statement known(database, "SELECT 1 FROM rom_sketch WHERE rom_id = ? AND format_version = ?");
  known.bind(1, romId);
  known.bind(2, static_cast<std::int64_t>(sketch.formatVersion));
  if (known.executeStep())
    return;
  SQLite::Statement insert(database, "INSERT INTO rom_sketch (rom_id, format_version, anchors, blocks,"
                                     " record_digest) VALUES (?, ?, ?, ?, ?)");
  const std::string anchors = anchorBytes(sketch);
  const std::string blocks = blockBytes(sketch);
  insert.bind(1, romId);
  insert.bind(2, static_cast<std::int64_t>(sketch.formatVersion));
  insert.bind(3, anchors.data(), static_cast<int>(anchors.size()));
  insert.bind(4, blocks.data(), static_cast<int>(blocks.size()));
  bindDigest(insert, 5, digestOf(imageHash, sketch.formatVersion, asBytes(anchors), asBytes(blocks)));
  insert.exec();
}

Result<std::vector<ArchivedImage>> readImages(SQLite::Database& database, std::int64_t after,
                                              std::size_t limit, std::uint32_t formatVersion) {
  SQLite::Statement select(
      database,
      "SELECT id, image_hash, image_size, anchors, blocks, rom_sketch.record_digest FROM rom"
      " LEFT JOIN rom_sketch ON rom_id = id AND format_version = ? WHERE id > ? ORDER BY id LIMIT ?");
  select.bind(1, static_cast<std::int64_t>(formatVersion));
  select.bind(2, after);
  select.bind(3, static_cast<std::int64_t>(limit));
  std::vector<ArchivedImage> images;
  while (select.executeStep()) {
    ArchivedImage& image = images.emplace_back();
    image.romId = select.getColumn(0).getInt64();
    const auto hash = digestIn(select.getColumn(1));
    if (!hash)
      return damagedRecord("ROM number " + std::to_string(image.romId));
    image.imageHash = *hash;
    image.imageSize = wordIn(select.getColumn(2));
    const Bytes anchors = bytesIn(select.getColumn(3));
    const Bytes blocks = bytesIn(select.getColumn(4));
    // A damaged one would hide its ROM: as good as none.
    const auto recorded = digestIn(select.getColumn(5));
    if (recorded && digestOf(image.imageHash, formatVersion, anchors, blocks) == *recorded)
      image.anchors = sketchFrom(formatVersion, anchors, {}).anchors;
  }
  if (!images.empty())
    addRanges(database, after, images);
  return images;
}

Result<std::optional<Sketch>> readSketch(SQLite::Database& database, std::int64_t romId,
                                         std::uint32_t formatVersion) {
  SQLite::Statement select(database,
                           "SELECT anchors, blocks FROM rom_sketch WHERE rom_id = ? AND format_version = ?");
  select.bind(1, romId);
  select.bind(2, static_cast<std::int64_t>(formatVersion));
  if (!select.executeStep())
    return std::optional<Sketch>();
  return std::optional(sketchFrom(formatVersion, bytesIn(select.getColumn(0)), bytesIn(select.getColumn(1))));
}

void verifySketches(SQLite::Database& database,
                    const std::function<void(const std::string&, const std::string&)>& problem) {
  SQLite::Statement rows(database,
                         "SELECT format_version, anchors, blocks, rom_sketch.record_digest, image_hash,"
                         " name || '@' || version FROM rom_sketch LEFT JOIN rom ON rom.id = rom_id");
  while (rows.executeStep()) {
    const auto format = static_cast<std::uint32_t>(rows.getColumn(0).getInt64());
    const auto recorded = digestIn(rows.getColumn(3));
    const auto imageHash = digestIn(rows.getColumn(4));
    if (!recorded || !imageHash ||
        digestOf(*imageHash, format, bytesIn(rows.getColumn(1)), bytesIn(rows.getColumn(2))) != *recorded)
      problem(rows.getColumn(5).getString() + " sketch of format " + std::to_string(format),
              "it does not match its digest: a part of it is lost or altered");
  }
}

} // namespace romlink::store
