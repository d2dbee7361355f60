#include "relink/report/flag_lines.h"

#include "relink/report/html_page.h"
#include "relink/report/text_judgement.h"
#include "relink/report/wording.h"

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::FlagDifference;
using romlink::v1::LinkReport;

constexpr int kTopFlags = 10;

std::string_view effectText(FlagDifference::Effect effect) {
  switch (effect) {
  case FlagDifference::BREAKS_EVERY_CALL:
    return "breaks every call";
  case FlagDifference::BREAKS_SOME_CALLS:
    return "breaks some calls";
  case FlagDifference::HARMLESS:
    return "harmless";
  default:
    return "";
  }
}

} // namespace

std::string flagsText(const LinkReport& report, const TextStyle& style, const Pen& pen) {
  TextTable table({{"flags that differ", Align::Name},
                   {"effect", Align::Left},
                   {"objects", Align::Right},
                   {"kept local", Align::Right},
                   {"ROM", Align::Left},
                   {"firmware", Align::Sentence}});
  int shown = 0;
  int more = 0;
  int harmless = 0;
  for (const FlagDifference& flag : report.flag_differences()) {
    if (flag.effect() == FlagDifference::HARMLESS && !style.all) {
      ++harmless;
      continue;
    }
    if (shown == kTopFlags && !style.all) {
      ++more;
      continue;
    }
    ++shown;
    table.add({printable(flag.name()), std::string(effectText(flag.effect())),
               withCommas(flag.objects_size()), withCommas(flag.symbols_size()), printable(flag.rom()),
               printable(flag.firmware())},
              Tone::Plain);
    table.addNote(printable(flag.detail()));
  }
  std::string out = shown == 0 ? std::string() : '\n' + table.print(style.width, pen) + leftOut(more);
  if (harmless > 0)
    out += (shown == 0 ? "\n" : "") + counted(static_cast<std::uint64_t>(harmless), "flag") +
           (harmless == 1 ? " differs" : " differ") + " harmlessly (in the JSON and HTML)\n";
  return out;
}

data flagData(const LinkReport& report) {
  data rows(data::type::list);
  for (const FlagDifference& flag : report.flag_differences()) {
    data row(data::type::object);
    row.set("name", textData(flag.name()));
    row.set("effect", std::string(effectText(flag.effect())));
    row.set("class", flag.effect() == FlagDifference::HARMLESS ? "other" : "flags-mismatch");
    row.set("rom", textData(flag.rom()));
    row.set("romSource", textData(flag.rom_source()));
    row.set("firmware", textData(flag.firmware()));
    row.set("firmwareSource", textData(flag.firmware_source()));
    row.set("detail", textData(flag.detail()));
    row.set("objects", withCommas(flag.objects_size()));
    row.set("objectNames", joined(flag.objects(), ", "));
    row.set("symbols", withCommas(flag.symbols_size()));
    row.set("symbolNames", joined(flag.symbols(), ", "));
    rows.push_back(row);
  }
  return rows;
}

} // namespace romlink::report
