// See verify_log.h.
#include "store/verify_log.h"

#include "store/columns.h"
#include "store/log.h"
#include "store/log_records.h"
#include "store/merkle.h"

#include <algorithm>
#include <map>

namespace romlink::store {
namespace {

constexpr std::size_t kMostNamed = 8;

struct Entry {
  std::string kind;
  Digest digest;
  bool hasRecord = false;
};

struct Head {
  std::uint64_t size = 0;
  std::optional<Digest> root;
  std::int64_t key = 0;
  std::optional<Signature> signature;
};

std::string entriesTitle(std::uint64_t from, std::uint64_t to) {
  return to - from == 1 ? "log entry " + std::to_string(from)
                        : "log entries " + std::to_string(from) + " to " + std::to_string(to - 1);
}

// Of consecutive heads with the same flaw: thousands may follow from one altered byte.
class HeadRun {
public:
  enum class Flaw { None, Root, Signature, Both };

  explicit HeadRun(const Problem& problem) : problem_(problem) {}
  /// `content` names the entries that came between the last sound head and this one; asked for only if it is
  /// needed.
  void add(std::uint64_t size, Flaw flaw, const std::function<std::string()>& content) {
    if (flaw != flaw_) {
      end();
      flaw_ = flaw;
      first_ = size;
      count_ = 0;
      content_ = flaw == Flaw::Root ? content() : std::string();
    }
    last_ = size;
    ++count_;
  }
  void end() {
    const std::string title = count_ == 1
                                  ? "signed head of " + std::to_string(first_) + " entries"
                                  : "signed heads of " + std::to_string(first_) + " to " +
                                        std::to_string(last_) + " entries (" + std::to_string(count_) + ")";
    if (flaw_ == Flaw::Root)
      problem_(title, "the log gives another root: " + content_ + " not what was signed");
    else if (flaw_ == Flaw::Signature)
      problem_(title,
               "the signature is not that of the archive's key: what was signed is altered, or the key is");
    else if (flaw_ == Flaw::Both)
      problem_(title,
               "neither root nor signature is right: the head is altered, or the log is and the key, too");
    flaw_ = Flaw::None;
  }

private:
  const Problem& problem_;
  Flaw flaw_ = Flaw::None;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::size_t count_ = 0;
  std::string content_;
};

class LogVerifier {
public:
  LogVerifier(SQLite::Database& database, const WrittenDown& writtenDown, const Problem& problem,
              Verification& found)
      : database_(database), writtenDown_(writtenDown), problem_(problem), found_(found),
        node_(database, "SELECT hash FROM log_node WHERE level = ? AND position = ?") {}

  void run() {
    if (writtenDown_.head || writtenDown_.key)
      found_.contradiction = "the log is too damaged to be compared with it";
    const auto origin = originOf(database_);
    if (!origin)
      return problem_("archive_identity", origin.error().why);
    origin_ = *origin;
    readKeys();
    readHeads();
    readEntries();
    checkTree();
    checkRecords();
    if (writtenDown_.head || writtenDown_.key)
      found_.contradiction = contradiction();
    found_.entries = entries_.size();
  }

private:
  void readKeys() {
    SQLite::Statement select(database_, "SELECT id, public_key FROM signing_key NOT INDEXED ORDER BY id");
    while (select.executeStep()) {
      const std::int64_t id = select.getColumn(0).getInt64();
      const auto bytes = bytesIn<decltype(PublicKey::bytes)>(select.getColumn(1));
      if (!bytes || id != static_cast<std::int64_t>(keys_.size()) + 1)
        problem_("signing key " + std::to_string(id), "it is damaged, or one before it is missing");
      else
        keys_.push_back({origin_, {*bytes}});
    }
  }

  void readHeads() {
    SQLite::Statement select(database_,
                             "SELECT size, root, key_id, signature FROM signed_head ORDER BY size");
    std::int64_t newestKey = 1;
    while (select.executeStep()) {
      const auto root = digestIn(select.getColumn(1));
      heads_.push_back({static_cast<std::uint64_t>(select.getColumn(0).getInt64()),
                        root ? std::optional(*root) : std::nullopt, select.getColumn(2).getInt64(),
                        bytesIn<Signature>(select.getColumn(3))});
      const Head& head = heads_.back();
      if (head.key <= newestKey)
        continue;
      newestKey = head.key;
      if (const VerifierKey* key = keyOf(head))
        found_.notes.push_back("another key signs since the head of " + std::to_string(head.size) +
                               " entries: " + key->text());
    }
    for (std::size_t id = static_cast<std::size_t>(newestKey); id < keys_.size(); ++id)
      problem_("signing key " + std::to_string(id + 1), "no head is signed with it");
  }

