// See log.h.
#include "store/log.h"

#include "store/columns.h"
#include "store/netstrings.h"

#include <SQLiteCpp/Statement.h>
#include <bit>

namespace romlink::store {
namespace {

constexpr const char* kOrigin = "romlink-archive/";

tl::unexpected<Error> damagedLog(std::string where, std::string why) {
  return fail(
      ErrorCode::Damaged, "the archive's log is damaged", std::move(where), std::move(why),
      "nothing is added to it; `romlink archive verify` names what is affected; restore it from a backup");
}

/// The root of one complete subtree of a log of `size` entries: the one whose size is 2^level.
Result<Digest> peakOf(SQLite::Database& database, std::uint64_t size, unsigned level) {
  const std::uint64_t position = (size >> level) - 1;
  SQLite::Statement select(database,
                           level == 0 ? "SELECT kind, record_digest FROM log_entry WHERE position = ?1"
                                      : "SELECT '', hash FROM log_node WHERE position = ?1 AND level = ?2");
  select.bind(1, static_cast<std::int64_t>(position));
  if (level > 0)
    select.bind(2, level);
  const auto digest = select.executeStep() ? digestIn(select.getColumn(1)) : Digest::fromBytes({});
  if (!digest)
    return damagedLog("node " + std::to_string(level) + "/" + std::to_string(position), "it is missing");
  return level == 0 ? entryHash(select.getColumn(0).getString(), *digest) : *digest;
}

Result<MerkleTree> treeOf(SQLite::Database& database, std::uint64_t size) {
  std::vector<Digest> peaks;
  for (auto level = static_cast<unsigned>(std::bit_width(size)); level-- > 0;)
    if ((size >> level & 1) != 0) {
      ROMLINK_ASSIGN(const Digest peak, peakOf(database, size, level));
      peaks.push_back(peak);
    }
  return MerkleTree(size, std::move(peaks));
}

/// Adds the entries from `tree`'s size on, and the nodes they complete.
Result<void> grow(SQLite::Database& database, MerkleTree& tree) {
  SQLite::Statement node(database, "INSERT INTO log_node (level, position, hash) VALUES (?, ?, ?)");
  const auto insert = [&](unsigned level, std::uint64_t position, const Digest& hash) {
    node.bind(1, level);
    node.bind(2, static_cast<std::int64_t>(position));
    bindDigest(node, 3, hash);
    node.exec();
    node.reset();
  };
  SQLite::Statement entries(
      database, "SELECT position, kind, record_digest FROM log_entry WHERE position >= ? ORDER BY position");
  entries.bind(1, static_cast<std::int64_t>(tree.size()));
  while (entries.executeStep()) {
    const auto digest = digestIn(entries.getColumn(2));
    if (!digest || entries.getColumn(0).getInt64() != static_cast<std::int64_t>(tree.size()))
      return damagedLog("entry " + std::to_string(tree.size()), "it is missing");
    tree.add(entryHash(entries.getColumn(1).getString(), *digest), insert);
  }
  return {};
}

std::optional<std::int64_t> keyId(SQLite::Database& database, const PublicKey& key) {
  SQLite::Statement select(database, "SELECT id FROM signing_key WHERE public_key = ?");
  select.bind(1, key.bytes.data(), static_cast<int>(key.bytes.size()));
  return select.executeStep() ? std::optional(select.getColumn(0).getInt64()) : std::nullopt;
}

std::int64_t keyIdOrNew(SQLite::Database& database, const PublicKey& key) {
  if (const auto known = keyId(database, key))
    return *known;
  const std::int64_t id = database.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM signing_key").getInt64();
  SQLite::Statement insert(database, "INSERT INTO signing_key (id, public_key) VALUES (?, ?)");
  insert.bind(1, id);
  insert.bind(2, key.bytes.data(), static_cast<int>(key.bytes.size()));
  insert.exec();
  return id;
}

Result<void> appendHead(SQLite::Database& database, const MerkleTree& tree, const SigningKey& key) {
  ROMLINK_ASSIGN(std::string origin, originOf(database));
  const LogHead head{std::move(origin), tree.size(), tree.root()};
  const Signature signature = key.sign(asBytes(head.text()));
  SQLite::Statement insert(database,
                           "INSERT INTO signed_head (size, root, key_id, signature) VALUES (?, ?, ?, ?)");
  insert.bind(1, static_cast<std::int64_t>(head.size));
  bindDigest(insert, 2, head.root);
  insert.bind(3, keyIdOrNew(database, key.publicKey()));
  insert.bind(4, signature.data(), static_cast<int>(signature.size()));
  insert.exec();
  return {};
}

} // namespace

Digest entryHash(std::string_view kind, const Digest& recordDigest) {
  std::string data;
  for (const std::string_view field : {std::string_view("romlink-log-1"), kind})
    data += netstring(field);
  return leafHash(asBytes(data + netstring(recordDigest.hex())));
}

Result<std::string> originOf(SQLite::Database& database) {
  SQLite::Statement select(database, "SELECT identity FROM archive_identity WHERE id = 1");
  if (!select.executeStep())
    return damagedLog("archive_identity", "its row is missing");
  const SQLite::Column identity = select.getColumn(0);
  return kOrigin + toHex({static_cast<const std::uint8_t*>(identity.getBlob()),
                          static_cast<std::size_t>(identity.getBytes())});
}

Result<MerkleTree> signedTree(SQLite::Database& database) {
  SQLite::Statement newest(database, "SELECT size, root FROM signed_head ORDER BY size DESC LIMIT 1");
  if (!newest.executeStep())
    return damagedLog("signed heads", "there is none");
  const auto size = newest.getColumn(0).getInt64();
  const auto root = digestIn(newest.getColumn(1));
  const auto entries = database.execAndGet("SELECT coalesce(max(position) + 1, 0) FROM log_entry").getInt64();
  const std::string title = "signed head of " + std::to_string(size) + " entries";
  if (entries < size)
    return damagedLog(title, "the log has " + std::to_string(entries) + " entries only");
  ROMLINK_ASSIGN(MerkleTree tree, treeOf(database, static_cast<std::uint64_t>(size)));
  if (!root || tree.root() != *root)
    return damagedLog(title, "the log gives another root");
  return tree;
}

Result<void> signLog(SQLite::Database& database, MerkleTree tree, const SigningKey& key) {
  const std::uint64_t before = tree.size();
  ROMLINK_TRY(grow(database, tree));
  return tree.size() == before ? Result<void>() : appendHead(database, tree, key);
}

Result<void> beginLog(SQLite::Database& database, const SigningKey& key) {
  MerkleTree tree;
  ROMLINK_TRY(grow(database, tree));
  return appendHead(database, tree, key);
}

Result<SignedHead> newestHead(SQLite::Database& database) {
  SignedHead newest;
  ROMLINK_ASSIGN(newest.head.origin, originOf(database));
  SQLite::Statement select(database, "SELECT size, root, signature, public_key FROM signed_head"
                                     " LEFT JOIN signing_key ON signing_key.id = key_id"
                                     " ORDER BY size DESC LIMIT 1");
  if (!select.executeStep())
    return damagedLog("signed heads", "there is none");
  newest.head.size = static_cast<std::uint64_t>(select.getColumn(0).getInt64());
  const auto root = digestIn(select.getColumn(1));
  const auto signature = bytesIn<Signature>(select.getColumn(2));
  const auto key = bytesIn<decltype(PublicKey::bytes)>(select.getColumn(3));
  if (!root || !signature || !key)
    return damagedRecord("signed head of " + std::to_string(newest.head.size) + " entries");
  newest.head.root = *root;
  newest.signature = *signature;
  newest.key = {newest.head.origin, {*key}};
  return newest;
}

bool isKnownKey(SQLite::Database& database, const PublicKey& key) {
  return keyId(database, key).has_value();
}

} // namespace romlink::store
