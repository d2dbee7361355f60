#include "relink/link/link_map.h"

#include <charconv>
#include <optional>

namespace romlink::relink {
namespace {

struct Line {
  Address address = 0;
  Address load = 0;
  std::uint32_t size = 0;
  std::string_view rest; ///< with its indentation: none for an output section, 8 columns for what is inside
};

std::optional<Line> parseLine(std::string_view text) {
  Line line;
  std::uint32_t alignment = 0;
  const auto number = [&](std::uint32_t& value, int base) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc())
      return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return text.starts_with(' ');
  };
  if (!number(line.address, 16) || !number(line.load, 16) || !number(line.size, 16) || !number(alignment, 10))
    return std::nullopt;
  line.rest = text.substr(1);
  return line;
}

constexpr std::string_view kInside = "        ";
constexpr std::string_view kSymbol = "                ";

} // namespace

Result<std::vector<PlacedSection>> readLinkMap(std::string_view text) {
  std::vector<PlacedSection> sections;
  std::string output;
  bool header = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (std::exchange(header, false) || row.empty())
      continue;
    const auto line = parseLine(row);
    if (!line)
      return fail(ErrorCode::Internal, "cannot read the linker's map", {},
                  "unknown line: " + std::string(row));
    if (!line->rest.starts_with(kInside)) {
      output = line->rest;
      continue;
    }
    if (line->rest.starts_with(kSymbol))
      continue;
    const std::string_view item = line->rest.substr(kInside.size());
    const std::size_t colon = item.rfind(":(");
    if (colon == std::string_view::npos || !item.ends_with(')'))
      continue; // an assignment or a data command of the linker script
    sections.push_back({std::string(item.substr(0, colon)),
                        std::string(item.substr(colon + 2, item.size() - colon - 3)), output, line->address,
                        line->load, line->size});
  }
  return sections;
}

} // namespace romlink::relink