  void readEntries() {
    SQLite::Statement select(database_,
                             "SELECT position, kind, record_digest FROM log_entry ORDER BY position");
    while (select.executeStep()) {
      const std::int64_t position = select.getColumn(0).getInt64();
      const auto digest = digestIn(select.getColumn(2));
      if (position != static_cast<std::int64_t>(entries_.size()) || !digest) {
        problem_("log entry " + std::to_string(entries_.size()), "it is missing");
        return;
      }
      entries_.push_back({select.getColumn(1).getString(), *digest});
    }
  }

  [[nodiscard]] const VerifierKey* keyOf(const Head& head) const {
    return head.key >= 1 && head.key <= static_cast<std::int64_t>(keys_.size())
               ? &keys_[static_cast<std::size_t>(head.key) - 1]
               : nullptr;
  }

  [[nodiscard]] bool isSigned(const Head& head) const {
    const VerifierKey* key = keyOf(head);
    return key != nullptr && head.root && head.signature &&
           key->key.verifies(asBytes(LogHead{origin_, head.size, *head.root}.text()), *head.signature);
  }

  void checkTree() {
    const std::uint64_t signedSize = heads_.empty() ? 0 : heads_.back().size;
    MerkleTree tree;
    HeadRun flaws(problem_);
    auto head = heads_.begin();
    std::uint64_t soundSize = 0;
    std::int64_t nodes = 0;
    const auto checkHeads = [&] {
      if (writtenDown_.head && writtenDown_.head->head.size == tree.size())
        writtenDownRoot_ = tree.root();
      for (; head != heads_.end() && head->size == tree.size(); ++head) {
        const bool rootFits = head->root == tree.root();
        const bool signatureFits = isSigned(*head);
        flaws.add(head->size,
                  rootFits ? (signatureFits ? HeadRun::Flaw::None : HeadRun::Flaw::Signature)
                           : (signatureFits ? HeadRun::Flaw::Root : HeadRun::Flaw::Both),
                  [&] { return contentOf(soundSize, head->size); });
        if (rootFits)
          soundSize = head->size;
      }
    };
    checkHeads();
    for (const Entry& entry : entries_) {
      tree.add(entryHash(entry.kind, entry.digest),
               [&](unsigned level, std::uint64_t position, const Digest& hash) {
                 if ((position + 1) << level > signedSize)
                   return;
                 checkNode(level, position, hash);
                 ++nodes;
               });
      checkHeads();
    }
    flaws.end();
    if (heads_.empty())
      problem_("signed heads", "there is none");
    else if (signedSize < entries_.size())
      problem_(entriesTitle(signedSize, entries_.size()),
               "no signed head covers them: " + contentOf(signedSize, entries_.size()) + " past romlink");
    for (; head != heads_.end(); ++head)
      problem_("signed head of " + std::to_string(head->size) + " entries",
               "the log has " + std::to_string(entries_.size()) + " readable entries only");
    if (signedSize <= entries_.size() &&
        database_.execAndGet("SELECT count(*) FROM log_node").getInt64() > nodes)
      problem_("log_node", "it has nodes that the log does not have");
  }

  void checkNode(unsigned level, std::uint64_t position, const Digest& hash) {
    node_.bind(1, level);
    node_.bind(2, static_cast<std::int64_t>(position));
    const bool stored = node_.executeStep();
    if (!stored || digestIn(node_.getColumn(0)).value_or(Digest()) != hash)
      badNode(level, position, stored);
    node_.reset();
  }

  // An altered entry gives a wrong hash to all nodes above it; the heads name it.
  void badNode(unsigned level, std::uint64_t position, bool stored) {
    if (++badNodes_ <= kMostNamed)
      problem_("log node " + std::to_string(level) + "/" + std::to_string(position),
               stored ? "it is not the hash of what is below it" : "it is missing");
  }

