// See rom_indexes.h.
#include "store/rom_indexes.h"

#include "store/blobs.h"
#include "store/columns.h"
#include "store/netstrings.h"

#include <SQLiteCpp/Statement.h>

namespace romlink::store {

Result<std::vector<RomIndexRow>> readIndexes(SQLite::Database& database, std::int64_t romId) {
  SQLite::Statement select(
      database, "SELECT format_version, function_count, reference_count, size, digest, record_digest"
                " FROM rom_index LEFT JOIN blob ON blob.id = blob_id WHERE rom_id = ?"
                " ORDER BY format_version");
  select.bind(1, romId);
  std::vector<RomIndexRow> rows;
  while (select.executeStep()) {
    RomIndexRow row;
    row.index.formatVersion = static_cast<std::uint32_t>(select.getColumn(0).getInt64());
    row.index.functionCount = static_cast<std::uint32_t>(select.getColumn(1).getInt64());
    row.index.referenceCount = static_cast<std::uint32_t>(select.getColumn(2).getInt64());
    row.index.size = static_cast<std::uint64_t>(select.getColumn(3).getInt64());
    const auto digest = digestIn(select.getColumn(4));
    const auto recorded = digestIn(select.getColumn(5));
    if (!digest || !recorded)
      return fail(ErrorCode::Damaged, "the archive's record is damaged",
                  "index of format " + std::to_string(row.index.formatVersion),
                  "a value is missing or impossible",
                  "`romlink archive verify` names what is affected; restore it from a backup");
    row.index.digest = *digest;
    row.recordDigest = *recorded;
    rows.push_back(row);
  }
  return rows;
}

Result<RomIndex> insertIndex(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                             const RomIndexSource& source) {
  ROMLINK_ASSIGN(const auto rows, readIndexes(database, romId));
  for (const RomIndexRow& row : rows)
    if (row.index.formatVersion == source.formatVersion)
      return row.index;
  ROMLINK_ASSIGN(const SourceFacts facts, hashSource(source.file));
  ROMLINK_ASSIGN(const std::int64_t blobId, storeBlob(database, source.file, facts));
  const RomIndex index{source.formatVersion, source.functionCount, source.referenceCount, facts.size,
                       facts.digest};
  SQLite::Statement insert(database,
                           "INSERT INTO rom_index (rom_id, format_version, function_count, reference_count,"
                           " blob_id, record_digest) VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, romId);
  insert.bind(2, static_cast<std::int64_t>(index.formatVersion));
  insert.bind(3, static_cast<std::int64_t>(index.functionCount));
  insert.bind(4, static_cast<std::int64_t>(index.referenceCount));
  insert.bind(5, blobId);
  const Digest digest = indexDigest(imageHash, index);
  insert.bind(6, digest.bytes.data(), static_cast<int>(digest.bytes.size()));
  insert.exec();
  return index;
}

Digest indexDigest(const Digest& imageHash, const RomIndex& index) {
  Netstrings form;
  form.add("romlink-rom-index-1").add(imageHash.hex()).add(index.formatVersion).add(index.functionCount);
  form.add(index.referenceCount).add(index.size).add(index.digest.hex());
  return form.finish();
}

} // namespace romlink::store
