// The audit of a ROM as a page: its memory as a picture, defects with their boot paths, flags, users.
#include "relink/report/audit.h"

#include "relink/report/audit_wording.h"
#include "relink/report/embedded.h"
#include "relink/report/html_page.h"
#include "relink/report/memory_map.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::OfferedSymbol;
using romlink::v1::RomAudit;
using Type = data::type;

constexpr double kLabelWidth = 96;
constexpr double kLineWidth = 1100;
constexpr double kLineHeight = 30;
constexpr double kLineGap = 4;
constexpr double kCharacter = 6.7;
constexpr const char* kKinds[] = {"image", "offered", "used", "defective"};
constexpr const char* kKindNames[] = {"not offered", "offered, not in use", "in use by releases",
                                      "defective"};

/// Index into kKinds.
std::size_t kindOf(const OfferedSymbol& symbol) {
  return symbol.advisories_size() > 0 ? 3 : symbol.used_by() > 0 ? 2 : 1;
}

bool isInSharedRam(const RomAudit& audit, std::uint32_t address) {
  const auto& ram = audit.rom().shared_ram();
  return audit.rom().has_shared_ram() && address >= ram.address() && address - ram.address() < ram.size();
}

/// Flash ranges first, then each address once: of aliases, the one that matters most.
std::vector<MapItem> itemsOf(const RomAudit& audit, std::array<std::uint64_t, 4>& bytes) {
  std::vector<MapItem> items;
  for (const auto& range : audit.rom().flash()) {
    items.push_back({range.address(), range.size(), "image", "", "image: " + rangeText(range)});
    bytes[0] += range.size();
  }
  std::map<std::uint32_t, const OfferedSymbol*> byAddress;
  for (const OfferedSymbol& symbol : audit.offered()) {
    const OfferedSymbol*& known = byAddress[addressOf(symbol.rom_address())];
    if (known == nullptr || kindOf(symbol) > kindOf(*known))
      known = &symbol;
  }
  for (const auto& [address, symbol] : byAddress) {
    if (symbol->size() == 0 || isInSharedRam(audit, address))
      continue;
    const std::size_t kind = kindOf(*symbol);
    std::string title = printable(symbol->name()) + ": " + withCommas(symbol->size()) + " bytes at " +
                        hexAddress(address) + ", " + kKindNames[kind];
    if (symbol->used_by() > 0)
      title += ", in " + counted(symbol->used_by(), "release");
    if (symbol->advisories_size() > 0)
      title += "\n" + joined(symbol->advisories(), ", ");
    items.push_back({address, symbol->size(), kKinds[kind], printable(symbol->name()), std::move(title)});
    bytes.at(kind) += symbol->size();
    bytes[0] -= std::min<std::uint64_t>(bytes[0], symbol->size());
  }
  return items;
}

data boxData(const MapBox& box, const MapItem& item, double y) {
  data out(Type::object);
  const double x = kLabelWidth + box.x * kLineWidth;
  const double width = box.width * kLineWidth;
  out.set("class", item.styleClass);
  out.set("x", coordinate(x));
  out.set("y", coordinate(y));
  out.set("width", coordinate(width));
  out.set("height", coordinate(kLineHeight));
  out.set("title", textData(item.title));
  out.set("text", textData(fitted(item.name, (width - 8) / kCharacter)));
  out.set("textX", coordinate(x + 4));
  out.set("textY", coordinate(y + 19));
  return out;
}

/// {width, height, textX, lines: [{label, y, gap, boxes}], legend}
data mapData(const std::vector<MapItem>& items) {
  const MemoryMap map = layOut(items);
  data lines(Type::list);
  double y = 0;
  for (const MapLine& line : map.lines) {
    y += line.afterGap ? kLineHeight / 2 : 0;
    data out(Type::object);
    out.set("label", hexAddress(line.address));
    out.set("labelY", coordinate(y + 19));
    out.set("gapY", line.afterGap ? textData(coordinate(y - 6)) : data(Type::bool_false));
    data boxes(Type::list);
    for (const MapBox& box : line.boxes)
      boxes.push_back(boxData(box, items[box.item], y));
    out.set("boxes", boxes);
    lines.push_back(out);
    y += kLineHeight + kLineGap;
  }
  data out(Type::object);
  out.set("width", coordinate(kLabelWidth + kLineWidth));
  out.set("height", coordinate(std::max(y - kLineGap, kLineHeight)));
  out.set("lineBytes", number(map.lineBytes));
  out.set("lines", lines);
  return out;
}

data flashData(const RomAudit& audit) {
  std::array<std::uint64_t, 4> bytes{};
  const std::vector<MapItem> items = itemsOf(audit, bytes);
  if (items.empty())
    return data(Type::bool_false);
  data out = mapData(items);
  data legend(Type::list);
  for (const std::size_t kind : {2U, 1U, 3U, 0U}) {
    data entry(Type::object);
    entry.set("class", kKinds[kind]);
    entry.set("label", kKindNames[kind]);
    entry.set("bytes", number(bytes.at(kind)));
    legend.push_back(entry);
  }
  out.set("legend", legend);
  return out;
}

