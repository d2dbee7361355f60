// The matrix as a page: a heat map of ROMs and the firmware's objects and libraries, bytes saved, blockers.
//
// A column is a library, or an object that is in none; the largest ones have a column of their own, the rest
// share one.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/embedded.h"
#include "relink/report/html_page.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <map>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::LinkReport;
using romlink::v1::MatrixAudit;
using romlink::v1::MatrixRow;
using Type = data::type;

constexpr std::size_t kColumns = 24;
constexpr int kShades = 10;
constexpr std::size_t kNameColumns = 34;

struct Share {
  std::uint64_t bytes = 0;
  std::uint64_t shared = 0;
};

/// What a column is called: archives of many members are one column where there would be too many.
std::string columnOf(const std::string& object, bool gathered) {
  const std::size_t member = object.rfind('(');
  return gathered && member != std::string::npos && member > 0 && object.ends_with(')')
             ? object.substr(0, member)
             : object;
}

/// The part that tells columns apart: the end of a path.
std::string shortName(const std::string& column) {
  const std::string clean = printable(column);
  const std::size_t member = clean.rfind('(');
  const std::size_t slash =
      clean.rfind('/', member == std::string::npos || member == 0 ? clean.size() : member);
  return cutMiddle(slash == std::string::npos ? clean : clean.substr(slash + 1), kNameColumns);
}

struct Columns {
  std::vector<std::string> names; ///< largest first
  bool gathered = false;          ///< libraries instead of their members
  bool rest = false;              ///< there are more than have a column
};

Columns columnsFor(const MatrixAudit& audit) {
  Columns out;
  std::map<std::string, std::uint64_t> bytes;
  const auto gather = [&] {
    bytes.clear();
    for (const MatrixRow& row : audit.rows()) {
      std::map<std::string, std::uint64_t> ofRow;
      for (const auto& object : row.objects())
        ofRow[columnOf(object.object(), out.gathered)] += object.bytes();
      for (const auto& [name, size] : ofRow)
        bytes[name] = std::max(bytes[name], size);
    }
  };
  gather();
  if (bytes.size() > kColumns) {
    out.gathered = true;
    gather();
  }
  for (const auto& [name, size] : bytes)
    if (size > 0)
      out.names.push_back(name);
  std::stable_sort(out.names.begin(), out.names.end(),
                   [&](const std::string& a, const std::string& b) { return bytes[a] > bytes[b]; });
  if (out.names.size() > kColumns) {
    out.names.resize(kColumns - 1);
    out.rest = true;
  }
  return out;
}

/// One for each column, the rest last.
std::vector<Share> sharesOf(const MatrixRow& row, const Columns& columns) {
  std::vector<Share> shares(columns.names.size() + (columns.rest ? 1 : 0));
  std::map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < columns.names.size(); ++i)
    at[columns.names[i]] = i;
  for (const auto& object : row.objects()) {
    const auto found = at.find(columnOf(object.object(), columns.gathered));
    if (found == at.end() && !columns.rest)
      continue; // it has no bytes
    Share& share = shares[found == at.end() ? shares.size() - 1 : found->second];
    share.bytes += object.bytes();
    share.shared += object.shared_bytes();
  }
  return shares;
}

data cellData(const Share& share, const std::string& column, const std::string& rom, bool good) {
  data cell(Type::object);
  if (!good || share.bytes == 0) {
    cell.set("class", "none");
    cell.set("text", "");
    cell.set("title",
             textData(rom + ", " + column + (good ? ": nothing in the firmware" : ": does not link")));
    return cell;
  }
  const std::uint64_t part = std::min(share.shared, share.bytes);
  // 0: nothing at all; 10: everything
  const std::uint64_t shade = part == 0 ? 0 : std::max<std::uint64_t>(1, part * kShades / share.bytes);
  cell.set("class", "h" + std::to_string(shade));
  cell.set("text", std::to_string(part * 100 / share.bytes));
  cell.set("title",
           textData(rom + ", " + column + ": " + number(part) + " of " + number(share.bytes) + " bytes"));
  return cell;
}

bool isGood(const MatrixRow& row) {
  return row.error().empty() && row.verdict() == LinkReport::COMPATIBLE;
}

data rowData(const MatrixRow& row, const Columns& columns, std::int64_t mostSaved) {
  const bool good = isGood(row);
  const std::string rom = romTitle(row.rom().name(), row.rom().version());
  const std::int64_t saved = good ? savedBytes(row.flash()) : 0;
  data out(Type::object);
  out.set("rom", rom);
  out.set("hash", shortHash(row.rom().image_hash()));
  out.set("verdict", !row.error().empty() ? "FAILS" : good ? "FITS" : "INCOMPATIBLE");
  out.set("class", good ? "shared" : "fixed");
  out.set("good", good ? Type::bool_true : Type::bool_false);
  out.set("saved", withCommas(saved));
  out.set("percent", percent(saved, row.flash().baseline_bytes()));
  out.set("width", std::to_string(std::max<std::int64_t>(saved, 0) * 100 / mostSaved));
  out.set("symbols", number(row.shared_symbols()));
  const auto shares = sharesOf(row, columns);
  data cells(Type::list);
  for (std::size_t i = 0; i < shares.size(); ++i)
    cells.push_back(
        cellData(shares[i], i < columns.names.size() ? columns.names[i] : "all others", rom, good));
  out.set("cells", cells);
  return out;
}

