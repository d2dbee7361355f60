// A boot ROM as the proof sees it: the bytes that never change, by the address they run at, and its symbols.
//
// Only what is executed or read in place counts: a section that is allocated, not writable, and lies in a
// segment whose run address is its load address. Code that the ROM copies to RAM, initialised data, and the
// ranges that differ from device to device (`volatile`) are not there to be shared.
#pragma once

#include "relink/image/elf_image.h"

#include <filesystem>
#include <map>
#include <vector>

namespace romlink::relink {

/// The flash image: file bytes of all PT_LOAD segments at their physical addresses, lowest to highest, gaps
/// filled with 0xFF, without trailing 0xFF.
struct FlashImage {
  Address base = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<AddressRange> ranges; ///< what segments fill, merged, by address
};

/// Malformed: segments overlap, or lie too far apart for one flash.
Result<FlashImage> flashImageOf(const ElfImage& elf, const std::string& where);

struct RomSymbol {
  std::string_view name;
  Address address = 0; ///< without the Thumb bit
  std::uint32_t size = 0;
  bool function = false;
};

class RomImage {
public:
  /// Reads the ELF. Malformed as ElfImage::read and flashImageOf.
  static Result<RomImage> read(const std::filesystem::path& elf, std::vector<AddressRange> volatileRanges);

  /// The bytes at [address, address + size) if they are immutable, in one section, and executable where that
  /// is asked for; else empty.
  [[nodiscard]] Bytes readOnly(Address address, std::uint32_t size, bool executable) const;

  /// As readOnly, for as many bytes as there are up to `limit`.
  [[nodiscard]] Bytes readOnlyUpTo(Address address, std::uint32_t limit) const;

  /// True if the ROM has writable data at this run address.
  [[nodiscard]] bool isWritable(Address address) const;

  /// Addresses of the functions and objects of this name.
  [[nodiscard]] std::vector<Address> addressesOf(std::string_view name, bool function) const;
  /// The symbol that covers this address, or nullptr.
  [[nodiscard]] const RomSymbol* symbolAt(Address address) const;

  [[nodiscard]] const std::vector<AddressRange>& flashRanges() const { return flash_; }
  [[nodiscard]] const std::vector<RomSymbol>& symbols() const { return symbols_; }
  /// False: the ELF has no read-only section that runs in place, so there is nothing to share.
  [[nodiscard]] bool hasContent() const { return !regions_.empty(); }
  [[nodiscard]] bool isInRom(Address address) const;
  [[nodiscard]] std::uint32_t imageSize() const { return imageSize_; } ///< of the flash image, bytes

private:
  struct Region {
    AddressRange range;
    Bytes bytes;
    bool executable = false;
  };
  RomImage() = default;
  [[nodiscard]] const Region* regionAt(Address address) const;

  std::vector<std::uint8_t> content_; ///< what everything below views into
  std::vector<Region> regions_;       ///< read-only, by address
  std::vector<AddressRange> writable_;
  std::vector<AddressRange> volatile_;
  std::vector<AddressRange> flash_;
  std::uint32_t imageSize_ = 0;
  std::vector<RomSymbol> symbols_; ///< functions and objects, by address
  std::multimap<std::string_view, std::size_t> byName_;
};

} // namespace romlink::relink
