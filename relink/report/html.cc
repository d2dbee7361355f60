// The report as one HTML page: fills report.html.mustache.
#include "relink/report/embedded.h"
#include "relink/report/flag_lines.h"
#include "relink/report/html_flash.h"
#include "relink/report/html_judgement.h"
#include "relink/report/html_page.h"
#include "relink/report/render.h"
#include "relink/report/tally.h"
#include "relink/report/wording.h"

#include <algorithm>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::LinkReport;
using Type = data::type;

data headlineData(const LinkReport& report, const Tally& tally) {
  const std::int64_t baseline = report.flash().baseline_bytes();
  const std::int64_t saved = baseline - report.flash().linked_bytes();
  const std::int64_t ramSaved =
      std::int64_t{report.ram().baseline_bytes()} - std::int64_t{report.ram().linked_bytes()};
  data out(Type::object);
  out.set("saved", withCommas(saved));
  out.set("savedPercent", percent(saved, baseline));
  out.set("baseline", withCommas(baseline));
  out.set("linked", number(report.flash().linked_bytes()));
  out.set("sharedSymbols", number(tally.shared.size()));
  out.set("allSymbols", number(tally.shared.size() + tally.local.size()));
  out.set("sharedBytes", number(tally.sharedBytes));
  if (tally.acceptedBytes > 0)
    out.set("acceptedBytes", number(tally.acceptedBytes));
  out.set("localBytes", number(tally.localBytes));
  out.set("ramSaved", withCommas(ramSaved));
  out.set("ramBaseline", number(report.ram().baseline_bytes()));
  out.set("ramLinked", number(report.ram().linked_bytes()));
  return out;
}

data breakdownData(const LinkReport& report) {
  data rows(Type::list);
  for (int i = 0; i < report.flash_breakdown_size(); ++i) {
    const auto& share = report.flash_breakdown(i);
    data row(Type::object);
    row.set("class", "part" + std::to_string(i % 8));
    row.set("category", textData(share.category()));
    row.set("baseline", number(share.baseline_bytes()));
    row.set("linked", number(share.linked_bytes()));
    row.set("saved", withCommas(std::int64_t{share.baseline_bytes()} - std::int64_t{share.linked_bytes()}));
    rows.push_back(row);
  }
  return rows;
}

data reasonData(const Tally& tally) {
  data rows(Type::list);
  const auto add = [&](const std::string& styleClass, const std::string& name, std::string_view meaning,
                       std::uint64_t symbols, std::uint64_t bytes) {
    data row(Type::object);
    row.set("class", styleClass);
    row.set("reason", textData(name));
    row.set("meaning", std::string(meaning));
    row.set("symbols", number(symbols));
    row.set("bytes", number(bytes));
    rows.push_back(row);
  };
  const std::uint64_t accepted = tally.accepted.size();
  if (tally.shared.size() > accepted)
    add("shared", "SHARED", "the firmware uses the ROM's copy, which is proved to be the same",
        tally.shared.size() - accepted, tally.sharedBytes - tally.acceptedBytes);
  if (accepted > 0)
    add("accepted", "ACCEPTED", "the firmware uses the ROM's copy because the policy says so", accepted,
        tally.acceptedBytes);
  for (const ReasonSum& sum : tally.reasons)
    add(styleClassOf(sum.reason), sum.reason, meaningOf(sum.reason), sum.symbols, sum.bytes);
  return rows;
}

data blockerData(const LinkReport& report) {
  std::uint32_t highest = 1;
  for (const auto& blocker : report.blockers())
    highest = std::max(highest, blocker.price_bytes());
  data rows(Type::list);
  for (const auto& blocker : report.blockers()) {
    data row(Type::object);
    data members(Type::list);
    const auto details = memberDetails(blocker);
    for (std::size_t i = 0; i < details.size(); ++i) {
      data member(Type::object);
      const bool set = blocker.members_size() > 1;
      member.set("name", textData(set ? blocker.members(static_cast<int>(i)) : blocker.name()));
      if (!details[i].empty())
        member.set("detail", textData(details[i]));
      members.push_back(member);
    }
    row.set("members", members);
    row.set("reason", textData(blocker.reason()));
    row.set("class", styleClassOf(blocker.reason()));
    row.set("price", number(blocker.price_bytes()));
    row.set("width", std::to_string(std::uint64_t{blocker.price_bytes()} * 100 / highest));
    row.set("symbols", number(blocker.unlocked_symbols()));
    row.set("remedy", textData(blocker.remedy()));
    rows.push_back(row);
  }
  return rows;
}

