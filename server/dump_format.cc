#include "server/dump_format.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::server {
namespace {

constexpr std::uint64_t kLargestGap = 16 << 20;
constexpr std::uint64_t kFilled = 16 << 20;  // bytes of gaps, in any file
constexpr std::uint64_t kFilledForEach = 16; // and for each byte of it
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostPieces = 1 << 20;
constexpr std::size_t kMostRegions = 4096;
constexpr std::uint64_t kAddresses = std::uint64_t{1} << 32;

std::string hexOf(std::uint64_t address) {
  std::string digits(8, '0');
  for (std::size_t i = 8; i-- > 0; address >>= 4)
    digits[i] = "0123456789abcdef"[address & 15];
  return "0x" + digits;
}

// Bytes at addresses, in pieces without gaps.
class Memory {
public:
  /// The first address that has another byte already, if there is one.
  std::optional<std::uint64_t> put(std::uint64_t address, Bytes bytes) {
    while (!bytes.empty()) {
      const auto next = pieces_.upper_bound(address);
      const auto before = next == pieces_.begin() ? pieces_.end() : std::prev(next);
      const std::uint64_t end = before == pieces_.end() ? 0 : before->first + before->second.size();
      std::size_t count = bytes.size();
      if (before != pieces_.end() && address < end) {
        count = std::min<std::uint64_t>(count, end - address);
        const auto known = before->second.begin() + static_cast<std::ptrdiff_t>(address - before->first);
        const auto differs =
            std::mismatch(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count), known);
        if (differs.first != bytes.begin() + static_cast<std::ptrdiff_t>(count))
          return address + static_cast<std::uint64_t>(differs.first - bytes.begin());
      } else {
        if (next != pieces_.end())
          count = std::min<std::uint64_t>(count, next->first - address);
        auto& piece = before != pieces_.end() && end == address ? before->second : pieces_[address];
        piece.insert(piece.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
      }
      address += count;
      bytes = bytes.subspan(count);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t pieces() const { return pieces_.size(); }

  // Gaps are filled as long as that takes no more than `most` bytes in all.
  [[nodiscard]] std::vector<DumpRegion> regions(std::uint64_t most) const {
    std::uint64_t sum = 0;
    for (const auto& [address, bytes] : pieces_)
      sum += bytes.size();
    most = std::min(most, sum + sum * kFilledForEach + kFilled);
    std::vector<DumpRegion> regions;
    for (const auto& [address, bytes] : pieces_) {
      const std::uint64_t end = regions.empty() ? 0 : regions.back().address + regions.back().bytes.size();
      const std::uint64_t gap = address - end;
      if (regions.empty() || gap > kLargestGap || sum + gap > most) {
        regions.push_back({static_cast<std::uint32_t>(address), {}});
      } else {
        sum += gap;
        regions.back().bytes.resize(regions.back().bytes.size() + gap, 0xFF);
      }
      regions.back().bytes.insert(regions.back().bytes.end(), bytes.begin(), bytes.end());
    }
    return regions;
  }

private:
  std::map<std::uint64_t, std::vector<std::uint8_t>> pieces_;
};

std::string_view withoutMark(std::string_view text) {
  text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  return text;
}

int nibbleOf(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// What both formats have in common: lines of hex digits, and where one goes wrong.
class Reader {
public:
  Reader(Bytes text, const char* format, std::uint64_t mostBytes)
      : rest_(withoutMark(asText(text))), format_(format), mostBytes_(mostBytes) {}

  /// The next line that is not empty.
  std::optional<std::string_view> line() {
    while (!rest_.empty()) {
      ++number_;
      std::string_view line = rest_.substr(0, rest_.find('\n'));
      rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
        line.remove_suffix(1);
      if (!line.empty())
        return line;
    }
    return std::nullopt;
  }

  [[nodiscard]] tl::unexpected<Error> wrong(std::string why) const {
    return fail(ErrorCode::Malformed, std::string("not a sound ") + format_ + " file",
                "line " + std::to_string(number_), std::move(why),
                "read the device again, or convert it again");
  }

  /// The bytes that pairs of hex digits give; valid until the next call.
  Result<Bytes> bytes(std::string_view digits) {
    bytes_.clear();
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const int high = nibbleOf(digits[i]);
      const int low = i + 1 < digits.size() ? nibbleOf(digits[i + 1]) : 0;
      if (high < 0 || low < 0)
        return wrong("a character that is no hex digit");
      if (i + 1 == digits.size())
        return wrong("the record is cut off");
      bytes_.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return Bytes(bytes_);
  }

  Result<void> put(std::uint64_t address, Bytes data) {
    if (address + data.size() > kAddresses)
      return wrong("the record reaches beyond the 32-bit address space");
    if (const auto differs = memory_.put(address, data))
      return wrong("another record has another byte for address " + hexOf(*differs));
    stored_ += data.size();
    if (stored_ > mostBytes_)
      return tooMuch("it is larger than the service accepts");
    if (memory_.pieces() > kMostPieces)
      return tooMuch("it has too many pieces");
    return {};
  }

  /// After the record that says it is the last.
  Result<std::vector<DumpRegion>> finish() {
    if (line())
      return wrong("there is more behind the last record");
    auto regions = memory_.regions(mostBytes_);
    if (regions.size() > kMostRegions)
      return tooMuch("its pieces lie too far apart");
    return regions;
  }

  [[nodiscard]] tl::unexpected<Error> noEnd(const char* record) const {
    return wrong(std::string("the file ends without ") + record + ": it is cut off");
  }

private:
  [[nodiscard]] tl::unexpected<Error> tooMuch(const char* why) const {
    return fail(ErrorCode::Malformed, std::string("the ") + format_ + " file holds too much",
                "line " + std::to_string(number_), why);
  }

  std::string_view rest_;
  const char* format_;
  std::uint64_t mostBytes_;
  std::size_t number_ = 0;
  std::uint64_t stored_ = 0;
  std::vector<std::uint8_t> bytes_;
  Memory memory_;
};

unsigned sumOf(Bytes bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0U) & 0xFF;
}

std::uint32_t bigEndian(Bytes bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0U,
                         [](std::uint32_t a, std::uint8_t b) { return a << 8 | b; });
}

// The base address that extended address records set, and whether it is of a segment.
struct HexBase {
  std::uint64_t address = 0;
  bool segment = false;
};

} // namespace

DumpFormat formatOf(Bytes dump) {
  constexpr std::size_t kLooked = 4096;
  constexpr std::size_t kLookedAhead = 64;
  std::string_view text = withoutMark(asText(dump.first(std::min(kLooked, dump.size()))));
  while (!text.empty()) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
    const std::string_view ahead = text.substr(0, kLookedAhead);
    const bool isText = std::all_of(ahead.begin(), ahead.end(), [](char c) {
      return (c >= ' ' && c <= '~') || c == '\r' || c == '\n' || c == '\t';
    });
    if (!isText || text.size() < 2)
      return DumpFormat::Binary;
    if (text[0] == ':' && nibbleOf(text[1]) >= 0)
      return DumpFormat::IntelHex;
    if ((text[0] == 'S' || text[0] == 's') && text[1] >= '0' && text[1] <= '9')
      return DumpFormat::SRecord;
    if (text[0] != '#' && text[0] != ';' && text[0] != '/')
      return DumpFormat::Binary;
    text.remove_prefix(std::min(text.size(), text.find('\n')));
  }
  return DumpFormat::Binary;
}