/// Blockers of all ROMs by what they cost in sum, with the ROMs they are in.
data blockerData(const MatrixAudit& audit) {
  struct Sum {
    const romlink::v1::Blocker* blocker = nullptr;
    std::uint64_t highest = 0;
    std::vector<std::string> roms;
  };
  std::map<std::string, Sum> sums;
  for (const MatrixRow& row : audit.rows())
    for (const auto& blocker : row.blockers()) {
      Sum& sum = sums[blocker.name() + '\n' + blocker.reason()];
      if (sum.blocker == nullptr || blocker.price_bytes() > sum.highest)
        sum.blocker = &blocker;
      sum.highest = std::max<std::uint64_t>(sum.highest, blocker.price_bytes());
      sum.roms.push_back(romTitle(row.rom().name(), row.rom().version()));
    }
  std::vector<const Sum*> sorted;
  sorted.reserve(sums.size());
  for (const auto& [key, sum] : sums)
    sorted.push_back(&sum);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Sum* a, const Sum* b) { return a->highest > b->highest; });
  constexpr std::size_t most = 30;
  sorted.resize(std::min(sorted.size(), most));
  data rows(Type::list);
  for (const Sum* sum : sorted) {
    data row(Type::object);
    std::string roms;
    for (const std::string& rom : sum->roms)
      roms += (roms.empty() ? "" : ", ") + rom;
    const bool everywhere = sum->roms.size() == static_cast<std::size_t>(audit.rows_size());
    row.set("name", textData(sum->blocker->name()));
    row.set("reason", textData(sum->blocker->reason()));
    row.set("price", number(sum->highest));
    row.set("width",
            std::to_string(sum->highest * 100 / std::max<std::uint64_t>(sorted.front()->highest, 1)));
    row.set("remedy", textData(sum->blocker->remedy()));
    row.set("count", number(sum->roms.size()));
    row.set("roms", textData(everywhere ? "all ROMs" : cut(roms, 160)));
    rows.push_back(row);
  }
  return rows;
}

data failureData(const MatrixAudit& audit) {
  data rows(Type::list);
  const auto add = [&](const MatrixRow& row, const std::string& message) {
    data out(Type::object);
    out.set("severity", "ERROR");
    out.set("code", textData(row.error().empty() ? "INCOMPATIBLE" : "LINK_FAILS"));
    out.set("symbol", romTitle(row.rom().name(), row.rom().version()));
    out.set("message", textData(message));
    rows.push_back(out);
  };
  for (const MatrixRow& row : audit.rows()) {
    if (!row.error().empty())
      add(row, row.error());
    for (const auto& finding : row.findings())
      if (finding.severity() == romlink::v1::Finding::ERROR)
        add(row, finding.message());
  }
  return rows;
}

} // namespace

std::string renderHtml(const MatrixAudit& audit) {
  const Columns columns = columnsFor(audit);
  std::int64_t mostSaved = 1;
  std::int64_t leastSaved = -1;
  std::uint64_t fits = 0;
  std::uint64_t baseline = 0;
  for (const MatrixRow& row : audit.rows()) {
    if (!isGood(row))
      continue;
    ++fits;
    const std::int64_t saved = savedBytes(row.flash());
    mostSaved = std::max(mostSaved, saved);
    leastSaved = leastSaved < 0 ? std::max<std::int64_t>(saved, 0) : std::min(leastSaved, saved);
    baseline = std::max<std::uint64_t>(baseline, row.flash().baseline_bytes());
  }
  data heads(Type::list);
  for (const std::string& name : columns.names) {
    data head(Type::object);
    head.set("name", textData(shortName(name)));
    head.set("title", textData(name));
    heads.push_back(head);
  }
  if (columns.rest) {
    data head(Type::object);
    head.set("name", "all others");
    head.set("title", "all others");
    heads.push_back(head);
  }
  data rows(Type::list);
  for (const MatrixRow& row : audit.rows())
    rows.push_back(rowData(row, columns, mostSaved));
  data page(Type::object);
  page.set("arguments", textData(joined(audit.arguments(), " ")));
  page.set("roms", number(static_cast<std::uint64_t>(audit.rows_size())));
  page.set("fits", number(fits));
  page.set("fitClass", fits == static_cast<std::uint64_t>(audit.rows_size()) ? "main" : "warned");
  page.set("most", fits > 0 ? withCommas(mostSaved) : "0");
  page.set("least", withCommas(std::max<std::int64_t>(leastSaved, 0)));
  page.set("mostPercent", percent(fits > 0 ? mostSaved : 0, static_cast<std::int64_t>(baseline)));
  page.set("baseline", number(baseline));
  page.set("whatColumns", columns.gathered ? "library or object" : "object");
  data shades(Type::list);
  for (int i = 0; i <= kShades; ++i) {
    data shade(Type::object);
    shade.set("class", "h" + std::to_string(i));
    shades.push_back(shade);
  }
  page.set("shades", shades);
  setList(page, "Heads", heads);
  setList(page, "Rows", rows);
  setList(page, "Blockers", blockerData(audit));
  setList(page, "Findings", failureData(audit));
  return renderPage(embedded::auditMatrixHtmlMustache, std::move(page),
                    {.title = "romlink compatibility matrix", .script = {}});
}

} // namespace romlink::report
