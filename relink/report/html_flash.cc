// The treemap and the bars.
#include "relink/report/html_flash.h"

#include "relink/report/html_page.h"
#include "relink/report/treemap.h"
#include "relink/report/wording.h"

#include <algorithm>

namespace romlink::report {
namespace {

using kainjow::mustache::data;
using romlink::v1::LinkReport;
using Type = data::type;

constexpr double kWidth = 1200;
constexpr double kHeight = 480;
constexpr double kGap = 2;
constexpr double kTitleHeight = 20;
constexpr double kSmallestCell = 60;      ///< square units; smaller symbols are drawn together
constexpr double kHeadingCharacter = 8.8; ///< capitals, bold
constexpr double kCharacter = 6.7;        ///< width of a character of a cell's label
constexpr std::size_t kBarColours = 8;

struct Cell {
  std::string name;
  std::string title;
  std::uint64_t bytes;
};

struct Group {
  std::string styleClass;
  std::string label;
  std::uint64_t bytes = 0;
  std::vector<Cell> cells;
};

void place(data& target, const Rectangle& r) {
  target.set("x", coordinate(r.x));
  target.set("y", coordinate(r.y));
  target.set("width", coordinate(r.width));
  target.set("height", coordinate(r.height));
}

bool takesFlash(const Symbol& symbol) {
  const auto starts = [&](std::string_view prefix) { return symbol.section().starts_with(prefix); };
  return bytesOf(symbol) > 0 && !starts(".bss") && !starts(".sbss") && !starts(".noinit") &&
         !starts("COMMON");
}

void addTo(std::vector<Group>& groups, const std::string& styleClass, const std::string& label,
           const Symbol& symbol) {
  if (!takesFlash(symbol))
    return;
  if (groups.empty() || groups.back().label != label)
    groups.push_back({styleClass, label, 0, {}});
  std::string title = printable(symbol.name()) + ": " + withCommas(bytesOf(symbol)) + " bytes, " + label;
  if (!symbol.object().empty())
    title += "\n" + printable(symbol.object());
  if (!symbol.detail().empty())
    title += "\n" + printable(symbol.detail());
  groups.back().bytes += bytesOf(symbol);
  groups.back().cells.push_back({printable(symbol.name()), std::move(title), bytesOf(symbol)});
}

/// The symbols of the plain link by decision, and the flash that no symbol accounts for.
std::vector<Group> groupsOf(const LinkReport& report, const Tally& tally) {
  std::vector<Group> groups;
  for (const Symbol* symbol : tally.shared)
    if (!isAccepted(*symbol))
      addTo(groups, "shared", "SHARED", *symbol);
  for (const Symbol* symbol : tally.accepted)
    addTo(groups, "accepted", "ACCEPTED", *symbol);
  for (const Symbol* symbol : tally.local)
    addTo(groups, styleClassOf(reasonOf(*symbol)), printable(reasonOf(*symbol)), *symbol);
  std::uint64_t sum = 0;
  for (const Group& group : groups)
    sum += group.bytes;
  if (report.flash().baseline_bytes() > sum) {
    const std::uint64_t rest = report.flash().baseline_bytes() - sum;
    groups.push_back({"rest",
                      "no symbol",
                      rest,
                      {{"constants, tables, padding",
                        "not in any symbol: " + withCommas(static_cast<std::int64_t>(rest)) +
                            " bytes of strings, tables and padding",
                        rest}}});
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.bytes > b.bytes; });
  return groups;
}

/// Replaces the cells that would be too small to see by one.
void gatherSmall(Group& group, double area) {
  const auto tooSmall = [&](const Cell& c) {
    return area * static_cast<double>(c.bytes) < kSmallestCell * static_cast<double>(group.bytes);
  };
  const auto first = std::find_if(group.cells.begin(), group.cells.end(), tooSmall);
  const auto count = group.cells.end() - first;
  if (count < 2)
    return;
  std::uint64_t bytes = 0;
  for (auto cell = first; cell != group.cells.end(); ++cell)
    bytes += cell->bytes;
  group.cells.erase(first, group.cells.end());
  const std::string name = withCommas(count) + " smaller symbols";
  group.cells.push_back(
      {name, name + ": " + withCommas(static_cast<std::int64_t>(bytes)) + " bytes, " + group.label, bytes});
}

data cellData(const Cell& cell, const Rectangle& r) {
  data out(Type::object);
  place(out, r);
  out.set("title", cell.title);
  const std::string name = fitted(cell.name, (r.width - 8) / kCharacter);
  if (r.height >= 16 && !name.empty()) {
    data label(Type::object);
    label.set("text", name);
    label.set("x", coordinate(r.x + 5));
    label.set("y", coordinate(r.y + 14));
    if (r.height >= 30) {
      label.set("bytes", withCommas(static_cast<std::int64_t>(cell.bytes)));
      label.set("bytesY", coordinate(r.y + 27));
    }
    out.set("label", label);
  }
  return out;
}

data groupData(Group& group, const Rectangle& outer) {
  data out(Type::object);
  const Rectangle box = outer.inset(kGap, kGap, kGap, kGap);
  place(out, box);
  out.set("class", group.styleClass);
  const std::string label = group.label + " \u00b7 " + withCommas(static_cast<std::int64_t>(group.bytes));
  const bool titled = box.height > 2.5 * kTitleHeight && box.width > 40;
  if (titled) {
    data title(Type::object);
    const double room = (box.width - 8) / kHeadingCharacter;
    const bool fits = static_cast<double>(columnsOf(label)) <= room;
    title.set("text", fits ? label : fitted(group.label, room));
    title.set("x", coordinate(box.x + 5));
    title.set("y", coordinate(box.y + 14));
    out.set("heading", title);
  }
  const Rectangle inner = box.inset(0, titled ? kTitleHeight : 0, 0, 0);
  gatherSmall(group, inner.area());
  std::stable_sort(group.cells.begin(), group.cells.end(),
                   [](const Cell& a, const Cell& b) { return a.bytes > b.bytes; });
  std::vector<double> weights;
  weights.reserve(group.cells.size());
  for (const Cell& cell : group.cells)
    weights.push_back(static_cast<double>(cell.bytes));
  const std::vector<Rectangle> places = squarify(weights, inner);
  data cells(Type::list);
  for (std::size_t i = 0; i < places.size(); ++i)
    cells.push_back(cellData(group.cells[i], places[i]));
  out.set("cells", cells);
  return out;
}

} // namespace

