// The matrix as a table for terminals: a row for each ROM.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/text_table.h"
#include "relink/report/wording.h"

namespace romlink::report {
namespace {

using romlink::v1::LinkReport;
using romlink::v1::MatrixRow;

std::string verdictOf(const MatrixRow& row) {
  if (!row.error().empty())
    return "FAILS";
  return LinkReport::Verdict_Name(row.verdict());
}

/// What a person would look at first: the error, an ERROR finding, else the dearest blocker.
std::string remarkOf(const MatrixRow& row) {
  if (!row.error().empty())
    return printable(row.error());
  for (const auto& finding : row.findings())
    if (finding.severity() == romlink::v1::Finding::ERROR)
      return printable(finding.message());
  if (row.blockers_size() == 0)
    return {};
  const auto& blocker = row.blockers(0);
  return printable(blocker.name()) + " " + printable(blocker.reason()) + ": " +
         withCommas(blocker.price_bytes()) + " bytes";
}

} // namespace

std::string renderText(const romlink::v1::MatrixAudit& audit, const TextStyle& style) {
  if (audit.rows_size() == 0)
    return "No archived ROM to compare with.\n";
  const Pen pen(style.colour);
  TextTable table({{"ROM", Align::Name},
                   {"hash", Align::Left},
                   {"verdict", Align::Left},
                   {"saved", Align::Right},
                   {"", Align::Right},
                   {"shared", Align::Right},
                   {"what keeps most local", Align::Sentence}});
  int compatible = 0;
  for (const MatrixRow& row : audit.rows()) {
    const bool good = row.error().empty() && row.verdict() == LinkReport::COMPATIBLE;
    compatible += good ? 1 : 0;
    table.add({romTitle(row.rom().name(), row.rom().version()), shortHash(row.rom().image_hash()),
               verdictOf(row), good ? withCommas(savedBytes(row.flash())) : "",
               good ? percent(savedBytes(row.flash()), row.flash().baseline_bytes()) : "",
               good ? withCommas(row.shared_symbols()) : "", remarkOf(row)},
              good ? Tone::Good : Tone::Plain);
  }
  return table.print(style.width, pen) + "\nThe firmware fits " + pen.bold(withCommas(compatible)) + " of " +
         counted(static_cast<std::uint64_t>(audit.rows_size()), "ROM") + ".\n";
}

} // namespace romlink::report
