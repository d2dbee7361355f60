// The audits of a ROM and of a release as tables for terminals. Long lists show their head; JSON and HTML are
// complete.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/tally.h"
#include "relink/report/text_judgement.h"
#include "relink/report/text_parts.h"
#include "relink/report/text_table.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <map>

namespace romlink::report {
namespace {

using romlink::v1::LinkReport;
using romlink::v1::OfferedSymbol;
using romlink::v1::ReleaseAudit;
using romlink::v1::RomAudit;

std::string fact(const std::string& name, const std::string& value) {
  constexpr std::size_t column = 14;
  return value.empty()
             ? std::string()
             : name + std::string(name.size() < column ? column - name.size() : 1, ' ') + value + '\n';
}

/// Defective ones first, then what most releases use, then the largest.
std::vector<const OfferedSymbol*> byInterest(const RomAudit& audit) {
  std::vector<const OfferedSymbol*> symbols;
  for (const OfferedSymbol& symbol : audit.offered())
    symbols.push_back(&symbol);
  std::stable_sort(symbols.begin(), symbols.end(), [](const OfferedSymbol* a, const OfferedSymbol* b) {
    const bool defectA = a->advisories_size() > 0;
    const bool defectB = b->advisories_size() > 0;
    if (defectA != defectB)
      return defectA;
    return a->used_by() != b->used_by() ? a->used_by() > b->used_by() : a->size() > b->size();
  });
  return symbols;
}

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

std::string offeredText(const RomAudit& audit, const TextStyle& style, const Pen& pen) {
  std::uint64_t bytes = 0;
  std::uint64_t used = 0;
  for (const OfferedSymbol& symbol : audit.offered()) {
    bytes += symbol.size();
    used += symbol.used_by() > 0 ? 1 : 0;
  }
  std::string out = '\n' + pen.bold("offers ") +
                    counted(static_cast<std::uint64_t>(audit.offered_size()), "symbol") + ", " +
                    withCommas(static_cast<std::int64_t>(bytes)) + " bytes; " +
                    withCommas(static_cast<std::int64_t>(used)) + " of them in use\n";
  const int shown = shownOf(audit.offered_size(), style);
  if (shown == 0)
    return out;
  TextTable table({{"offered", Align::Name},
                   {"kind", Align::Left},
                   {"bytes", Align::Right},
                   {"ROM address", Align::Left},
                   {"releases", Align::Right},
                   {"types", Align::Left},
                   {"source", Align::Left},
                   {"advisories", Align::Sentence}});
  const auto symbols = byInterest(audit);
  for (int i = 0; i < shown; ++i) {
    const OfferedSymbol& symbol = *symbols[static_cast<std::size_t>(i)];
    table.add({printable(symbol.name()), symbol.function() ? "function" : "data", withCommas(symbol.size()),
               printable(symbol.rom_address()), withCommas(symbol.used_by()),
               symbol.has_types() ? "yes" : "no", symbol.has_source() ? "yes" : "no",
               joined(symbol.advisories())},
              symbol.advisories_size() > 0 ? Tone::Strong : Tone::Plain);
  }
  return out + '\n' + table.print(style.width, pen) + leftOut(audit.offered_size() - shown);
}

std::string defectsText(const RomAudit& audit, const TextStyle& style, const Pen& pen) {
  if (audit.affected_size() == 0)
    return {};
  TextTable table({{"open advisory", Align::Name},
                   {"defective", Align::Name},
                   {"ROM address", Align::Left},
                   {"bytes", Align::Right},
                   {"how the ROM reaches it when it boots", Align::Sentence}});
  for (const auto& symbol : audit.affected())
    table.add({printable(symbol.advisory()), printable(symbol.symbol()), printable(symbol.rom_address()),
               withCommas(symbol.size()),
               symbol.boot_path_size() > 0 ? pathText(symbol.boot_path()) : "it does not"},
              Tone::Strong);
  return '\n' + table.print(style.width, pen);
}

std::string flagsText(const RomAudit& audit, const TextStyle& style, const Pen& pen) {
  if (audit.flags_size() == 0)
    return {};
  TextTable table({{"flag", Align::Name}, {"value", Align::Left}, {"from", Align::Sentence}});
  for (const auto& flag : audit.flags())
    table.add({printable(flag.name()), printable(flag.value()), printable(flag.source())}, Tone::Plain);
  return '\n' + table.print(style.width, pen);
}

std::string usersText(const RomAudit& audit, const TextStyle& style, const Pen& pen) {
  const int shown = shownOf(audit.users_size(), style);
  if (shown == 0)
    return '\n' + std::string("No archived release uses it.\n");
  romlink::v1::ListReleasesResponse list;
  for (int i = 0; i < shown; ++i)
    *list.add_releases() = audit.users(i);
  return '\n' + pen.bold("used by ") + counted(static_cast<std::uint64_t>(audit.users_size()), "release") +
         '\n' + renderText(list, style) + leftOut(audit.users_size() - shown);
}

std::string doubtsText(const ReleaseAudit& audit, const TextStyle& style, const Pen& pen) {
  if (audit.doubts_size() == 0)
    return {};
  TextTable table({{"shared, today local", Align::Name},
                   {"advisory", Align::Left},
                   {"ROM", Align::Left},
                   {"how it reaches the defect", Align::Sentence}});
  for (const auto& doubt : audit.doubts())
    table.add({printable(doubt.symbol()), printable(doubt.advisory()),
               romTitle(doubt.rom().name(), doubt.rom().version()),
               doubt.path_size() > 1 ? pathText(doubt.path()) : "it is the defect"},
              Tone::Strong);
  return '\n' + table.print(style.width, pen);
}

/// Symbols and bytes by evidence, then the largest shared symbols.
std::string evidenceText(const LinkReport& report, const TextStyle& style, const Pen& pen) {
  const Tally tally = tallyOf(report);
  struct Sum {
    std::uint64_t symbols = 0;
    std::uint64_t bytes = 0;
  };
  std::map<int, Sum> sums;
  for (const Symbol* symbol : tally.shared) {
    Sum& sum = sums[symbol->evidence()];
    ++sum.symbols;
    sum.bytes += bytesOf(*symbol);
  }
  if (sums.empty())
    return "\nIt shares nothing.\n";
  TextTable table({{"evidence", Align::Left}, {"symbols", Align::Right}, {"bytes", Align::Right}});
  for (const auto& [evidence, sum] : sums)
    table.add({Symbol::Evidence_Name(static_cast<Symbol::Evidence>(evidence)),
               withCommas(static_cast<std::int64_t>(sum.symbols)),
               withCommas(static_cast<std::int64_t>(sum.bytes))},
              Tone::Plain);
  std::string out = '\n' + table.print(style.width, pen);

  const int shown = shownOf(static_cast<int>(tally.shared.size()), style);
  TextTable symbols({{"shared symbol", Align::Name},
                     {"evidence", Align::Left},
                     {"bytes", Align::Right},
                     {"ROM address", Align::Left},
                     {"object", Align::Sentence}});
  for (int i = 0; i < shown; ++i) {
    const Symbol& symbol = *tally.shared[static_cast<std::size_t>(i)];
    symbols.add({printable(symbol.name()), printable(reasonOf(symbol)), withCommas(bytesOf(symbol)),
                 printable(symbol.rom_address()), printable(typedName(symbol.object()))},
                Tone::Plain);
  }
  return out + '\n' + symbols.print(style.width, pen) +
         leftOut(static_cast<int>(tally.shared.size()) - shown);
}

} // namespace

std::string renderText(const RomAudit& audit, const TextStyle& style) {
  const Pen pen(style.colour);
  const auto& rom = audit.rom();
  std::string out = pen.bold(romTitle(rom.name(), rom.version())) + "  " + printable(rom.image_hash()) + '\n';
  for (const auto& range : rom.flash())
    out += fact("flash", rangeText(range) + ", " + withCommas(range.size()) + " bytes");
  if (rom.has_shared_ram())
    out += fact("shared RAM",
                rangeText(rom.shared_ram()) + ", " + withCommas(rom.shared_ram().size()) + " bytes");
  out += fact("architecture", printable(rom.architecture()));
  out += fact("published", printable(rom.published_at()));
  out += defectsText(audit, style, pen);
  out += offeredText(audit, style, pen);
  out += flagsText(audit, style, pen);
  out += usersText(audit, style, pen);
  return out + findingsText(untold(audit.findings()), pen);
}

std::string renderText(const ReleaseAudit& audit, const TextStyle& style) {
  const Pen pen(style.colour);
  const auto& release = audit.release();
  std::string out = pen.bold("release") + ' ' + printable(release.id()) + "  " +
                    (audit.same_today() ? pen.good("the same today") : pen.bad("not the same today")) + '\n';
  for (const auto& rom : release.roms())
    out += fact("ROM", romTitle(rom.name(), rom.version()) + "  " + printable(rom.image_hash()));
  out += fact("linked", printable(release.linked_at()));
  out += fact("image", printable(release.image_hash()));
  out += fact("labels", labelsText(release));
  out += fact("policy", release.policy_digest().empty() ? "the default" : printable(release.policy_digest()));
  out +=
      fact("linked by", release.tool_version().empty() ? "" : "romlink " + printable(release.tool_version()));
  out += fact("inputs", counted(static_cast<std::uint64_t>(release.inputs_size()), "file"));
  out += fact("flash", withCommas(audit.report().flash().linked_bytes()) + " bytes, " +
                           withCommas(savedBytes(audit.report().flash())) + " saved");
  out += doubtsText(audit, style, pen);
  out += evidenceText(audit.report(), style, pen);
  return out + findingsText(untold(audit.findings()), pen);
}

} // namespace romlink::report