Result<std::vector<DumpRegion>> readIntelHex(Bytes text, std::uint64_t mostBytes) {
  enum Type : std::uint8_t { Data, End, SegmentBase, SegmentStart, LinearBase, LinearStart };
  constexpr std::size_t kFrame = 5; // length, address, type, checksum
  constexpr std::uint64_t kSegment = 0x10000;
  Reader reader(text, "Intel HEX", mostBytes);
  HexBase base;
  while (const auto line = reader.line()) {
    if (line->front() != ':')
      return reader.wrong("a record begins with ':'");
    ROMLINK_ASSIGN(const Bytes record, reader.bytes(line->substr(1)));
    if (record.size() < kFrame || record.size() < kFrame + record[0])
      return reader.wrong("the record is cut off");
    if (record.size() > kFrame + record[0])
      return reader.wrong("the record is longer than it says");
    if (sumOf(record) != 0)
      return reader.wrong("the checksum is wrong");
    const Bytes data = record.subspan(4, record[0]);
    const std::uint64_t offset = bigEndian(record.subspan(1, 2));
    constexpr std::size_t kSizes[] = {0, 0, 2, 4, 2, 4};
    if (record[3] > LinearStart)
      return reader.wrong("a record of an unknown type");
    if (record[3] != Data && data.size() != kSizes[record[3]])
      return reader.wrong("the record has another length than its type");
    if (record[3] == End)
      return reader.finish();
    if (record[3] == Data) {
      if (base.segment && offset + data.size() > kSegment)
        return reader.wrong("the record wraps around the end of its segment");
      ROMLINK_TRY(reader.put(base.address + offset, data));
    } else if (record[3] == SegmentBase) {
      base = {std::uint64_t{bigEndian(data)} << 4, true};
    } else if (record[3] == LinearBase) {
      base = {std::uint64_t{bigEndian(data)} << 16, false};
    }
  }
  return reader.noEnd("an end record");
}

Result<std::vector<DumpRegion>> readSRecords(Bytes text, std::uint64_t mostBytes) {
  // Bytes of address of types 0 to 9; 0: there is no such type.
  constexpr std::size_t kAddressBytes[] = {2, 2, 3, 4, 0, 2, 3, 4, 3, 2};
  Reader reader(text, "S-record", mostBytes);
  std::uint64_t records = 0;
  while (const auto line = reader.line()) {
    if (line->front() != 'S' && line->front() != 's')
      return reader.wrong("a record begins with 'S'");
    const char type = line->size() > 1 ? (*line)[1] : 'x';
    if (type < '0' || type > '9' || kAddressBytes[type - '0'] == 0)
      return reader.wrong("a record of an unknown type");
    ROMLINK_ASSIGN(const Bytes record, reader.bytes(line->substr(2)));
    const std::size_t addressBytes = kAddressBytes[type - '0'];
    if (record.empty() || record.size() < record[0] + std::size_t{1})
      return reader.wrong("the record is cut off");
    if (record.size() > record[0] + std::size_t{1})
      return reader.wrong("the record is longer than it says");
    if (record[0] < addressBytes + 1)
      return reader.wrong("the record has no room for its address");
    if (sumOf(record) != 0xFF)
      return reader.wrong("the checksum is wrong");
    const std::uint32_t address = bigEndian(record.subspan(1, addressBytes));
    const Bytes data = record.subspan(1 + addressBytes, record[0] - addressBytes - 1);
    if (type == '0' && address != 0)
      return reader.wrong("the header's address is not 0");
    if (type >= '1' && type <= '3') {
      ++records;
      if (address + data.size() > std::uint64_t{1} << 8 * addressBytes)
        return reader.wrong("the record reaches beyond its address space");
      ROMLINK_TRY(reader.put(address, data));
    } else if ((type == '5' || type == '6') && address != records) {
      return reader.wrong("it counts " + std::to_string(address) + " records, but there are " +
                          std::to_string(records));
    } else if (type >= '7') {
      return reader.finish();
    }
  }
  return reader.noEnd("a termination record");
}

} // namespace romlink::server
