#include "relink/image/source_section.h"

#include <algorithm>
#include <llvm/Support/Endian.h>

namespace romlink::relink {
namespace {

constexpr std::string_view kMagic = "ROMLINK1";
constexpr std::size_t kHeader = kMagic.size() + 8;
constexpr std::size_t kDigest = 32;
constexpr std::size_t kRecord = 8 + kDigest;
constexpr std::uint32_t kWeak = 1U << 8;

std::uint32_t word(Bytes content, std::size_t at) {
  return llvm::support::endian::read32le(content.data() + at);
}

void append(std::vector<std::uint8_t>& to, std::uint32_t number) {
  std::uint8_t bytes[4];
  llvm::support::endian::write32le(bytes, number);
  to.insert(to.end(), std::begin(bytes), std::end(bytes));
}

tl::unexpected<Error> malformed(const std::string& where, std::string why) {
  return fail(ErrorCode::Malformed, "cannot read the fingerprints of the source", where, std::move(why),
              "build it again with the romlink-cc of this release");
}

} // namespace

Result<std::vector<SourceRecord>> readSources(Bytes content, const std::string& where) {
  std::vector<SourceRecord> records;
  std::uint32_t unit = 0;
  for (std::size_t at = 0; at < content.size(); ++unit) {
    if (content.size() - at < kHeader || asText(content.subspan(at, kMagic.size())) != kMagic)
      return malformed(where, "its section .debug_romlink is damaged or of another release");
    const std::size_t size = word(content, at + kMagic.size());
    const std::size_t count = word(content, at + kMagic.size() + 4);
    if (size > content.size() - at || count > (size - std::min(size, kHeader)) / kRecord ||
        size != kHeader + count * kRecord)
      return malformed(where, "its section .debug_romlink is truncated");
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t record = at + sourcePlace(i);
      const std::uint32_t kind = word(content, record + 4) & ~kWeak;
      if (kind > static_cast<std::uint32_t>(SourceRecord::Kind::Ambiguous))
        return malformed(where, "its section .debug_romlink has a record of an unknown kind");
      SourceRecord& made = records.emplace_back();
      made.place = static_cast<std::uint32_t>(record);
      made.address = word(content, record);
      made.kind = static_cast<SourceRecord::Kind>(kind);
      made.weak = (word(content, record + 4) & kWeak) != 0;
      std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(record + 8), kDigest,
                  made.digest.bytes.begin());
      made.unit = unit;
    }
    at += size;
  }
  return records;
}

std::vector<std::uint8_t> writeSources(const std::vector<SourceRecord>& records) {
  std::vector<std::uint8_t> content(kMagic.begin(), kMagic.end());
  append(content, static_cast<std::uint32_t>(kHeader + records.size() * kRecord));
  append(content, static_cast<std::uint32_t>(records.size()));
  for (const SourceRecord& record : records) {
    append(content, record.address);
    append(content, static_cast<std::uint32_t>(record.kind) | (record.weak ? kWeak : 0));
    content.insert(content.end(), record.digest.bytes.begin(), record.digest.bytes.end());
  }
  return content;
}

std::uint32_t sourcePlace(std::size_t record) {
  return static_cast<std::uint32_t>(kHeader + record * kRecord);
}

} // namespace romlink::relink