std::string styleClassOf(std::string_view reason) {
  if (meaningOf(reason).empty())
    return "other";
  std::string name(reason);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c == '_' ? '-' : static_cast<char>(c - 'A' + 'a'); });
  return name;
}

data treemapData(const LinkReport& report, const Tally& tally) {
  std::vector<Group> groups = groupsOf(report, tally);
  if (groups.empty())
    return data(Type::bool_false);
  std::vector<double> weights;
  weights.reserve(groups.size());
  for (const Group& group : groups)
    weights.push_back(static_cast<double>(group.bytes));
  const std::vector<Rectangle> places = squarify(weights, {0, 0, kWidth, kHeight});
  data list(Type::list);
  data legend(Type::list);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    data entry(Type::object);
    entry.set("class", groups[i].styleClass);
    entry.set("label", groups[i].label);
    entry.set("bytes", withCommas(static_cast<std::int64_t>(groups[i].bytes)));
    legend.push_back(entry);
    list.push_back(groupData(groups[i], places[i]));
  }
  data out(Type::object);
  out.set("legend", legend);
  out.set("width", std::to_string(static_cast<int>(kWidth)));
  out.set("height", std::to_string(static_cast<int>(kHeight)));
  out.set("groups", list);
  return out;
}

data barsData(const LinkReport& report) {
  std::uint64_t baseline = report.flash().baseline_bytes();
  std::uint64_t linked = report.flash().linked_bytes();
  const double scale = 1000.0 / static_cast<double>(std::max<std::uint64_t>({baseline, linked, 1}));

  const auto bar = [&](const std::string& title, std::uint64_t total, bool plain) {
    data segments(Type::list);
    double x = 0;
    const auto add = [&](const std::string& styleClass, const std::string& name, std::uint64_t bytes) {
      if (bytes == 0)
        return;
      const double width = static_cast<double>(bytes) * scale;
      data segment(Type::object);
      segment.set("class", styleClass);
      segment.set("x", coordinate(x));
      segment.set("width", coordinate(width));
      segment.set("title", name + ": " + withCommas(static_cast<std::int64_t>(bytes)) + " bytes");
      segments.push_back(segment);
      x += width;
    };
    for (int i = 0; i < report.flash_breakdown_size(); ++i) {
      const auto& share = report.flash_breakdown(i);
      add("part" + std::to_string(static_cast<std::size_t>(i) % kBarColours), printable(share.category()),
          plain ? share.baseline_bytes() : share.linked_bytes());
    }
    if (report.flash_breakdown_size() == 0)
      add("part0", "flash", total);
    if (!plain && baseline > linked)
      add("saved", "saved", baseline - linked);
    data out(Type::object);
    out.set("title", title);
    out.set("bytes", withCommas(static_cast<std::int64_t>(total)));
    if (!plain && baseline > linked)
      out.set("saved", withCommas(static_cast<std::int64_t>(baseline - linked)));
    out.set("segments", segments);
    return out;
  };
  data bars(Type::list);
  bars.push_back(bar("Plain link", baseline, true));
  bars.push_back(bar("This link", linked, false));
  return bars;
}

} // namespace romlink::report
