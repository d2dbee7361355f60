// The report as a table for terminals.
#include "relink/report/flag_lines.h"
#include "relink/report/render.h"
#include "relink/report/tally.h"
#include "relink/report/text_judgement.h"
#include "relink/report/text_parts.h"
#include "relink/report/text_table.h"
#include "relink/report/wording.h"

#include <string>

namespace romlink::report {
namespace {

using romlink::v1::LinkReport;

constexpr std::size_t kOnlyHereColumns = 60; ///< where no terminal sets a width

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

/// How far types could be compared; nothing of a link that compared none.
void types(const LinkReport& report, const Pen& pen, std::string& out) {
  const auto& types = report.types();
  if (types.checked() == 0 && types.not_checked() == 0)
    return;
  out += '\n' + pen.bold("types ") + withCommas(types.checked()) + " compared, ";
  const std::string different = withCommas(types.different()) + " different";
  out += types.different() > 0 ? pen.bad(different) : different;
  if (types.not_checked() > 0) {
    out += "; " + pen.bold(withCommas(types.not_checked()) + " not checked");
    out += types.why_not().empty() ? "" : ": " + printable(types.why_not());
  }
  out += '\n';
}

/// Of a link for several ROMs: what each alone would share.
void romComparison(const LinkReport& report, const TextStyle& style, const Pen& pen, std::string& out) {
  if (report.roms_size() == 0)
    return;
  TextTable table({{"each ROM alone would share", Align::Name},
                   {"hash", Align::Left},
                   {"verdict", Align::Left},
                   {"bytes", Align::Right},
                   {"symbols", Align::Right},
                   {"only it shares", Align::Sentence}});
  for (const auto& rom : report.roms()) {
    std::string only;
    for (const std::string& name : rom.only_here())
      only += (only.empty() ? "" : ", ") + printable(name);
    table.add({romTitle(rom.rom_name(), rom.rom_version()), shortHash(rom.rom_image_hash()),
               LinkReport::Verdict_Name(rom.verdict()), withCommas(rom.shareable_bytes()),
               withCommas(rom.shareable_symbols()), style.width == 0 ? cut(only, kOnlyHereColumns) : only},
              Tone::Plain);
  }
  out += '\n' + table.print(style.width, pen);
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

} // namespace

std::string renderText(const LinkReport& report, const TextStyle& style) {
  const Tally tally = tallyOf(report);
  const Pen pen(style.colour);
  std::string out;
  header(report, pen, out);
  symbols(tally, style, pen, out);
  sums(report, tally, style, pen, out);
  types(report, pen, out);
  out += flagsText(report, style, pen);
  romComparison(report, style, pen, out);
  blockers(report, style, pen, out);
  out += acceptedText(report, style, pen);
  states(report, style, pen, out);
  out += suggestionsText(report, style, pen);
  out += findingsText(report.findings(), pen);
  return out;
}

} // namespace romlink::report
