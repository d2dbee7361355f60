#include "relink/image/body_digest.h"

#include "relink/image/arm_relocation.h"
#include "relink/image/thumb_code.h"

#include <algorithm>
#include <array>
#include <llvm/Support/Endian.h>
#include <vector>

namespace romlink::relink {
namespace {

using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using llvm::support::endian::write16le;
using llvm::support::endian::write32le;

/// As in the reference graph (rom_references.cc): smaller numbers are more often counts than addresses.
constexpr std::uint32_t kUsualNumbers = 0x10000;

bool isWide(std::uint32_t first) {
  return first >> 11 >= 0x1d;
}

/// MOVW and MOVT (Armv8-M Architecture Reference Manual, C2.4: MOV (immediate) T3, MOVT T1).
bool isMovw(std::uint32_t first) {
  return (first & 0xfbf0) == 0xf240;
}
bool isMovt(std::uint32_t first) {
  return (first & 0xfbf0) == 0xf2c0;
}

class Body {
public:
  Body(const RomLayout& layout, AddressRange function, Bytes bytes)
      : layout_(layout), function_(function), bytes_(bytes.begin(), bytes.end()),
        counts_(bytes.size(), true) {}

  Digest digest(std::string_view name) {
    for (std::size_t at = 0; at < bytes_.size();)
      at = takeSpan(at);
    Sha256 hash;
    hash.update(asBytes("romlink-body-1"));
    std::array<std::uint8_t, 4> size{};
    write32le(size.data(), function_.size);
    hash.update(size);
    hash.update(bytes_);
    // Which bytes count is a part of the body: no constant is like an address that was left out.
    std::vector<std::uint8_t> counts(counts_.begin(), counts_.end());
    hash.update(counts);
    for (const std::uint32_t word : further_) {
      write32le(size.data(), word);
      hash.update(size);
    }
    if (std::count(counts_.begin(), counts_.end(), true) < kTellingBytes)
      hash.update(asBytes(name));
    return hash.finish();
  }

private:
  [[nodiscard]] Address addressOf(std::size_t at) const {
    return function_.address + static_cast<Address>(at);
  }

  /// Code or data from `at` on, up to where the other begins.
  std::size_t takeSpan(std::size_t at) {
    const Content content = layout_.contentAt(addressOf(at));
    std::size_t end = at;
    while (end < bytes_.size() && layout_.contentAt(addressOf(end)) == content)
      ++end;
    if (content == Content::Code)
      takeCode(at, end);
    else
      takeData(at, end);
    return end;
  }

  void takeData(std::size_t at, std::size_t end) {
    for (at += -addressOf(at) & 3; at + 4 <= end; at += 4)
      takeWord(at);
  }

  void takeWord(std::size_t at) {
    const std::uint32_t word = read32le(bytes_.data() + at);
    if (isInside(word))
      leaveOut(at, 4, (word & 1) + (word & ~1U) - function_.address);
    else if (isAddress(word))
      leaveOut(at, 4, 0);
  }

  void takeCode(std::size_t at, std::size_t end) {
    std::array<std::optional<std::size_t>, 16> low{}; // the last MOVW of each register
    while (at + 2 <= end) {
      const std::uint32_t first = read16le(bytes_.data() + at);
      const std::size_t width = isWide(first) ? 4 : 2;
      if (at + width > end)
        return;
      const std::uint32_t second = width == 4 ? read16le(bytes_.data() + at + 2) : 0;
      if (const auto found = thumbReference(Bytes(bytes_).subspan(at, width), addressOf(at)))
        takeReference(at, first, second, *found);
      else if (width == 4 && isMovw(first))
        low.at(second >> 8 & 0xf) = at;
      else if (width == 4 && isMovt(first))
        takePair(low.at(second >> 8 & 0xf), at);
      at += width;
    }
  }

