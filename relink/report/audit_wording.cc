#include "relink/report/audit_wording.h"

#include "relink/report/wording.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace romlink::report {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The number at the start of `text`, without leading zeros, taken away from it.
std::string_view takeNumber(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && isDigit(text[end]))
    ++end;
  std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  while (number.size() > 1 && number.front() == '0')
    number.remove_prefix(1);
  return number;
}

/// Negative, zero or positive; numbers inside count as numbers.
int compareVersions(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (isDigit(a.front()) && isDigit(b.front())) {
      const std::string_view left = takeNumber(a);
      const std::string_view right = takeNumber(b);
      if (left.size() != right.size())
        return left.size() < right.size() ? -1 : 1;
      if (const int order = left.compare(right); order != 0)
        return order;
      continue;
    }
    if (a.front() != b.front())
      return a.front() < b.front() ? -1 : 1;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.empty() ? (b.empty() ? 0 : -1) : 1;
}

} // namespace

Repair repairOf(const romlink::v1::AffectedRelease& release) {
  if (!release.affected() && release.accepted_size() > 0)
    return Repair::Accepted;
  if (!release.affected())
    return release.own_copies_size() > 0 ? Repair::OwnCopy : Repair::Unaffected;
  return release.repaired_by_relink() ? Repair::Relink : Repair::ExceptBoot;
}

std::string_view repairText(Repair repair) {
  switch (repair) {
  case Repair::Unaffected:
    return "not affected";
  case Repair::OwnCopy:
    return "has its own copy";
  case Repair::Accepted:
    return "accepted by its policy";
  case Repair::Relink:
    return "a relink repairs it";
  case Repair::ExceptBoot:
    break;
  }
  return "a relink repairs it, except at boot";
}

std::string_view repairClass(Repair repair) {
  switch (repair) {
  case Repair::Unaffected:
    return "unaffected";
  case Repair::OwnCopy:
    return "own-copy";
  case Repair::Accepted:
    return "waived";
  case Repair::Relink:
    return "relink";
  case Repair::ExceptBoot:
    break;
  }
  return "except-boot";
}

bool isTold(const romlink::v1::Finding& finding) {
  return finding.code() == "DEFECT" || finding.code() == "DEFECT_IN_BOOT" ||
         finding.code() == "SHARES_DEFECT";
}

google::protobuf::RepeatedPtrField<romlink::v1::Finding>
untold(const google::protobuf::RepeatedPtrField<romlink::v1::Finding>& findings) {
  google::protobuf::RepeatedPtrField<romlink::v1::Finding> rest;
  for (const auto& finding : findings)
    if (!isTold(finding))
      *rest.Add() = finding;
  return rest;
}

std::string typedName(std::string_view linkerName) {
  if (linkerName.starts_with("_root/"))
    return std::string(linkerName.substr(5));
  std::string out;
  for (; linkerName.starts_with("_up/"); linkerName.remove_prefix(4))
    out += "../";
  return out.append(linkerName);
}

template <typename Names>
std::string pathText(const Names& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : " -> ") + printable(name);
  return text;
}
template std::string pathText(const google::protobuf::RepeatedPtrField<std::string>&);
template std::string pathText(const std::vector<std::string>&);

std::string labelsText(const romlink::v1::Release& release) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : release.labels())
    labels.push_back(printable(key) + '=' + printable(value));
  std::sort(labels.begin(), labels.end());
  std::string text;
  for (const std::string& label : labels)
    text += (text.empty() ? "" : ", ") + label;
  return text;
}

std::string romsText(const romlink::v1::Release& release) {
  std::string text;
  for (const auto& rom : release.roms())
    text += (text.empty() ? "" : ", ") + romTitle(rom.name(), rom.version());
  return text;
}

std::string hexAddress(std::uint64_t address) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), address, 16).ptr;
  const std::string text(digits.data(), end);
  return "0x" + std::string(text.size() < 8 ? 8 - text.size() : 0, '0') + text;
}

std::string rangeText(const romlink::v1::AddressRange& range) {
  return hexAddress(range.address()) + " to " + hexAddress(std::uint64_t{range.address()} + range.size());
}

std::uint32_t addressOf(const std::string& text) {
  std::uint32_t value = 0;
  if (!text.starts_with("0x"))
    return 0;
  const auto read = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? value : 0;
}

std::int64_t savedBytes(const romlink::v1::MemoryUse& use) {
  return std::int64_t{use.baseline_bytes()} - std::int64_t{use.linked_bytes()};
}

bool romBefore(const romlink::v1::Rom& a, const romlink::v1::Rom& b) {
  if (a.name() != b.name())
    return a.name() < b.name();
  if (const int order = compareVersions(a.version(), b.version()); order != 0)
    return order < 0;
  return a.image_hash() < b.image_hash();
}

} // namespace romlink::report