data sharedRamData(const RomAudit& audit) {
  if (!audit.rom().has_shared_ram())
    return data(Type::bool_false);
  const auto& ram = audit.rom().shared_ram();
  std::vector<MapItem> items = {{ram.address(), ram.size(), "ram", "", rangeText(ram)}};
  for (const OfferedSymbol& symbol : audit.offered())
    if (const std::uint32_t address = addressOf(symbol.rom_address()); isInSharedRam(audit, address))
      items.push_back({address, symbol.size(), kKinds[kindOf(symbol)], printable(symbol.name()),
                       printable(symbol.name()) + ": " + withCommas(symbol.size()) + " bytes at " +
                           hexAddress(address) + ", " + kKindNames[kindOf(symbol)]});
  data out = mapData(items);
  out.set("range", rangeText(ram));
  out.set("bytes", number(ram.size()));
  return out;
}

data defectData(const RomAudit& audit) {
  data rows(Type::list);
  for (const auto& symbol : audit.affected()) {
    data row(Type::object);
    row.set("advisory", textData(symbol.advisory()));
    row.set("symbol", textData(symbol.symbol()));
    row.set("address", textData(symbol.rom_address()));
    row.set("bytes", number(symbol.size()));
    row.set("sameCode",
            symbol.match() == romlink::v1::AffectedSymbol::SAME_CODE ? Type::bool_true : Type::bool_false);
    row.set("path", pathData(symbol.boot_path(), true));
    row.set("callers", textData(joined(symbol.callers(), ", ")));
    const auto found = std::find_if(
        audit.advisories().begin(), audit.advisories().end(),
        [&](const romlink::v1::Advisory& advisory) { return advisory.id() == symbol.advisory(); });
    const bool known = found != audit.advisories().end();
    row.set("summary", textData(known ? found->summary() : ""));
    row.set("url", textData(known ? found->url() : ""));
    rows.push_back(row);
  }
  return rows;
}

data flagData(const RomAudit& audit) {
  data rows(Type::list);
  for (const auto& flag : audit.flags()) {
    data row(Type::object);
    row.set("name", textData(flag.name()));
    row.set("value", textData(flag.value()));
    row.set("source", textData(flag.source()));
    rows.push_back(row);
  }
  return rows;
}

data offeredData(const RomAudit& audit) {
  data rows(Type::list);
  for (const OfferedSymbol& symbol : audit.offered()) {
    data row(Type::object);
    row.set("name", textData(symbol.name()));
    row.set("kind", symbol.function() ? "function" : "data");
    row.set("class", kKinds[kindOf(symbol)]);
    row.set("state", kKindNames[kindOf(symbol)]);
    row.set("bytes", number(symbol.size()));
    row.set("address", textData(symbol.rom_address()));
    row.set("usedBy", number(symbol.used_by()));
    row.set("types", symbol.has_types() ? "yes" : "no");
    row.set("source", symbol.has_source() ? "yes" : "no");
    row.set("advisories", textData(joined(symbol.advisories(), ", ")));
    rows.push_back(row);
  }
  return rows;
}

data headlineData(const RomAudit& audit) {
  std::uint64_t offered = 0;
  std::uint64_t used = 0;
  std::uint64_t usedSymbols = 0;
  std::set<std::uint32_t> addresses;
  for (const OfferedSymbol& symbol : audit.offered()) {
    if (symbol.used_by() > 0)
      ++usedSymbols;
    if (!addresses.insert(addressOf(symbol.rom_address())).second)
      continue;
    offered += symbol.size();
    used += symbol.used_by() > 0 ? symbol.size() : 0;
  }
  std::set<std::string> advisories;
  std::uint64_t atBoot = 0;
  for (const auto& symbol : audit.affected()) {
    advisories.insert(symbol.advisory());
    atBoot += symbol.boot_path_size() > 0 ? 1 : 0;
  }
  data out(Type::object);
  out.set("offeredSymbols", number(static_cast<std::uint64_t>(audit.offered_size())));
  out.set("offeredBytes", number(offered));
  out.set("imageBytes", number(audit.rom().image_size()));
  out.set("usedBytes", number(used));
  out.set("usedSymbols", number(usedSymbols));
  out.set("releases", number(static_cast<std::uint64_t>(audit.users_size())));
  out.set("advisories", number(advisories.size()));
  out.set("advisoryClass", advisories.empty() ? "" : "warned");
  out.set("atBoot", atBoot == 0 ? std::string("none reached when it boots")
                                : withCommas(static_cast<std::int64_t>(atBoot)) + " reached when it boots");
  return out;
}

} // namespace

std::string renderHtml(const RomAudit& audit) {
  const auto& rom = audit.rom();
  data page(Type::object);
  page.set("rom", romTitle(rom.name(), rom.version()));
  page.set("hash", textData(rom.image_hash()));
  page.set("architecture", textData(rom.architecture()));
  page.set("published", textData(rom.published_at()));
  page.set("total", headlineData(audit));
  page.set("flash", flashData(audit));
  page.set("ram", sharedRamData(audit));
  setList(page, "Defects", defectData(audit));
  setList(page, "Flags", flagData(audit));
  setList(page, "Releases", releaseListData(audit.users()));
  setList(page, "Offered", offeredData(audit));
  setList(page, "Findings", findingData(untold(audit.findings())));
  return renderPage(embedded::auditRomHtmlMustache, std::move(page),
                    {.title = romTitle(rom.name(), rom.version()) + ": romlink ROM audit", .script = {}});
}

} // namespace romlink::report
