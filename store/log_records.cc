// See log_records.h.
#include "store/log_records.h"

#include "store/columns.h"

#include <SQLiteCpp/Statement.h>
#include <array>

namespace romlink::store {
namespace {

constexpr std::array kKinds = {
    RecordKind{"rom", "SELECT record_digest, name || '@' || version FROM rom NOT INDEXED"},
    RecordKind{"rom_index",
               "SELECT t.record_digest, coalesce(name || '@' || version, 'a lost ROM') || ' index of format '"
               " || format_version FROM rom_index AS t LEFT JOIN rom ON rom.id = rom_id"},
    RecordKind{
        "body_set",
        "SELECT t.record_digest, coalesce(name || '@' || version, 'a lost ROM') || ' bodies of format '"
        " || format_version FROM body_set AS t LEFT JOIN rom ON rom.id = rom_id"},
    RecordKind{
        "rom_sketch",
        "SELECT t.record_digest, coalesce(name || '@' || version, 'a lost ROM') || ' sketch of format '"
        " || format_version FROM rom_sketch AS t LEFT JOIN rom ON rom.id = rom_id"},
    RecordKind{"advisory", "SELECT record_digest, 'advisory ' || name FROM advisory NOT INDEXED"},
    RecordKind{
        "advisory_target",
        "SELECT t.record_digest, 'advisory ' || coalesce(name, 'that is lost') || ' target ' || position"
        " FROM advisory_target AS t LEFT JOIN advisory ON advisory.id = advisory_id"},
    RecordKind{
        "release",
        "SELECT record_digest, 'release sha256:' || lower(hex(release_hash)) FROM release NOT INDEXED"},
    RecordKind{"withdrawal",
               "SELECT t.record_digest, coalesce(name || '@' || version, 'a lost ROM') || ' withdrawal '"
               " || position FROM withdrawal AS t LEFT JOIN rom ON rom.id = rom_id"},
};

} // namespace

std::span<const RecordKind> recordKinds() {
  return kKinds;
}

void forEachRecord(SQLite::Database& database, const RecordKind& kind,
                   const std::function<void(const Digest& digest, const std::string& title)>& take) {
  SQLite::Statement select(database, std::string(kind.query));
  while (select.executeStep())
    take(digestIn(select.getColumn(0)).value_or(Digest()), select.getColumn(1).getString());
}

std::string titleOf(SQLite::Database& database, std::string_view table, const Digest& digest) {
  std::string found = std::string(table) + " " + digest.hex().substr(0, 8);
  for (const RecordKind& kind : kKinds)
    if (kind.table == table)
      forEachRecord(database, kind, [&](const Digest& one, const std::string& title) {
        if (one == digest)
          found = title;
      });
  return found;
}

} // namespace romlink::store
