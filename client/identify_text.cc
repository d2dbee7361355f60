#include "client/identify_text.h"

#include "client/address_range.h"
#include "client/console.h"
#include "romlink/v1/archive.pb.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

namespace romlink::client {
namespace {

using v1::ImageMatch;

constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kYellow = "\x1b[33m";
constexpr const char* kPlain = "\x1b[0m";
constexpr std::size_t kColumns = 5;
constexpr int kMostRanges = 4;

using Row = std::array<std::string, kColumns>;

std::string kindText(ImageMatch::Kind kind) {
  switch (kind) {
  case ImageMatch::EXACT:
    return "exact";
  case ImageMatch::EXCEPT_VOLATILE:
    return "exact but --volatile";
  case ImageMatch::LINKED_AGAINST:
    return "linked against";
  case ImageMatch::BUILD_ID:
    return "build-id";
  case ImageMatch::NEAR:
    return "near";
  default:
    return "?";
  }
}

std::string bytesText(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

// "12 bytes; 3 missing"
std::string differenceText(const ImageMatch& match) {
  if (match.kind() == ImageMatch::LINKED_AGAINST)
    return "-";
  std::vector<std::string> parts;
  if (match.differing_bytes() > 0)
    parts.push_back(bytesText(match.differing_bytes()));
  if (match.missing_bytes() > 0)
    parts.push_back(bytesText(match.missing_bytes()) + " missing");
  if (match.ignored_bytes() > 0)
    parts.push_back(bytesText(match.ignored_bytes()) + " in --volatile");
  if (match.volatile_bytes() > 0)
    parts.push_back(bytesText(match.volatile_bytes()) + " device-specific");
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text.empty() ? "nothing" : text;
}

std::string placeText(const ImageMatch& match) {
  if (match.kind() == ImageMatch::LINKED_AGAINST)
    return "-";
  if (match.has_address())
    return addressText(match.address());
  return match.offset() < 0 ? fmt::format("-{:#x}", -match.offset()) : fmt::format("{:#x}", match.offset());
}

std::string rangesText(const ImageMatch& match) {
  std::string text;
  for (int i = 0; i < std::min(match.differences_size(), kMostRanges); ++i)
    text += fmt::format("{}{}:{}", i == 0 ? "" : ", ", addressText(match.differences(i).address()),
                        match.differences(i).size());
  return match.differences_size() > kMostRanges ? text + ", ..." : text;
}

} // namespace

std::string identifyTable(const v1::IdentifyImageResponse& found, bool colour) {
  bool addresses = false;
  for (const ImageMatch& match : found.matches())
    addresses = addresses || match.has_address();
  std::vector<Row> rows = {{"MATCH", "ROM", addresses ? "ADDRESS" : "OFFSET", "DIFFERS", "HASH"}};
  for (const ImageMatch& match : found.matches())
    rows.push_back({kindText(match.kind()), printable(match.rom().name() + "@" + match.rom().version()),
                    placeText(match), differenceText(match), match.rom().image_hash()});
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < kColumns; ++i)
      widths.at(i) = std::max(widths.at(i), row.at(i).size());
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const ImageMatch* match = i == 0 ? nullptr : &found.matches(static_cast<int>(i) - 1);
    const char* begin = "";
    if (colour && match != nullptr)
      begin = match->kind() == ImageMatch::NEAR ? kYellow : kGreen;
    text += fmt::format("{}{:<{}}{}  {:<{}}  {:>{}}  {:<{}}  {}\n", begin, row[0], widths[0],
                        *begin == '\0' ? "" : kPlain, row[1], widths[1], row[2], widths[2], row[3], widths[3],
                        row[4]);
    if (match != nullptr && match->differences_size() > 0)
      text += "  differs at " + rangesText(*match) + "\n";
    if (match != nullptr && match->other_places() > 0)
      text += fmt::format("  and in {} more place{}\n", match->other_places(),
                          match->other_places() == 1 ? "" : "s");
  }
  return text;
}

} // namespace romlink::client
