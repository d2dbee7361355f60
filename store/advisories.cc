// See advisories.h.
#include "store/advisories.h"

#include "store/columns.h"
#include "store/netstrings.h"
#include "store/rom_sets.h"
#include "store/text.h"

#include <algorithm>

namespace romlink::store {
namespace {

constexpr const char* kCannotRecord = "cannot record the advisory";
constexpr std::size_t kLongestId = 200;

tl::unexpected<Error> refuse(std::string where, std::string why) {
  return fail(ErrorCode::Usage, kCannotRecord, std::move(where), std::move(why));
}

Digest digestOf(const Advisory& advisory) {
  Netstrings form;
  form.add("romlink-advisory-1").add(advisory.id).add(advisory.summary).add(advisory.url);
  return form.add(advisory.recordedAt).finish();
}

Digest digestOf(const std::string& advisory, std::size_t position, const AdvisoryTarget& target) {
  Netstrings form;
  form.add("romlink-advisory-target-1").add(advisory).add(position).add(target.rom.imageHash.hex());
  form.add(target.symbol).add(target.address).add(target.size);
  return form.add(target.body ? target.body->hex() : std::string()).add(target.recordedAt).finish();
}

bool isSame(const AdvisoryTarget& a, const AdvisoryTarget& b) {
  return a.rom.imageHash == b.rom.imageHash && a.symbol == b.symbol && a.address == b.address;
}

void insertRow(SQLite::Database& database, std::int64_t id, const Advisory& advisory) {
  SQLite::Statement insert(database,
                           "INSERT INTO advisory (id, name, summary, url, recorded_at, record_digest)"
                           " VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, id);
  insert.bind(2, advisory.id);
  insert.bind(3, advisory.summary);
  insert.bind(4, advisory.url);
  insert.bind(5, advisory.recordedAt);
  bindDigest(insert, 6, digestOf(advisory));
  insert.exec();
}

void insertTarget(SQLite::Database& database, std::int64_t id, std::int64_t romId,
                  const std::string& advisory, std::size_t position, const AdvisoryTarget& target) {
  SQLite::Statement insert(
      database,
      "INSERT INTO advisory_target (advisory_id, position, rom_id, symbol, address, size, body_digest,"
      " recorded_at, record_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, id);
  insert.bind(2, static_cast<std::int64_t>(position));
  insert.bind(3, romId);
  insert.bind(4, target.symbol);
  insert.bind(5, static_cast<std::int64_t>(target.address));
  insert.bind(6, static_cast<std::int64_t>(target.size));
  if (target.body)
    bindDigest(insert, 7, *target.body);
  else
    insert.bind(7, "", 0);
  insert.bind(8, target.recordedAt);
  bindDigest(insert, 9, digestOf(advisory, position, target));
  insert.exec();
}

constexpr const char* kTargets =
    "SELECT image_hash, rom.name, version, symbol, address, size, body_digest, advisory_target.recorded_at,"
    " position, advisory_target.record_digest FROM advisory_target LEFT JOIN rom ON rom.id = rom_id"
    " WHERE advisory_id = ? ORDER BY position";

Result<AdvisoryTarget> targetIn(SQLite::Statement& row, const std::string& advisory) {
  const auto image = digestIn(row.getColumn(0));
  const SQLite::Column body = row.getColumn(6);
  const auto digest = digestIn(body);
  if (!image || (!digest && body.getBytes() != 0))
    return damagedRecord("advisory " + advisory);
  AdvisoryTarget target;
  target.rom = {*image, row.getColumn(1).getString(), row.getColumn(2).getString()};
  target.symbol = row.getColumn(3).getString();
  target.address = wordIn(row.getColumn(4));
  target.size = wordIn(row.getColumn(5));
  if (digest)
    target.body = *digest;
  target.recordedAt = row.getColumn(7).getString();
  return target;
}

Result<void> readTargets(SQLite::Database& database, std::int64_t id, Advisory& advisory) {
  SQLite::Statement select(database, kTargets);
  select.bind(1, id);
  while (select.executeStep()) {
    ROMLINK_ASSIGN(AdvisoryTarget target, targetIn(select, advisory.id));
    advisory.targets.push_back(std::move(target));
  }
  return {};
}

struct Row {
  std::int64_t id = 0;
  Advisory advisory;
};

Result<std::optional<Row>> findRow(SQLite::Database& database, const std::string& name) {
  SQLite::Statement select(database, "SELECT id, summary, url, recorded_at FROM advisory WHERE name = ?");
  select.bind(1, name);
  if (!select.executeStep())
    return std::optional<Row>();
  Row row{select.getColumn(0).getInt64(),
          {name,
           select.getColumn(1).getString(),
           select.getColumn(2).getString(),
           select.getColumn(3).getString(),
           {}}};
  ROMLINK_TRY(readTargets(database, row.id, row.advisory));
  return std::optional(std::move(row));
}

Result<void> checkSame(const char* what, const std::string& recorded, const std::string& given,
                       const std::string& id) {
  if (given.empty() || given == recorded)
    return {};
  return fail(ErrorCode::Refused, kCannotRecord, id,
              std::string("it is recorded with another ") + what + ": " + recorded,
              std::string("advisories are permanent; leave the ") + what + " out to add targets");
}

} // namespace

Result<void> check(const Advisory& advisory) {
  if (advisory.id.empty())
    return refuse("id", "must not be empty");
  if (const auto flaw = flawOf(advisory.id, kLongestId))
    return refuse("id", *flaw);
  if (advisory.id.find_first_of("/ ") != std::string::npos)
    return refuse("id '" + advisory.id + "'", "must not contain '/' or spaces");
  if (const auto flaw = flawOf(advisory.summary))
    return refuse(advisory.id + " summary", *flaw);
  if (const auto flaw = flawOf(advisory.url))
    return refuse(advisory.id + " url", *flaw);
  if (advisory.targets.empty())
    return refuse(advisory.id, "it names no symbol");
  for (const AdvisoryTarget& target : advisory.targets)
    if (const auto flaw = flawOf(target.symbol))
      return refuse(advisory.id + " symbol", *flaw);
  return {};
}

Result<RecordedAdvisory> insertAdvisory(SQLite::Database& database, const Advisory& given,
                                        const std::string& now) {
  ROMLINK_ASSIGN(auto found, findRow(database, given.id));
  RecordedAdvisory recorded{{}, true};
  if (!found) {
    recorded.alreadyRecorded = false;
    found.emplace(Row{database.execAndGet("SELECT coalesce(max(id), 0) + 1 FROM advisory").getInt64(),
                      {given.id, given.summary, given.url, now, {}}});
    insertRow(database, found->id, found->advisory);
  }
  Advisory& advisory = found->advisory;
  ROMLINK_TRY(checkSame("summary", advisory.summary, given.summary, given.id));
  ROMLINK_TRY(checkSame("URL", advisory.url, given.url, given.id));
  for (AdvisoryTarget target : given.targets) {
    const auto same = [&](const AdvisoryTarget& other) { return isSame(target, other); };
    if (std::any_of(advisory.targets.begin(), advisory.targets.end(), same))
      continue;
    const auto romId = findByImageHash(database, target.rom.imageHash);
    if (!romId)
      return fail(ErrorCode::NotFound, "no such ROM", target.rom.imageHash.text());
    recorded.alreadyRecorded = false;
    target.recordedAt = now;
    insertTarget(database, found->id, *romId, given.id, advisory.targets.size(), target);
    advisory.targets.push_back(std::move(target));
  }
  recorded.advisory = std::move(advisory);
  return recorded;
}

Result<std::optional<Advisory>> findAdvisory(SQLite::Database& database, const std::string& id) {
  ROMLINK_ASSIGN(auto row, findRow(database, id));
  return row ? std::optional(std::move(row->advisory)) : std::nullopt;
}

Result<std::vector<Advisory>> readAdvisories(SQLite::Database& database) {
  SQLite::Statement select(database, "SELECT name FROM advisory ORDER BY name");
  std::vector<Advisory> all;
  while (select.executeStep()) {
    ROMLINK_ASSIGN(auto row, findRow(database, select.getColumn(0).getString()));
    if (row)
      all.push_back(std::move(row->advisory));
  }
  return all;
}

void verifyAdvisories(SQLite::Database& database,
                      const std::function<void(const std::string&, const std::string&)>& problem) {
  constexpr const char* kAltered = "the record does not match its digest: a part of it is altered";
  SQLite::Statement rows(
      database, "SELECT id, name, summary, url, recorded_at, record_digest FROM advisory NOT INDEXED");
  while (rows.executeStep()) {
    const Advisory advisory{rows.getColumn(1).getString(),
                            rows.getColumn(2).getString(),
                            rows.getColumn(3).getString(),
                            rows.getColumn(4).getString(),
                            {}};
    const std::string title = "advisory " + advisory.id;
    if (digestIn(rows.getColumn(5)).value_or(Digest()) != digestOf(advisory))
      problem(title, kAltered);
    SQLite::Statement targets(database, kTargets);
    targets.bind(1, rows.getColumn(0).getInt64());
    std::int64_t count = 0;
    for (; targets.executeStep(); ++count) {
      const std::string where = title + " target " + std::to_string(count);
      const auto target = targetIn(targets, advisory.id);
      if (targets.getColumn(8).getInt64() != count)
        problem(where, "it is missing");
      else if (!target)
        problem(where, target.error().why);
      else if (digestIn(targets.getColumn(9)).value_or(Digest()) !=
               digestOf(advisory.id, static_cast<std::size_t>(count), *target))
        problem(where, kAltered);
    }
    if (count == 0)
      problem(title, "it has no target");
  }
}

} // namespace romlink::store
