// The report as a table for terminals.
#include "relink/report/render.h"
#include "relink/report/tally.h"
#include "relink/report/text_judgement.h"
#include "relink/report/text_table.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <string>

namespace romlink::report {
namespace {

using romlink::v1::Finding;
using romlink::v1::LinkReport;

constexpr int kTopRows = 10;

void header(const LinkReport& report, const Pen& pen, std::string& out) {
  out += pen.bold(romTitle(report.rom_name(), report.rom_version()));
  if (!report.rom_image_hash().empty())
    out += "  " + shortHash(report.rom_image_hash());
  const std::string verdict = LinkReport::Verdict_Name(report.verdict());
  out += "  " + (report.verdict() == LinkReport::COMPATIBLE ? pen.good(verdict) : pen.bad(verdict)) + "\n";
}

std::string sentenceOf(const Symbol& symbol) {
  if (symbol.alias_of().empty())
    return printable(symbol.detail());
  return "alias of " + printable(symbol.alias_of());
}

void symbols(const Tally& tally, const TextStyle& style, const Pen& pen, std::string& out) {
  TextTable table({{"symbol", Align::Name},
                   {"decision", Align::Left},
                   {"reason", Align::Left},
                   {"bytes", Align::Right},
                   {"ROM address", Align::Left},
                   {style.all ? "detail" : "", Align::Sentence}});
  const auto add = [&](const Symbol& symbol, Tone tone) {
    table.add({printable(symbol.name()), tone == Tone::Good ? "SHARED" : "LOCAL", printable(reasonOf(symbol)),
               withCommas(bytesOf(symbol)), printable(symbol.rom_address()),
               style.all ? sentenceOf(symbol) : std::string()},
              tone);
  };
  for (const Symbol* symbol : tally.shared)
    add(*symbol, Tone::Good);
  if (style.all) {
    for (const Symbol* symbol : tally.local)
      add(*symbol, Tone::Plain);
  } else {
    for (const ReasonSum& sum : tally.reasons)
      table.add({'(' + counted(sum.symbols, "symbol") + ')', "LOCAL", printable(sum.reason),
                 withCommas(static_cast<std::int64_t>(sum.bytes)), "", ""},
                Tone::Plain);
  }
  if (!table.empty())
    out += '\n' + table.print(style.width, pen);
}

void sums(const LinkReport& report, const Tally& tally, const TextStyle& style, const Pen& pen,
          std::string& out) {
  out += '\n';
  out += pen.bold("shared ") + counted(tally.shared.size(), "symbol") + ", " +
         withCommas(static_cast<std::int64_t>(tally.sharedBytes)) + " bytes; " + pen.bold("local ") +
         counted(tally.local.size(), "symbol") + ", " +
         withCommas(static_cast<std::int64_t>(tally.localBytes)) + " bytes\n\n";
  TextTable table({{"bytes", Align::Left},
                   {"plain link", Align::Right},
                   {"this link", Align::Right},
                   {"saved", Align::Right},
                   {"", Align::Right}});
  const auto add = [&](const std::string& name, std::int64_t baseline, std::int64_t linked, Tone tone) {
    const std::int64_t saved = baseline - linked;
    table.add({name, withCommas(baseline), withCommas(linked), withCommas(saved), percent(saved, baseline)},
              tone);
  };
  for (const auto& share : report.flash_breakdown())
    add("  " + printable(share.category()), share.baseline_bytes(), share.linked_bytes(), Tone::Plain);
  add("flash", report.flash().baseline_bytes(), report.flash().linked_bytes(), Tone::Strong);
  add("RAM", report.ram().baseline_bytes(), report.ram().linked_bytes(), Tone::Strong);
  out += table.print(style.width, pen);
}

/// The head of a list whose rest is in the other forms of the report.
int shownOf(int size, const TextStyle& style) {
  return style.all ? size : std::min(size, kTopRows);
}

void blockers(const LinkReport& report, const TextStyle& style, const Pen& pen, std::string& out) {
  const int shown = shownOf(report.blockers_size(), style);
  if (shown == 0)
    return;
  TextTable table({{"what keeps code local", Align::Name},
                   {"reason", Align::Left},
                   {"price", Align::Right},
                   {"symbols", Align::Right},
                   {"remedy", Align::Sentence}});
  for (int i = 0; i < shown; ++i) {
    const auto& blocker = report.blockers(i);
    const bool set = blocker.members_size() > 1;
    const auto details = memberDetails(blocker);
    table.add({printable(set ? blocker.members(0) : blocker.name()), printable(blocker.reason()),
               withCommas(blocker.price_bytes()), withCommas(blocker.unlocked_symbols()),
               printable(blocker.remedy())},
              Tone::Plain);
    table.addNote(printable(details[0]));
    for (int m = 1; set && m < blocker.members_size(); ++m) {
      table.add({"+ " + printable(blocker.members(m)), "", "", "", ""}, Tone::Plain);
      table.addNote(printable(details[static_cast<std::size_t>(m)]));
    }
  }
  out += '\n' + table.print(style.width, pen) + leftOut(report.blockers_size() - shown);
}

void states(const LinkReport& report, const TextStyle& style, const Pen& pen, std::string& out) {
  const int shown = shownOf(report.states_size(), style);
  if (shown == 0)
    return;
  TextTable table({{"variables of the ROM in use", Align::Name},
                   {"ROM address", Align::Left},
                   {"bytes", Align::Right},
                   {"at start", Align::Left}});
  for (int i = 0; i < shown; ++i) {
    const auto& state = report.states(i);
    table.add({printable(state.symbol()), printable(state.rom_address()), withCommas(state.size()),
               std::string(actionText(state.action()))},
              Tone::Plain);
  }
  out += '\n' + table.print(style.width, pen) + leftOut(report.states_size() - shown);
}

void findings(const LinkReport& report, const Pen& pen, std::string& out) {
  if (report.findings_size() > 0)
    out += '\n';
  for (const Finding& finding : report.findings()) {
    std::string severity = Finding::Severity_Name(finding.severity());
    std::transform(severity.begin(), severity.end(), severity.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    out += finding.severity() == Finding::ERROR ? pen.bad(severity) : pen.bold(severity);
    out += ": " + printable(finding.code());
    if (!finding.symbol().empty())
      out += ": " + printable(finding.symbol());
    out += ": " + printable(finding.message()) + '\n';
  }
}

} // namespace

std::string renderText(const LinkReport& report, const TextStyle& style) {
  const Tally tally = tallyOf(report);
  const Pen pen(style.colour);
  std::string out;
  header(report, pen, out);
  symbols(tally, style, pen, out);
  sums(report, tally, style, pen, out);
  blockers(report, style, pen, out);
  out += acceptedText(report, style, pen);
  states(report, style, pen, out);
  out += suggestionsText(report, style, pen);
  findings(report, pen, out);
  return out;
}

} // namespace romlink::report
