#include "relink/report/policy_lines.h"

#include "relink/report/wording.h"

namespace romlink::report {
namespace {

/// A basic string of TOML. Control characters do not get this far: printable() replaces them.
std::string basicString(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text))
    out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return out + '"';
}

/// The pattern that matches this name and nothing else (llvm/Support/GlobPattern.h, as the policy's reader
/// uses).
std::string exactly(const std::string& name) {
  std::string out;
  for (const char c : name)
    out += std::string_view("*?[]{}\\").find(c) == std::string_view::npos ? std::string{c}
                                                                          : std::string{'\\', c};
  return out;
}

} // namespace

std::string policyLines(const romlink::v1::WaiverSuggestion& suggestion, const std::string& romImageHash) {
  std::string lines;
  for (int i = 0; i < suggestion.symbols_size(); ++i) {
    const std::string& symbol = suggestion.symbols(i);
    lines += lines.empty() ? "" : "\n";
    lines += "[[waive]]\nsymbol = " + basicString(exactly(symbol)) + "\nreason = \"\"\n";
    if (!romImageHash.empty())
      lines += "rom    = " + basicString(romImageHash) + "\n";
    if (i < suggestion.differences_size() && suggestion.differences(i).types_unchecked())
      lines += "types  = \"unchecked\"\n";
  }
  return lines;
}

} // namespace romlink::report
