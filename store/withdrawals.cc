// See withdrawals.h.
#include "store/withdrawals.h"

#include "store/columns.h"
#include "store/netstrings.h"
#include "store/text.h"

namespace romlink::store {
namespace {

Digest digestOf(const Digest& imageHash, std::int64_t position, const Withdrawal& withdrawal) {
  Netstrings form;
  form.add("romlink-withdrawal-1").add(imageHash.hex()).add(static_cast<std::uint64_t>(position));
  return form.add(nameOf(withdrawal.links)).add(withdrawal.reason).add(withdrawal.withdrawnAt).finish();
}

tl::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::Usage, "cannot withdraw the ROM", "reason", std::move(why));
}

} // namespace

std::string_view nameOf(Links links) {
  return links == Links::Refuse ? "refuse" : links == Links::Warn ? "warn" : "allow";
}

Result<Links> linksFromName(std::string_view name) {
  for (const Links links : {Links::Allow, Links::Warn, Links::Refuse})
    if (name == nameOf(links))
      return links;
  return fail(ErrorCode::Usage, "cannot withdraw the ROM", std::string(name),
              "links are one of refuse, warn, allow");
}

Result<void> check(const Withdrawal& withdrawal) {
  if (withdrawal.reason.empty())
    return refuse("must not be empty");
  if (const auto flaw = flawOf(withdrawal.reason))
    return refuse(*flaw);
  return {};
}

Result<bool> insertWithdrawal(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                              const Withdrawal& withdrawal) {
  SQLite::Statement last(database, "SELECT links, reason, withdrawn_at, position FROM withdrawal"
                                   " WHERE rom_id = ? ORDER BY position DESC LIMIT 1");
  last.bind(1, romId);
  std::int64_t position = 0;
  if (last.executeStep()) {
    ROMLINK_ASSIGN(const Withdrawal before, withdrawalIn(last));
    if (before.links == withdrawal.links &&
        (before.reason == withdrawal.reason || withdrawal.links == Links::Allow))
      return false;
    position = last.getColumn(3).getInt64() + 1;
  } else if (withdrawal.links == Links::Allow) {
    return false;
  }
  last.reset();
  SQLite::Statement insert(database, "INSERT INTO withdrawal (rom_id, position, links, reason, withdrawn_at,"
                                     " record_digest) VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, romId);
  insert.bind(2, position);
  insert.bind(3, std::string(nameOf(withdrawal.links)));
  insert.bind(4, withdrawal.reason);
  insert.bind(5, withdrawal.withdrawnAt);
  bindDigest(insert, 6, digestOf(imageHash, position, withdrawal));
  insert.exec();
  return true;
}

Result<bool> adoptWithdrawal(SQLite::Database& database, std::int64_t romId, const Digest& imageHash,
                             const Withdrawal& withdrawal) {
  const auto strictness = [](Links links) {
    return links == Links::Refuse ? 2 : links == Links::Warn ? 1 : 0;
  };
  SQLite::Statement history(database, "SELECT links, reason, withdrawn_at FROM withdrawal WHERE rom_id = ?"
                                      " ORDER BY position");
  history.bind(1, romId);
  Links now = Links::Allow;
  while (history.executeStep()) {
    ROMLINK_ASSIGN(const Withdrawal said, withdrawalIn(history));
    if (said.links == withdrawal.links && said.reason == withdrawal.reason)
      return false;
    now = said.links;
  }
  if (strictness(withdrawal.links) <= strictness(now))
    return false;
  return insertWithdrawal(database, romId, imageHash, withdrawal);
}

Result<Withdrawal> withdrawalIn(SQLite::Statement& row) {
  const auto links = linksFromName(row.getColumn(0).getString());
  if (!links)
    return damagedRecord("withdrawal");
  return Withdrawal{*links, row.getColumn(1).getString(), row.getColumn(2).getString()};
}

bool matchesDigest(SQLite::Statement& row, const Digest& imageHash, const Withdrawal& withdrawal) {
  const auto recorded = digestIn(row.getColumn(4));
  return recorded && digestOf(imageHash, row.getColumn(3).getInt64(), withdrawal) == *recorded;
}

void verifyWithdrawals(SQLite::Database& database,
                       const std::function<void(const std::string&, const std::string&)>& problem) {
  SQLite::Statement rows(database,
                         "SELECT links, reason, withdrawn_at, position, withdrawal.record_digest, image_hash,"
                         " name || '@' || version FROM withdrawal LEFT JOIN rom ON rom.id = rom_id");
  while (rows.executeStep()) {
    const std::int64_t position = rows.getColumn(3).getInt64();
    const auto withdrawal = withdrawalIn(rows);
    const auto image = digestIn(rows.getColumn(5));
    if (!withdrawal || !image || !matchesDigest(rows, *image, *withdrawal))
      problem(rows.getColumn(6).getString() + " withdrawal " + std::to_string(position),
              "the record does not match its digest: a part of it is altered");
  }
}

} // namespace romlink::store
