#include "relink/report/text_judgement.h"

#include "relink/report/policy_lines.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <vector>

namespace romlink::report {
namespace {

using romlink::v1::AcceptedDifference;
using romlink::v1::Difference;
using romlink::v1::LinkReport;
using romlink::v1::WaiverSuggestion;

constexpr int kTopAccepted = 10;
constexpr int kTopSuggestions = 5;
constexpr unsigned kPageWidth = 120; ///< columns where there is no terminal
constexpr std::size_t kGap = 4;
constexpr const char* kIndent = "   ";

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(printable(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

std::size_t widestOf(const std::vector<std::string>& lines) {
  std::size_t widest = 0;
  for (const std::string& line : lines)
    widest = std::max(widest, columnsOf(line));
  return widest;
}

std::string column(const std::string& title, const std::vector<std::string>& lines, const Pen& pen) {
  std::string out = kIndent + pen.faint(title) + '\n';
  for (const std::string& line : lines)
    out += kIndent + (line.starts_with('>') ? pen.bold(line) : line) + '\n';
  return out;
}

/// Both listings: beside each other where there is room, else the ROM's above the firmware's.
std::string listings(const Difference& difference, const TextStyle& style, const Pen& pen) {
  const auto rom = linesOf(difference.rom_listing());
  const auto firmware = linesOf(difference.firmware_listing());
  if (rom.empty() && firmware.empty())
    return {};
  const std::size_t left = std::max<std::size_t>(widestOf(rom), 3);
  const std::size_t needed = 3 + left + kGap + widestOf(firmware);
  if (needed > (style.width == 0 ? kPageWidth : style.width))
    return column("ROM", rom, pen) + column("firmware", firmware, pen);
  std::string out = kIndent + pen.faint("ROM" + std::string(left - 3 + kGap, ' ') + "firmware") + '\n';
  for (std::size_t i = 0; i < std::max(rom.size(), firmware.size()); ++i) {
    const std::string ours = i < rom.size() ? rom[i] : "";
    const std::string theirs = i < firmware.size() ? firmware[i] : "";
    const std::string gap(theirs.empty() ? 0 : left - columnsOf(ours) + kGap, ' ');
    const auto shown = [&](const std::string& line) { return line.starts_with('>') ? pen.bold(line) : line; };
    out += kIndent + shown(ours) + gap + shown(theirs) + '\n';
  }
  return out;
}

std::string suggestionText(const WaiverSuggestion& suggestion, int number, const LinkReport& report,
                           const TextStyle& style, const Pen& pen) {
  std::string names;
  for (const std::string& symbol : suggestion.symbols())
    names += (names.empty() ? "" : " + ") + printable(symbol);
  std::string out = '\n' + std::to_string(number) + ". " +
                    pen.bold(withCommas(suggestion.gain_bytes()) + " bytes in " +
                             counted(suggestion.unlocked_symbols(), "symbol")) +
                    " by waiving " + names + '\n';
  for (const Difference& difference : suggestion.differences()) {
    out += '\n';
    out += kIndent + pen.bold(printable(difference.symbol())) + ": " + printable(difference.summary()) + '\n';
    out += listings(difference, style, pen);
  }
  out += '\n';
  for (const std::string& line : linesOf(policyLines(suggestion, report.rom_image_hash())))
    out += line.empty() ? "\n" : kIndent + line + '\n';
  return out;
}

} // namespace

std::string leftOut(int number) {
  return number <= 0 ? std::string() : "... and " + withCommas(number) + " more (in the JSON and HTML)\n";
}

std::string acceptedText(const LinkReport& report, const TextStyle& style, const Pen& pen) {
  std::vector<const AcceptedDifference*> words; // equal source is nobody's word
  for (const AcceptedDifference& accepted : report.accepted())
    if (accepted.rule() != "same_source")
      words.push_back(&accepted);
  const int all = static_cast<int>(words.size());
  const int shown = style.all ? all : std::min(all, kTopAccepted);
  if (shown == 0)
    return {};
  TextTable table({{"rests on a person's word", Align::Name},
                   {"rule", Align::Left},
                   {"bytes", Align::Right},
                   {"dependents", Align::Right},
                   {"their bytes", Align::Right},
                   {"reason", Align::Sentence}});
  for (int i = 0; i < shown; ++i) {
    const AcceptedDifference& accepted = *words[static_cast<std::size_t>(i)];
    table.add({printable(accepted.symbol()), printable(accepted.rule()), withCommas(accepted.bytes()),
               withCommas(accepted.dependents_size()), withCommas(accepted.dependent_bytes()),
               printable(accepted.reason())},
              Tone::Plain);
    table.addNote(printable(accepted.difference().summary()));
  }
  return '\n' + table.print(style.width, pen) + leftOut(all - shown);
}

std::string suggestionsText(const LinkReport& report, const TextStyle& style, const Pen& pen) {
  const int shown =
      style.all ? report.suggestions_size() : std::min(report.suggestions_size(), kTopSuggestions);
  if (shown == 0)
    return style.suggestionsAsked ? "\nNo waiver would make more of the firmware shareable.\n" : "";
  std::string out = '\n' + pen.bold("Waivers that would gain most") +
                    "\nEach takes the ROM's copy although it differs. Judge the difference;"
                    "\nif it is acceptable, give the policy these lines with a reason.\n";
  for (int i = 0; i < shown; ++i)
    out += suggestionText(report.suggestions(i), i + 1, report, style, pen);
  const std::string more = leftOut(report.suggestions_size() - shown);
  return out + (more.empty() ? "" : '\n' + more);
}

} // namespace romlink::report
