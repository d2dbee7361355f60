// See rom_sets.h.
#include "store/rom_sets.h"

#include "store/columns.h"
#include "store/record.h"
#include "store/rom_indexes.h"
#include "store/withdrawals.h"

#include <algorithm>

namespace romlink::store {
namespace {

std::optional<std::int64_t> idFrom(SQLite::Statement& select) {
  if (!select.executeStep())
    return std::nullopt;
  return select.getColumn(0).getInt64();
}

// Starts `select` for the ROM `id`; the caller steps through its rows.
SQLite::Statement& of(SQLite::Statement& select, std::int64_t id) {
  select.reset();
  select.bind(1, id);
  return select;
}

void insertRanges(SQLite::Database& database, std::int64_t id, const char* kind,
                  const std::vector<AddressRange>& ranges) {
  SQLite::Statement insert(
      database, "INSERT INTO address_range (rom_id, kind, position, address, size) VALUES (?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    insert.bind(1, id);
    insert.bind(2, kind);
    insert.bind(3, static_cast<std::int64_t>(i));
    insert.bind(4, static_cast<std::int64_t>(ranges[i].address));
    insert.bind(5, static_cast<std::int64_t>(ranges[i].size));
    insert.exec();
    insert.reset();
  }
}

void insertTexts(SQLite::Database& database, std::int64_t id, const RomRecord& rom) {
  SQLite::Statement label(database, "INSERT INTO label (rom_id, key, value) VALUES (?, ?, ?)");
  for (const auto& [key, value] : rom.labels) {
    label.bind(1, id);
    label.bind(2, key);
    label.bind(3, value);
    label.exec();
    label.reset();
  }
  SQLite::Statement note(database, "INSERT INTO note (rom_id, position, text) VALUES (?, ?, ?)");
  for (std::size_t i = 0; i < rom.notes.size(); ++i) {
    note.bind(1, id);
    note.bind(2, static_cast<std::int64_t>(i));
    note.bind(3, rom.notes[i]);
    note.exec();
    note.reset();
  }
  SQLite::Statement symbol(database, "INSERT INTO shared_symbol (rom_id, name) VALUES (?, ?)");
  for (const std::string& name : rom.sharedSymbols) {
    symbol.bind(1, id);
    symbol.bind(2, name);
    symbol.exec();
    symbol.reset();
  }
}

void insertArtifacts(SQLite::Database& database, std::int64_t id,
                     const std::vector<StoredArtifact>& artifacts) {
  SQLite::Statement insert(database,
                           "INSERT INTO artifact (rom_id, role, file_name, blob_id) VALUES (?, ?, ?, ?)");
  for (const StoredArtifact& stored : artifacts) {
    insert.bind(1, id);
    insert.bind(2, stored.artifact.role);
    insert.bind(3, stored.artifact.fileName);
    insert.bind(4, stored.blobId);
    insert.exec();
    insert.reset();
  }
}

} // namespace

std::int64_t insertRom(SQLite::Database& database, const RomRecord& rom,
                       const std::vector<StoredArtifact>& artifacts) {
  const std::int64_t id = database.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM rom").getInt64();
  insertArtifacts(database, id, artifacts);
  insertRanges(database, id, "flash", rom.flash);
  insertRanges(database, id, "volatile", rom.volatileRanges);
  if (rom.sharedRam)
    insertRanges(database, id, "shared_ram", {*rom.sharedRam});
  insertTexts(database, id, rom);
  SQLite::Statement seal(
      database, "INSERT INTO rom (id, image_hash, name, version, build_id, image_size, entry, architecture,"
                " function_count, object_count, published_at, record_digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  seal.bind(1, id);
  bindDigest(seal, 2, rom.imageHash);
  seal.bind(3, rom.name);
  seal.bind(4, rom.version);
  seal.bind(5, rom.buildId);
  seal.bind(6, static_cast<std::int64_t>(rom.imageSize));
  seal.bind(7, static_cast<std::int64_t>(rom.entry));
  seal.bind(8, rom.architecture);
  seal.bind(9, static_cast<std::int64_t>(rom.functionCount));
  seal.bind(10, static_cast<std::int64_t>(rom.objectCount));
  seal.bind(11, rom.publishedAt);
  bindDigest(seal, 12, recordDigest(rom));
  seal.exec();
  return id;
}

std::optional<std::int64_t> findByImageHash(SQLite::Database& database, const Digest& imageHash) {
  SQLite::Statement select(database, "SELECT id FROM rom WHERE image_hash = ?");
  bindDigest(select, 1, imageHash);
  return idFrom(select);
}

std::optional<std::int64_t> findByName(SQLite::Database& database, const std::string& name,
                                       const std::string& version) {
  SQLite::Statement select(database, "SELECT id FROM rom WHERE name = ? AND version = ?");
  select.bind(1, name);
  select.bind(2, version);
  return idFrom(select);
}

RomReader::RomReader(SQLite::Database& database)
    : database_(database),
      rom_(database,
           "SELECT image_hash, name, version, build_id, image_size, entry, architecture, function_count,"
           " object_count, published_at, record_digest FROM rom WHERE id = ?"),
      artifacts_(database,
                 "SELECT role, file_name, size, digest FROM artifact LEFT JOIN blob ON blob.id = blob_id"
                 " WHERE rom_id = ? ORDER BY role"),
      ranges_(database,
              "SELECT address, size FROM address_range WHERE rom_id = ? AND kind = ? ORDER BY position"),
      labels_(database, "SELECT key, value FROM label WHERE rom_id = ?"),
      notes_(database, "SELECT text FROM note WHERE rom_id = ? ORDER BY position"),
      symbols_(database, "SELECT name FROM shared_symbol WHERE rom_id = ? ORDER BY name"),
      withdrawals_(database, "SELECT links, reason, withdrawn_at, position, record_digest FROM withdrawal"
                             " WHERE rom_id = ? ORDER BY position DESC LIMIT 1") {}

std::vector<AddressRange> RomReader::ranges(std::int64_t id, const char* kind) {
  std::vector<AddressRange> found;
  SQLite::Statement& select = of(ranges_, id);
  select.bind(2, kind);
  while (select.executeStep())
    found.push_back({wordIn(select.getColumn(0)), wordIn(select.getColumn(1))});
  return found;
}

Result<RomReader::Row> RomReader::read(std::int64_t id) {
  ROMLINK_ASSIGN(Row row, readUnchecked(id));
  const std::string title = row.rom.name + "@" + row.rom.version;
  if (recordDigest(row.rom) != row.recordDigest)
    return damagedRecord(title, "it does not match its digest: a part of it is lost or altered");
  if (!row.withdrawalIsSound)
    return damagedRecord(title + " withdrawal", "it does not match its digest: a part of it is altered");
  return row;
}

Result<RomReader::Row> RomReader::readUnchecked(std::int64_t id) {
  const auto damaged = [](const std::string& what) { return damagedRecord(what); };
  if (!of(rom_, id).executeStep())
    return damaged("ROM number " + std::to_string(id));
  Row row;
  RomRecord& rom = row.rom;
  rom.name = rom_.getColumn(1).getString();
  rom.version = rom_.getColumn(2).getString();
  const std::string where = rom.name + "@" + rom.version;
  const auto imageHash = digestIn(rom_.getColumn(0));
  const auto recorded = digestIn(rom_.getColumn(10));
  if (!imageHash || !recorded)
    return damaged(where);
  rom.imageHash = *imageHash;
  row.recordDigest = *recorded;
  rom.buildId = rom_.getColumn(3).getString();
  rom.imageSize = wordIn(rom_.getColumn(4));
  rom.entry = wordIn(rom_.getColumn(5));
  rom.architecture = rom_.getColumn(6).getString();
  rom.functionCount = wordIn(rom_.getColumn(7));
  rom.objectCount = wordIn(rom_.getColumn(8));
  rom.publishedAt = rom_.getColumn(9).getString();
  rom_.reset();
  for (of(artifacts_, id); artifacts_.executeStep();) {
    const std::string role = artifacts_.getColumn(0).getString();
    const auto digest = digestIn(artifacts_.getColumn(3));
    if (!digest)
      return damaged(where + " artifact " + role);
    rom.artifacts.push_back({role, artifacts_.getColumn(1).getString(),
                             static_cast<std::uint64_t>(artifacts_.getColumn(2).getInt64()), *digest});
  }
  rom.flash = ranges(id, "flash");
  rom.volatileRanges = ranges(id, "volatile");
  if (const auto sharedRam = ranges(id, "shared_ram"); !sharedRam.empty())
    rom.sharedRam = sharedRam.front();
  for (of(labels_, id); labels_.executeStep();)
    rom.labels[labels_.getColumn(0).getString()] = labels_.getColumn(1).getString();
  for (of(notes_, id); notes_.executeStep();)
    rom.notes.push_back(notes_.getColumn(0).getString());
  for (of(symbols_, id); symbols_.executeStep();)
    rom.sharedSymbols.push_back(symbols_.getColumn(0).getString());
  if (of(withdrawals_, id).executeStep()) {
    ROMLINK_ASSIGN(rom.withdrawal, withdrawalIn(withdrawals_));
    row.withdrawalIsSound = matchesDigest(withdrawals_, rom.imageHash, *rom.withdrawal);
  }
  withdrawals_.reset();
  // An index can be made again; damage to one must not keep anybody from the set.
  if (const auto indexes = readIndexes(database_, id))
    for (const RomIndexRow& index : *indexes)
      rom.indexes.push_back(index.index);
  return row;
}

} // namespace romlink::store
