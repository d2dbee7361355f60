#include "client/rom_text.h"

#include "client/address_range.h"
#include "client/console.h"
#include "romlink/v1/archive.pb.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace romlink::client {
namespace {

std::string rangeText(const v1::AddressRange& range) {
  return addressText(range.address()) + ":" + std::to_string(range.size());
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

std::string fact(const std::string& name, const std::string& value) {
  constexpr std::size_t kColumn = 16;
  return value.empty() ? std::string() : padded(name, kColumn) + printable(value) + "\n";
}

template <typename Ranges>
std::string rangesText(const Ranges& ranges) {
  std::string text;
  for (const auto& range : ranges)
    text += (text.empty() ? "" : ", ") + rangeText(range);
  return text;
}

bool isWithdrawn(const v1::Rom& rom) {
  return rom.has_withdrawal() && rom.withdrawal().links() != v1::Withdrawal::ALLOW;
}

std::string withdrawalFact(const v1::Withdrawal& withdrawal) {
  const std::string what = withdrawal.links() == v1::Withdrawal::ALLOW  ? "no more"
                           : withdrawal.links() == v1::Withdrawal::WARN ? "links warn"
                                                                        : "links are refused";
  return withdrawal.withdrawn_at() + ", " + what + ": " + withdrawal.reason();
}

} // namespace

void warnIfWithdrawn(const v1::Rom& rom) {
  if (isWithdrawn(rom))
    printWarning(
        printable(rom.name() + "@" + rom.version() + " was withdrawn: " + rom.withdrawal().reason()));
}

std::string romTable(const std::vector<v1::Rom>& roms) {
  using Row = std::array<std::string, 5>;
  const bool anyWithdrawn = std::any_of(roms.begin(), roms.end(), isWithdrawn);
  std::vector<Row> rows = {{"ROM", "HASH", "BYTES", "PUBLISHED", anyWithdrawn ? "WITHDRAWN" : ""}};
  for (const v1::Rom& rom : roms)
    rows.push_back({printable(rom.name() + "@" + rom.version()), rom.image_hash(),
                    std::to_string(rom.image_size()), rom.published_at(),
                    isWithdrawn(rom) ? printable(rom.withdrawal().reason()) : ""});
  Row::size_type column = 0;
  std::array<std::size_t, 5> widths{};
  for (; column < widths.size(); ++column)
    for (const Row& row : rows)
      widths[column] = std::max(widths[column], row[column].size());
  std::string text;
  for (const Row& row : rows)
    text += fmt::format("{:<{}}  {:<{}}  {:>{}}  {}{}{}\n", row[0], widths[0], row[1], widths[1], row[2],
                        widths[2], row[3], row[4].empty() ? "" : padded("", widths[3] - row[3].size() + 2),
                        row[4]);
  return text;
}

std::string romDescription(const v1::Rom& rom) {
  std::string text;
  text += fact("name", rom.name());
  text += fact("version", rom.version());
  text += fact("image hash", rom.image_hash());
  text += fact("build-id", rom.build_id());
  if (!rom.synthetic_build_id().empty())
    text += fact("build-id", rom.synthetic_build_id() + " (synthetic: the ELF has none)");
  text += fact("architecture", rom.architecture());
  text += fact("flash", rangesText(rom.flash()));
  text += fact("image bytes", std::to_string(rom.image_size()));
  text += fact("entry", addressText(rom.entry()));
  if (rom.has_shared_ram())
    text += fact("shared RAM", rangeText(rom.shared_ram()));
  text += fact("volatile", rangesText(rom.volatile_ranges()));
  text += fact("functions", std::to_string(rom.function_count()));
  text += fact("data objects", std::to_string(rom.object_count()));
  if (rom.has_index())
    text += fact("index", fmt::format("version {}, {} functions, {} references", rom.index().format_version(),
                                      rom.index().functions(), rom.index().references()));
  if (rom.shared_symbols_size() > 0)
    text += fact("offered", std::to_string(rom.shared_symbols_size()) + " symbols");
  text += fact("published", rom.published_at());
  if (rom.has_withdrawal())
    text += fact("withdrawn", withdrawalFact(rom.withdrawal()));
  std::vector<std::pair<std::string, std::string>> labels(rom.labels().begin(), rom.labels().end());
  std::sort(labels.begin(), labels.end());
  for (const auto& [key, value] : labels)
    text += fact("label", key + "=" + value);
  for (const auto& artifact : rom.artifacts())
    text += fact("artifact", fmt::format("{}  {}  {} bytes  {}", artifact.role(), artifact.file_name(),
                                         artifact.size(), artifact.digest()));
  for (const auto& note : rom.notes())
    text += fact("note", note);
  return text;
}

} // namespace romlink::client
