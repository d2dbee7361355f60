#include "relink/report/text_parts.h"

#include "relink/report/wording.h"

#include <algorithm>

namespace romlink::report {
namespace {

using romlink::v1::Finding;

constexpr int kTopRows = 10;

} // namespace

std::string findingsText(const google::protobuf::RepeatedPtrField<Finding>& findings, const Pen& pen) {
  std::string out = findings.empty() ? "" : "\n";
  for (const Finding& finding : findings) {
    std::string severity = Finding::Severity_Name(finding.severity());
    std::transform(severity.begin(), severity.end(), severity.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    out += finding.severity() == Finding::ERROR ? pen.bad(severity) : pen.bold(severity);
    out += ": " + printable(finding.code());
    if (!finding.symbol().empty())
      out += ": " + printable(finding.symbol());
    out += ": " + printable(finding.message()) + '\n';
  }
  return out;
}

int shownOf(int size, const TextStyle& style) {
  return style.all ? size : std::min(size, kTopRows);
}

} // namespace romlink::report