/// Of a link for several ROMs: what each alone would share, as bars of one scale.
data romData(const LinkReport& report) {
  std::uint32_t highest = 1;
  for (const auto& rom : report.roms())
    highest = std::max(highest, rom.shareable_bytes());
  data rows(Type::list);
  for (const auto& rom : report.roms()) {
    data row(Type::object);
    row.set("name", romTitle(rom.rom_name(), rom.rom_version()));
    row.set("hash", shortHash(rom.rom_image_hash()));
    row.set("bytes", number(rom.shareable_bytes()));
    row.set("symbols", number(rom.shareable_symbols()));
    row.set("width", std::to_string(std::uint64_t{rom.shareable_bytes()} * 100 / highest));
    row.set("incompatible", rom.verdict() == LinkReport::INCOMPATIBLE ? Type::bool_true : Type::bool_false);
    row.set("only", joined(rom.only_here(), ", "));
    rows.push_back(row);
  }
  return rows;
}

data typeData(const LinkReport& report) {
  data out(Type::object);
  out.set("checked", number(report.types().checked()));
  out.set("different", number(report.types().different()));
  out.set("notChecked", number(report.types().not_checked()));
  out.set("why", textData(report.types().why_not()));
  return out;
}

data stateData(const LinkReport& report) {
  data rows(Type::list);
  for (const auto& state : report.states()) {
    data row(Type::object);
    row.set("symbol", textData(state.symbol()));
    row.set("address", textData(state.rom_address()));
    row.set("bytes", number(state.size()));
    row.set("action", std::string(actionText(state.action())));
    rows.push_back(row);
  }
  return rows;
}

data symbolData(const Tally& tally) {
  data rows(Type::list);
  const auto add = [&](const Symbol& symbol, bool shared) {
    data row(Type::object);
    row.set("name", textData(symbol.name()));
    row.set("object", textData(symbol.object()));
    row.set("kind", symbol.kind() == Symbol::FUNCTION ? "function"
                    : symbol.kind() == Symbol::DATA   ? "data"
                                                      : "");
    const bool accepted = isAccepted(symbol);
    row.set("decision", accepted ? "ACCEPTED" : shared ? "SHARED" : "LOCAL");
    row.set("class", accepted ? "accepted" : shared ? "shared" : styleClassOf(reasonOf(symbol)));
    row.set("reason", textData(reasonOf(symbol)));
    row.set("bytes", number(bytesOf(symbol)));
    row.set("rawBytes", std::to_string(bytesOf(symbol)));
    row.set("address", textData(symbol.rom_address()));
    row.set("detail", symbol.alias_of().empty() ? textData(symbol.detail())
                                                : textData("alias of " + symbol.alias_of()));
    rows.push_back(row);
  };
  for (const Symbol* symbol : tally.shared)
    add(*symbol, true);
  for (const Symbol* symbol : tally.local)
    add(*symbol, false);
  return rows;
}

} // namespace

std::string renderHtml(const LinkReport& report) {
  const Tally tally = tallyOf(report);
  const bool compatible = report.verdict() == LinkReport::COMPATIBLE;
  data page(Type::object);
  page.set("rom", romTitle(report.rom_name(), report.rom_version()));
  page.set("hash", textData(report.rom_image_hash()));
  page.set("verdict", LinkReport::Verdict_Name(report.verdict()));
  page.set("verdictClass", compatible ? "good" : "bad");
  page.set("incompatible", report.verdict() == LinkReport::INCOMPATIBLE ? Type::bool_true : Type::bool_false);
  page.set("tool", textData(report.tool_version()));
  page.set("total", headlineData(report, tally));
  page.set("bars", barsData(report));
  page.set("treemap", treemapData(report, tally));
  setList(page, "Roms", romData(report));
  if (report.types().checked() > 0 || report.types().not_checked() > 0)
    page.set("types", typeData(report));
  setList(page, "Breakdown", breakdownData(report));
  setList(page, "Reasons", reasonData(tally));
  setList(page, "Blockers", blockerData(report));
  setList(page, "Accepted", acceptedData(report));
  setList(page, "Flags", flagData(report));
  setList(page, "States", stateData(report));
  setList(page, "Suggestions", suggestionData(report));
  setList(page, "Findings", findingData(report.findings()));
  setList(page, "Symbols", symbolData(tally));
  return renderPage(embedded::reportHtmlMustache, std::move(page),
                    {.title = romTitle(report.rom_name(), report.rom_version()) + ": romlink link report",
                     .script = embedded::reportJs});
}

} // namespace romlink::report
