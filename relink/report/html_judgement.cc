#include "relink/report/html_judgement.h"

#include "relink/report/html_page.h"
#include "relink/report/policy_lines.h"
#include "relink/report/wording.h"

#include <algorithm>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::Difference;
using romlink::v1::LinkReport;
using Type = data::type;

/// The lines of a listing, so that none of a name's characters can end one.
data linesData(const std::string& listing) {
  data lines(Type::list);
  for (std::size_t at = 0; at < listing.size();) {
    const auto end = std::min(listing.find('\n', at), listing.size());
    const std::string text = listing.substr(at, end - at);
    data line(Type::object);
    line.set("text", textData(text));
    line.set("class", text.starts_with('>') ? "differs" : "same");
    lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

void setDifference(data& target, const Difference& difference) {
  target.set("summary", textData(difference.summary()));
  if (difference.rom_listing().empty() && difference.firmware_listing().empty())
    return;
  data listings(Type::object);
  listings.set("rom", linesData(difference.rom_listing()));
  listings.set("firmware", linesData(difference.firmware_listing()));
  target.set("listings", listings);
}

} // namespace

data acceptedData(const LinkReport& report) {
  data rows(Type::list);
  for (const auto& accepted : report.accepted()) {
    if (accepted.rule() == "same_source")
      continue; // nobody's word
    data row(Type::object);
    row.set("symbol", textData(accepted.symbol()));
    row.set("rule", textData(accepted.rule()));
    row.set("reason", textData(accepted.reason()));
    row.set("bytes", withCommas(accepted.bytes()));
    row.set("dependentBytes", withCommas(accepted.dependent_bytes()));
    row.set("dependentCount", counted(static_cast<std::uint64_t>(accepted.dependents_size()), "symbol"));
    if (accepted.dependents_size() > 0)
      row.set("dependents", joined(accepted.dependents(), ", "));
    setDifference(row, accepted.difference());
    rows.push_back(row);
  }
  return rows;
}

data suggestionData(const LinkReport& report) {
  data rows(Type::list);
  for (const auto& suggestion : report.suggestions()) {
    data row(Type::object);
    row.set("names", joined(suggestion.symbols(), " + "));
    row.set("gain", withCommas(suggestion.gain_bytes()));
    row.set("symbols", counted(suggestion.unlocked_symbols(), "symbol"));
    row.set("policy", policyLines(suggestion, report.rom_image_hash()));
    data differences(Type::list);
    for (const Difference& difference : suggestion.differences()) {
      data entry(Type::object);
      entry.set("symbol", textData(difference.symbol()));
      setDifference(entry, difference);
      differences.push_back(entry);
    }
    row.set("differences", differences);
    rows.push_back(row);
  }
  return rows;
}

} // namespace romlink::report
