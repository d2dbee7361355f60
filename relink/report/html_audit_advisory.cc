// The audit of an advisory as a page: the fleet as a picture (a line for each affected ROM, a square for each
// release on it), the defect in each ROM with its boot path, and how the releases reach it.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/embedded.h"
#include "relink/report/html_page.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::AdvisoryAudit;
using romlink::v1::AffectedRelease;
using romlink::v1::AffectedSymbol;
using Type = data::type;

data squareData(const AffectedRelease& affected) {
  const auto& release = affected.release();
  const std::string labels = labelsText(release);
  data square(Type::object);
  square.set("class", std::string(repairClass(repairOf(affected))));
  square.set("title", textData(shortHash(release.id()) + (labels.empty() ? "" : ", " + labels) + ": " +
                               std::string(repairText(repairOf(affected)))));
  return square;
}

/// A ROM, its defective symbols, and the releases linked against it.
data fleetData(const AdvisoryAudit& audit) {
  struct Line {
    const romlink::v1::RomName* rom = nullptr;
    std::vector<const AffectedSymbol*> symbols;
    std::vector<const AffectedRelease*> releases;
  };
  std::vector<Line> lines; // in the order of `affected`: by ROM
  std::map<std::string, std::size_t> byHash;
  for (const AffectedSymbol& symbol : audit.affected()) {
    const auto [at, added] = byHash.try_emplace(symbol.rom().image_hash(), lines.size());
    if (added)
      lines.push_back({&symbol.rom(), {}, {}});
    lines[at->second].symbols.push_back(&symbol);
  }
  for (const AffectedRelease& release : audit.releases())
    for (const auto& rom : release.release().roms())
      if (const auto at = byHash.find(rom.image_hash()); at != byHash.end())
        lines[at->second].releases.push_back(&release);
  data rows(Type::list);
  for (Line& line : lines) {
    std::stable_sort(
        line.releases.begin(), line.releases.end(),
        [](const AffectedRelease* a, const AffectedRelease* b) { return repairOf(*a) > repairOf(*b); });
    data row(Type::object);
    row.set("rom", romTitle(line.rom->name(), line.rom->version()));
    row.set("hash", textData(shortHash(line.rom->image_hash())));
    const bool boots = std::any_of(line.symbols.begin(), line.symbols.end(),
                                   [](const AffectedSymbol* symbol) { return symbol->boot_path_size() > 0; });
    row.set("boots", boots ? Type::bool_true : Type::bool_false);
    data squares(Type::list);
    for (const AffectedRelease* release : line.releases)
      squares.push_back(squareData(*release));
    row.set("squares", squares);
    rows.push_back(row);
  }
  return rows;
}

/// ROMs whose defect is the same in all that the page shows, as one entry.
data affectedData(const AdvisoryAudit& audit) {
  struct Entry {
    const AffectedSymbol* symbol;
    std::vector<std::string> roms;
  };
  std::vector<Entry> entries;
  std::map<std::string, std::size_t> known;
  for (const AffectedSymbol& symbol : audit.affected()) {
    std::string key = symbol.symbol() + '\n' + symbol.rom_address() + '\n' + std::to_string(symbol.size()) +
                      '\n' + std::to_string(symbol.match());
    for (const std::string& name : symbol.boot_path())
      key += '\n' + name;
    key += "\n\n" + joined(symbol.callers(), "\n");
    const auto [at, added] = known.try_emplace(std::move(key), entries.size());
    if (added)
      entries.push_back({&symbol, {}});
    entries[at->second].roms.push_back(romTitle(symbol.rom().name(), symbol.rom().version()));
  }
  data rows(Type::list);
  for (const Entry& entry : entries) {
    std::string roms;
    for (const std::string& rom : entry.roms)
      roms += (roms.empty() ? "" : ", ") + rom;
    data row(Type::object);
    row.set("roms", textData(roms));
    row.set("symbol", textData(entry.symbol->symbol()));
    row.set("address", textData(entry.symbol->rom_address()));
    row.set("bytes", number(entry.symbol->size()));
    row.set("sameCode",
            entry.symbol->match() == AffectedSymbol::SAME_CODE ? Type::bool_true : Type::bool_false);
    row.set("path", pathData(entry.symbol->boot_path(), true));
    row.set("callers", textData(joined(entry.symbol->callers(), ", ")));
    rows.push_back(row);
  }
  return rows;
}

