// The audit of an advisory, and the lists of advisories and releases, as tables for terminals.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/text_judgement.h"
#include "relink/report/text_parts.h"
#include "relink/report/text_table.h"
#include "relink/report/wording.h"

#include <array>

namespace romlink::report {
namespace {

using romlink::v1::AdvisoryAudit;
using romlink::v1::AffectedSymbol;

std::string affectedText(const google::protobuf::RepeatedPtrField<AffectedSymbol>& affected,
                         const TextStyle& style, const Pen& pen) {
  if (affected.empty())
    return "\nNo archived ROM holds the defect.\n";
  TextTable table({{"ROM", Align::Name},
                   {"defective", Align::Name},
                   {"ROM address", Align::Left},
                   {"bytes", Align::Right},
                   {"known by", Align::Left},
                   {"how the ROM reaches it when it boots", Align::Sentence}});
  for (const AffectedSymbol& symbol : affected)
    table.add({romTitle(symbol.rom().name(), symbol.rom().version()), printable(symbol.symbol()),
               printable(symbol.rom_address()), withCommas(symbol.size()),
               symbol.match() == AffectedSymbol::SAME_CODE ? "same code" : "name",
               symbol.boot_path_size() > 0 ? pathText(symbol.boot_path()) : "it does not"},
              Tone::Plain);
  return '\n' + table.print(style.width, pen);
}

/// The first of its ways to the defect.
std::string wayOf(const romlink::v1::AffectedRelease& release) {
  if (release.doubts_size() > 0)
    return pathText(release.doubts(0).path());
  return release.accepted_size() > 0 ? pathText(release.accepted(0).path()) : std::string();
}

std::string releasesText(const AdvisoryAudit& audit, const TextStyle& style, const Pen& pen) {
  if (audit.releases_size() == 0)
    return "\nNo archived release was linked against these ROMs.\n";
  std::array<std::uint64_t, kRepairs.size()> counts{};
  TextTable table({{"release", Align::Left},
                   {"ROM", Align::Name},
                   {"labels", Align::Name},
                   {"state", Align::Left},
                   {"how it reaches the defect", Align::Sentence}});
  for (const auto& release : audit.releases()) {
    const Repair repair = repairOf(release);
    ++counts.at(static_cast<std::size_t>(repair));
    const bool bad = repair == Repair::Relink || repair == Repair::ExceptBoot;
    table.add({shortHash(release.release().id()), romsText(release.release()), labelsText(release.release()),
               std::string(repairText(repair)), wayOf(release)},
              bad ? Tone::Strong : Tone::Plain);
  }
  std::string sums;
  for (const Repair repair : kRepairs)
    if (const std::uint64_t count = counts.at(static_cast<std::size_t>(repair)); count > 0)
      sums += (sums.empty() ? "" : "; ") + std::string(repairText(repair)) + ": " +
              withCommas(static_cast<std::int64_t>(count));
  return '\n' + table.print(style.width, pen) + '\n' + pen.bold("Releases") + ": " + sums + '\n';
}

} // namespace

std::string renderText(const AdvisoryAudit& audit, const TextStyle& style) {
  const Pen pen(style.colour);
  const auto& advisory = audit.advisory();
  std::string out = pen.bold(printable(advisory.id()));
  if (!advisory.summary().empty())
    out += "  " + printable(advisory.summary());
  out += '\n';
  if (!advisory.url().empty())
    out += printable(advisory.url()) + '\n';
  if (!advisory.recorded_at().empty())
    out += "recorded " + printable(advisory.recorded_at()) + '\n';
  out += affectedText(audit.affected(), style, pen);
  out += releasesText(audit, style, pen);
  return out + findingsText(untold(audit.findings()), pen);
}

std::string renderText(const romlink::v1::AddAdvisoryResponse& response, const TextStyle& style) {
  const Pen pen(style.colour);
  return pen.bold(printable(response.advisory().id())) +
         (response.already_recorded() ? " is recorded already\n" : " is recorded\n") +
         affectedText(response.affected(), style, pen);
}

std::string renderText(const romlink::v1::ListAdvisoriesResponse& list, const TextStyle& style) {
  if (list.advisories_size() == 0)
    return {};
  TextTable table({{"advisory", Align::Name},
                   {"ROM", Align::Name},
                   {"symbol", Align::Name},
                   {"recorded", Align::Left},
                   {"summary", Align::Sentence}});
  for (const auto& advisory : list.advisories()) {
    bool first = true;
    for (const auto& target : advisory.targets()) {
      table.add({first ? printable(advisory.id()) : "", romTitle(target.rom().name(), target.rom().version()),
                 printable(target.symbol()), first ? printable(advisory.recorded_at()) : "",
                 first ? printable(advisory.summary()) : ""},
                Tone::Plain);
      first = false;
    }
    if (first)
      table.add({printable(advisory.id()), "", "", printable(advisory.recorded_at()),
                 printable(advisory.summary())},
                Tone::Plain);
  }
  return table.print(style.width, Pen(style.colour));
}

std::string renderText(const romlink::v1::ListReleasesResponse& list, const TextStyle& style) {
  if (list.releases_size() == 0)
    return {};
  TextTable table({{"release", Align::Left},
                   {"linked", Align::Left},
                   {"ROM", Align::Name},
                   {"shared", Align::Right},
                   {"bytes saved", Align::Right},
                   {"labels", Align::Sentence}});
  for (const auto& release : list.releases())
    table.add({shortHash(release.id()), printable(release.linked_at()), romsText(release),
               withCommas(release.shared_symbols()), withCommas(release.saved_bytes()), labelsText(release)},
              Tone::Plain);
  return table.print(style.width, Pen(style.colour));
}

} // namespace romlink::report
