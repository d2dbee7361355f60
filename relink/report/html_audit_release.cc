// The audit of a release as a page: what it shares and on what evidence, drawn as a link today would decide
// it, and each doubt with its path through the ROM.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/embedded.h"
#include "relink/report/html_flash.h"
#include "relink/report/html_page.h"
#include "relink/report/tally.h"
#include "relink/report/wording.h"

#include <array>
#include <set>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::LinkReport;
using romlink::v1::ReleaseAudit;
using Type = data::type;

/// The report as it would be today: what is in doubt stays local.
LinkReport todayOf(const ReleaseAudit& audit) {
  std::set<std::string> doubtful;
  for (const auto& doubt : audit.doubts())
    doubtful.insert(doubt.symbol());
  LinkReport today = audit.report();
  for (auto& symbol : *today.mutable_symbols())
    if (symbol.decision() == Symbol::SHARED && doubtful.contains(symbol.name())) {
      symbol.set_decision(Symbol::LOCAL);
      symbol.set_reason("FIXED");
    }
  return today;
}

data romData(const ReleaseAudit& audit) {
  data rows(Type::list);
  for (const auto& rom : audit.release().roms()) {
    data row(Type::object);
    row.set("name", romTitle(rom.name(), rom.version()));
    row.set("hash", textData(rom.image_hash()));
    rows.push_back(row);
  }
  return rows;
}

data doubtData(const ReleaseAudit& audit) {
  data rows(Type::list);
  for (const auto& doubt : audit.doubts()) {
    data row(Type::object);
    row.set("symbol", textData(doubt.symbol()));
    row.set("advisory", textData(doubt.advisory()));
    row.set("rom", romTitle(doubt.rom().name(), doubt.rom().version()));
    row.set("path", pathData(doubt.path(), false));
    rows.push_back(row);
  }
  return rows;
}

data evidenceData(const Tally& tally) {
  struct Sum {
    std::uint64_t symbols = 0;
    std::uint64_t bytes = 0;
  };
  std::array<Sum, Symbol::Evidence_ARRAYSIZE> sums{};
  for (const Symbol* symbol : tally.shared) {
    const auto at = static_cast<std::size_t>(symbol->evidence());
    if (at >= sums.size())
      continue;
    ++sums.at(at).symbols;
    sums.at(at).bytes += bytesOf(*symbol);
  }
  data rows(Type::list);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums.at(i).symbols == 0)
      continue;
    data row(Type::object);
    row.set("evidence", Symbol::Evidence_Name(static_cast<Symbol::Evidence>(i)));
    row.set("symbols", number(sums.at(i).symbols));
    row.set("bytes", number(sums.at(i).bytes));
    row.set("width", std::to_string(sums.at(i).bytes * 100 / std::max<std::uint64_t>(tally.sharedBytes, 1)));
    row.set("class", i == Symbol::IDENTICAL ? "shared" : "accepted");
    rows.push_back(row);
  }
  return rows;
}

data sharedData(const ReleaseAudit& audit, const Tally& tally) {
  std::set<std::string> doubtful;
  for (const auto& doubt : audit.doubts())
    doubtful.insert(doubt.symbol());
  data rows(Type::list);
  for (const Symbol* symbol : tally.shared) {
    const bool doubted = doubtful.contains(symbol->name());
    data row(Type::object);
    row.set("name", textData(symbol->name()));
    row.set("object", textData(typedName(symbol->object())));
    row.set("evidence", textData(reasonOf(*symbol)));
    row.set("class", doubted ? "fixed" : isAccepted(*symbol) ? "accepted" : "shared");
    row.set("today", doubted ? "stays local" : "shared");
    row.set("types", symbol->types() == Symbol::TYPES_UNSPECIFIED ? "" : Symbol::Types_Name(symbol->types()));
    row.set("bytes", number(bytesOf(*symbol)));
    row.set("address", textData(symbol->rom_address()));
    row.set("detail", textData(symbol->detail()));
    rows.push_back(row);
  }
  return rows;
}

data inputData(const ReleaseAudit& audit) {
  data rows(Type::list);
  for (const auto& input : audit.release().inputs()) {
    data row(Type::object);
    row.set("path", textData(typedName(input.path())));
    row.set("digest", textData(input.digest()));
    rows.push_back(row);
  }
  return rows;
}

} // namespace

std::string renderHtml(const ReleaseAudit& audit) {
  const auto& release = audit.release();
  const Tally tally = tallyOf(audit.report());
  const LinkReport today = todayOf(audit);
  const Tally todayTally = tallyOf(today);
  data page(Type::object);
  page.set("id", textData(release.id()));
  page.set("shortId", shortHash(release.id()));
  page.set("roms", textData(romsText(release)));
  page.set("labels", textData(labelsText(release)));
  page.set("linkedAt", textData(release.linked_at()));
  page.set("image", textData(release.image_hash()));
  page.set("policy", textData(release.policy_digest()));
  page.set("tool", textData(release.tool_version()));
  std::string arguments;
  for (const std::string& argument : release.arguments())
    arguments += (arguments.empty() ? "" : " ") + typedName(argument);
  page.set("arguments", textData(arguments));
  page.set("same", audit.same_today() ? Type::bool_true : Type::bool_false);
  page.set("saved", withCommas(savedBytes(audit.report().flash())));
  page.set("linked", number(audit.report().flash().linked_bytes()));
  page.set("sharedSymbols", number(tally.shared.size()));
  page.set("sharedBytes", number(tally.sharedBytes));
  page.set("acceptedBytes", number(tally.acceptedBytes));
  page.set("doubtSymbols", number(tally.shared.size() - todayTally.shared.size()));
  page.set("doubtBytes", number(tally.sharedBytes - todayTally.sharedBytes));
  page.set("doubtClass", audit.doubts_size() > 0 ? "warned" : "");
  page.set("treemap",
           audit.report().symbols_size() > 0 ? treemapData(today, todayTally) : data(Type::bool_false));
  setList(page, "Roms", romData(audit));
  setList(page, "Doubts", doubtData(audit));
  setList(page, "Evidence", evidenceData(tally));
  setList(page, "Shared", sharedData(audit, tally));
  setList(page, "Inputs", inputData(audit));
  setList(page, "Findings", findingData(untold(audit.findings())));
  return renderPage(embedded::auditReleaseHtmlMustache, std::move(page),
                    {.title = shortHash(release.id()) + ": romlink release audit", .script = {}});
}

} // namespace romlink::report