/// Each way from a shared symbol to the defect, with the releases that take it; the most taken first.
data wayData(const AdvisoryAudit& audit) {
  struct Way {
    const romlink::v1::ReleaseDoubt* doubt;
    std::vector<const AffectedRelease*> releases;
    std::set<std::string> roms;
  };
  std::vector<Way> ways;
  std::map<std::string, std::size_t> known;
  const auto add = [&](const AffectedRelease& release, const romlink::v1::ReleaseDoubt& doubt) {
    std::string key;
    for (const std::string& name : doubt.path())
      key += '\n' + name;
    const auto [at, added] = known.try_emplace(std::move(key), ways.size());
    if (added)
      ways.push_back({&doubt, {}, {}});
    Way& way = ways[at->second];
    if (way.releases.empty() || way.releases.back() != &release)
      way.releases.push_back(&release);
    way.roms.insert(romTitle(doubt.rom().name(), doubt.rom().version()));
  };
  for (const AffectedRelease& release : audit.releases()) {
    for (const auto& doubt : release.doubts())
      add(release, doubt);
    for (const auto& doubt : release.accepted())
      add(release, doubt);
  }
  std::stable_sort(ways.begin(), ways.end(),
                   [](const Way& a, const Way& b) { return a.releases.size() > b.releases.size(); });
  data rows(Type::list);
  for (const Way& way : ways) {
    data row(Type::object);
    std::string roms;
    for (const std::string& rom : way.roms)
      roms += (roms.empty() ? "" : ", ") + rom;
    row.set("roms", textData(cut(roms, 200)));
    row.set("releases", counted(way.releases.size(), "release"));
    row.set("path", pathData(way.doubt->path(), false));
    rows.push_back(row);
  }
  return rows;
}

data releaseData(const AdvisoryAudit& audit) {
  data rows(Type::list);
  for (const AffectedRelease& affected : audit.releases()) {
    const auto& release = affected.release();
    data row(Type::object);
    row.set("id", textData(release.id()));
    row.set("shortId", textData(shortHash(release.id())));
    row.set("roms", textData(romsText(release)));
    row.set("labels", textData(labelsText(release)));
    row.set("linkedAt", textData(release.linked_at()));
    row.set("class", std::string(repairClass(repairOf(affected))));
    row.set("state", std::string(repairText(repairOf(affected))));
    row.set("ownCopies", textData(joined(affected.own_copies(), ", ")));
    rows.push_back(row);
  }
  return rows;
}

} // namespace

std::string renderHtml(const AdvisoryAudit& audit) {
  const auto& advisory = audit.advisory();
  std::array<std::uint64_t, kRepairs.size()> counts{};
  for (const AffectedRelease& release : audit.releases())
    ++counts.at(static_cast<std::size_t>(repairOf(release)));
  const auto count = [&](Repair repair) { return counts.at(static_cast<std::size_t>(repair)); };
  const std::uint64_t affected = count(Repair::Relink) + count(Repair::ExceptBoot);
  std::map<std::string, bool> roms; // hash: it runs the defect when it boots
  for (const AffectedSymbol& symbol : audit.affected())
    roms[symbol.rom().image_hash()] |= symbol.boot_path_size() > 0;
  const auto atBoot = std::count_if(roms.begin(), roms.end(), [](const auto& rom) { return rom.second; });

  data page(Type::object);
  page.set("id", textData(advisory.id()));
  page.set("summary", textData(advisory.summary()));
  page.set("url", textData(advisory.url()));
  page.set("recordedAt", textData(advisory.recorded_at()));
  page.set("roms", number(roms.size()));
  page.set("atBoot", number(static_cast<std::uint64_t>(atBoot)));
  page.set("bootClass", atBoot > 0 ? "warned" : "");
  page.set("affected", number(affected));
  page.set("affectedClass", affected > 0 ? "warned" : "");
  page.set("isAffected", affected > 0 ? Type::bool_true : Type::bool_false);
  page.set("releases", number(static_cast<std::uint64_t>(audit.releases_size())));
  page.set("repairable", number(affected));
  page.set("exceptBoot", number(count(Repair::ExceptBoot)));
  page.set("ownCopy", number(count(Repair::OwnCopy)));
  data legend(Type::list);
  for (const Repair repair : kRepairs) {
    data entry(Type::object);
    entry.set("class", std::string(repairClass(repair)));
    entry.set("label", std::string(repairText(repair)));
    entry.set("count", number(count(repair)));
    legend.push_back(entry);
  }
  page.set("legend", legend);
  setList(page, "Fleet", fleetData(audit));
  setList(page, "Affected", affectedData(audit));
  setList(page, "Ways", wayData(audit));
  setList(page, "Releases", releaseData(audit));
  setList(page, "Findings", findingData(untold(audit.findings())));
  return renderPage(embedded::auditAdvisoryHtmlMustache, std::move(page),
                    {.title = advisory.id() + ": romlink advisory audit", .script = {}});
}

} // namespace romlink::report