  /// The records of these entries, by name.
  std::string contentOf(std::uint64_t from, std::uint64_t to) {
    std::string text = entriesTitle(from, to) + " (";
    for (std::uint64_t i = from; i < to && i < entries_.size(); ++i) {
      if (i - from == kMostNamed)
        return text + ", ...) are";
      text += (i == from ? "" : ", ") + titleOf(database_, entries_[i].kind, entries_[i].digest);
    }
    return text + ")" + (to - from == 1 ? " is" : " are");
  }

  void checkRecords() {
    std::map<std::pair<std::string_view, Digest>, std::size_t> byRecord;
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (!byRecord.emplace(std::pair(std::string_view(entries_[i].kind), entries_[i].digest), i).second)
        problem_("log entry " + std::to_string(i), "its record has an entry before");
    for (const RecordKind& kind : recordKinds())
      forEachRecord(database_, kind, [&](const Digest& digest, const std::string& title) {
        const auto found = byRecord.find({kind.table, digest});
        if (found == byRecord.end())
          problem_(title, "the record is not in the log: it was altered or added past romlink");
        else
          entries_[found->second].hasRecord = true;
      });
    for (const auto& [record, position] : byRecord)
      if (!entries_[position].hasRecord)
        problem_("log entry " + std::to_string(position),
                 "its record, " + entries_[position].kind + " with the digest " +
                     entries_[position].digest.hex() + ", is missing or altered");
  }

  /// Why the archive cannot be what was written down; empty: it can.
  std::string contradiction() {
    if (writtenDown_.key && writtenDown_.key->name != origin_)
      return "the public key is that of another archive, " + writtenDown_.key->name + "; this one is " +
             origin_;
    if (!writtenDown_.head)
      return newestContradicts();
    const auto& [note, head] = *writtenDown_.head;
    const std::string title = "the head of " + std::to_string(head.size) + " entries";
    if (head.origin != origin_)
      return "it is the head of another archive, " + head.origin + "; this one is " + origin_;
    std::optional<bool> isSigned;
    for (const VerifierKey& key : writtenDown_.key ? std::vector{*writtenDown_.key} : keys_)
      if (const auto by = note.isSignedBy(key); by && isSigned != std::optional(true))
        isSigned = by;
    if (!isSigned)
      return title + " is not signed with " +
             (writtenDown_.key ? "this public key" : "a key of this archive");
    if (!*isSigned)
      return "the signature of " + title + " does not verify: its text was altered";
    if (head.size > entries_.size())
      return "the log has only " + std::to_string(entries_.size()) + " of the " + std::to_string(head.size) +
             " entries of the head: the archive was truncated, or is an older copy";
    if (writtenDownRoot_ != head.root)
      return "its first " + std::to_string(head.size) +
             " entries are not those of the head: the archive was rewritten, or is a copy that went another "
             "way";
    return {};
  }

  std::string newestContradicts() {
    const VerifierKey* key = heads_.empty() ? nullptr : keyOf(heads_.back());
    if (key == nullptr || !isSigned(heads_.back()))
      return "its newest head has no valid signature";
    return writtenDown_.key == *key ? std::string()
                                    : "its newest head is signed with another key, " + key->text();
  }

  SQLite::Database& database_;
  const WrittenDown& writtenDown_;
  const Problem& problem_;
  Verification& found_;
  SQLite::Statement node_;
  std::string origin_;
  std::vector<VerifierKey> keys_;
  std::vector<Head> heads_;
  std::vector<Entry> entries_;
  std::optional<Digest> writtenDownRoot_;
  std::size_t badNodes_ = 0;
};

} // namespace

Result<WrittenDown> read(const Witness& witness) {
  WrittenDown writtenDown;
  if (!witness.head.empty()) {
    ROMLINK_ASSIGN(SignedNote note, SignedNote::parse(witness.head));
    ROMLINK_ASSIGN(LogHead head, LogHead::parse(note.text));
    writtenDown.head = {std::move(note), std::move(head)};
  }
  if (!witness.publicKey.empty()) {
    ROMLINK_ASSIGN(writtenDown.key, VerifierKey::parse(witness.publicKey));
  }
  return writtenDown;
}

void verifyLog(SQLite::Database& database, const WrittenDown& writtenDown, const Problem& problem,
               Verification& found) {
  LogVerifier(database, writtenDown, problem, found).run();
}

} // namespace romlink::store