  /// What leaves the function keeps its kind, condition and register, and loses its distance.
  void takeReference(std::size_t at, std::uint32_t first, std::uint32_t second, const ThumbReference& found) {
    if (function_.contains(found.target))
      return;
    if (found.kind == ThumbReference::Kind::LiteralWord)
      if (const Bytes word = layout_.read(found.target, 4); !word.empty())
        further_.push_back(isAddress(read32le(word.data())) ? 0 : read32le(word.data()));
    if (!isWide(first)) {
      const bool isCompare = (first & 0xf500) == 0xb100;
      const bool isJump = (first & 0xf800) == 0xe000;
      mask(at, isCompare ? first & 0xfd07 : isJump ? 0xe000 : first & 0xff00);
      return;
    }
    if (found.kind == ThumbReference::Kind::Branch) {
      const bool isConditional = (second & 0xd000) == 0x8000;
      mask(at, isConditional ? first & 0xfbc0 : first & 0xf800);
      mask(at + 2, second & 0xd000);
    } else if (found.kind == ThumbReference::Kind::Adr) {
      mask(at, 0xf20f);
      mask(at + 2, second & 0x0f00);
    } else {
      const bool isScaled = (first & 0xff7f) == 0xe95f || (first & 0xff3f) == 0xed1f; // LDRD, VLDR
      mask(at, first & 0xff7f);
      mask(at + 2, isScaled ? second & 0xff00 : second & 0xf000);
    }
  }

  void takePair(std::optional<std::size_t> low, std::size_t high) {
    if (!low)
      return;
    const std::uint32_t number = immediateOf(Bytes(bytes_).subspan(*low, 4)) |
                                 std::uint32_t{immediateOf(Bytes(bytes_).subspan(high, 4))} << 16;
    if (!counts_[*low] || (!isInside(number) && !isAddress(number)))
      return;
    if (isInside(number))
      further_.push_back(number - function_.address);
    for (const std::size_t at : {*low, high}) {
      mask(at, read16le(bytes_.data() + at) & 0xfbf0);
      mask(at + 2, read16le(bytes_.data() + at + 2) & 0x0f00);
    }
  }

  [[nodiscard]] bool isInside(std::uint32_t number) const {
    return number >= kUsualNumbers && function_.contains(number & ~1U);
  }

  [[nodiscard]] bool isAddress(std::uint32_t number) const {
    const Address even = number & ~1U;
    if (number <= 1)
      return false;
    if (number < kUsualNumbers)
      return layout_.isSymbol(number) ||
             ((number & 1) != 0 && layout_.isSymbol(even) && layout_.contentAt(even) == Content::Code);
    // A linker's symbol for an end has no content behind it.
    return layout_.contentAt(even) != Content::Nothing || layout_.contentAt(even - 1) != Content::Nothing ||
           layout_.isSymbol(number);
  }

  void mask(std::size_t at, std::uint32_t kept) {
    write16le(bytes_.data() + at, static_cast<std::uint16_t>(kept));
    std::fill_n(counts_.begin() + static_cast<std::ptrdiff_t>(at), 2, false);
  }
  void leaveOut(std::size_t at, std::size_t width, std::uint32_t instead) {
    write32le(bytes_.data() + at, instead);
    std::fill_n(counts_.begin() + static_cast<std::ptrdiff_t>(at), width, false);
  }

  const RomLayout& layout_;
  const AddressRange function_;
  std::vector<std::uint8_t> bytes_; ///< of which what is left out is replaced
  std::vector<bool> counts_;        ///< false: replaced
  std::vector<std::uint32_t>
      further_; ///< offsets inside of it and constants from elsewhere, in the order of use
};

} // namespace

std::optional<Digest> bodyDigest(const RomLayout& layout, AddressRange function, std::string_view name) {
  const Bytes bytes = layout.read(function.address, function.size);
  if (function.size == 0 || bytes.empty())
    return std::nullopt;
  for (std::uint64_t at = function.address; at < function.end(); at += 2)
    if (const Content content = layout.contentAt(static_cast<Address>(at));
        content != Content::Code && content != Content::Data)
      return std::nullopt;
  return Body(layout, function, bytes).digest(name);
}

} // namespace romlink::relink
