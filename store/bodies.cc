// See bodies.h.
#include "store/bodies.h"

#include "store/columns.h"
#include "store/netstrings.h"

#include <map>
#include <set>

namespace romlink::store {
namespace {

constexpr int kHeadBytes = 5;

/// Over a set: fields in the form that docs/archive_format.md gives, the heads in ascending order.
class SetDigest {
public:
  SetDigest(const Digest& imageHash, std::uint64_t formatVersion, std::uint64_t unknownBodies) {
    form_.add("romlink-bodies-1").add(imageHash.hex()).add(formatVersion).add(unknownBodies);
  }
  void add(std::int64_t head) {
    form_.add(static_cast<std::uint64_t>(head));
    ++count_;
  }
  [[nodiscard]] std::int64_t count() const { return count_; }
  Digest finish() { return form_.add(static_cast<std::uint64_t>(count_)).finish(); }

private:
  Netstrings form_;
  std::int64_t count_ = 0;
};

} // namespace

std::int64_t headOf(const Digest& body) {
  std::int64_t head = 0;
  for (int i = 0; i < kHeadBytes; ++i)
    head = head << 8 | body.bytes.at(static_cast<std::size_t>(i));
  return head;
}

void insertBodies(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                  std::uint32_t formatVersion, const std::vector<Digest>& bodies,
                  std::uint32_t unknownBodies) {
  SQLite::Statement known(database, "SELECT 1 FROM body_set WHERE rom_id = ? AND format_version = ?");
  known.bind(1, romId);
  known.bind(2, static_cast<std::int64_t>(formatVersion));
  if (known.executeStep())
    return;
  std::set<std::int64_t> heads;
  for (const Digest& body : bodies)
    heads.insert(headOf(body));
  SetDigest digest(imageHash, formatVersion, unknownBodies);
  SQLite::Statement insert(database, "INSERT INTO body (head, rom_id, format_version) VALUES (?, ?, ?)");
  for (const std::int64_t head : heads) {
    insert.bind(1, head);
    insert.bind(2, romId);
    insert.bind(3, static_cast<std::int64_t>(formatVersion));
    insert.exec();
    insert.reset();
    digest.add(head);
  }
  SQLite::Statement seal(
      database, "INSERT INTO body_set (rom_id, format_version, body_count, unknown_count, record_digest)"
                " VALUES (?, ?, ?, ?, ?)");
  seal.bind(1, romId);
  seal.bind(2, static_cast<std::int64_t>(formatVersion));
  seal.bind(3, digest.count());
  seal.bind(4, static_cast<std::int64_t>(unknownBodies));
  bindDigest(seal, 5, digest.finish());
  seal.exec();
}

void verifyBodies(SQLite::Database& database,
                  const std::function<void(const std::string&, const std::string&)>& problem) {
  struct Set {
    std::string title;
    std::int64_t count;
    Digest recorded;
    SetDigest digest;
  };
  std::map<std::pair<std::int64_t, std::int64_t>, Set> sets;
  SQLite::Statement rows(
      database, "SELECT rom_id, format_version, body_count, unknown_count, body_set.record_digest,"
                " image_hash, name || '@' || version FROM body_set LEFT JOIN rom ON rom.id = rom_id");
  while (rows.executeStep()) {
    const std::int64_t format = rows.getColumn(1).getInt64();
    sets.emplace(
        std::pair(rows.getColumn(0).getInt64(), format),
        Set{rows.getColumn(6).getString() + " bodies of format " + std::to_string(format),
            rows.getColumn(2).getInt64(), digestIn(rows.getColumn(4)).value_or(Digest()),
            SetDigest(digestIn(rows.getColumn(5)).value_or(Digest()), static_cast<std::uint64_t>(format),
                      static_cast<std::uint64_t>(rows.getColumn(3).getInt64()))});
  }
  // One pass in the table's order, which is the order of each set.
  SQLite::Statement heads(database, "SELECT rom_id, format_version, head FROM body ORDER BY head, rom_id");
  while (heads.executeStep()) {
    const auto set = sets.find({heads.getColumn(0).getInt64(), heads.getColumn(1).getInt64()});
    if (set != sets.end()) // foreign_key_check names the others
      set->second.digest.add(heads.getColumn(2).getInt64());
  }
  for (auto& [key, set] : sets)
    if (set.digest.count() != set.count || set.digest.finish() != set.recorded)
      problem(set.title, "they do not match their digest: a part of them is lost or altered");
}

} // namespace romlink::store
