// A boot ROM as the proof sees it: the bytes that never change, by the address they run at, its symbols, and
// its reference graph. Read from the ROM index (rom_index.h), never from the ELF.
//
// Only what is executed or read in place counts: a section that is allocated, not writable, and lies in a
// segment whose run address is its load address. Code that the ROM copies to RAM, initialised data, and the
// ranges that differ from device to device (`volatile`) are not there to be shared.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "relink/address_range.h"
#include "relink/image/sources.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace romlink::worker {
class BuildFlags;
class RomIndex;
class TypeTable;
} // namespace romlink::worker

namespace romlink::relink {

struct RomSymbol {
  std::string_view name;
  Address address = 0; ///< without the Thumb bit
  std::uint32_t size = 0;
  bool function = false;
  bool local = false;
  bool thumb = false; ///< a function with the Thumb bit
  Bytes body;         ///< SHA-256 of a function's body (body_digest.h); empty: not known
};

/// Something at `place` may lead to `target`: an instruction, a literal, a pointer (rom_references.h).
struct RomEdge {
  Address place = 0;
  Address target = 0;  ///< without the Thumb bit
  bool branch = false; ///< an instruction goes there; false: the address is made or stored
};

class RomImage {
public:
  /// Reads the index. Malformed: truncated, damaged, of another format, or not of the ROM `imageHash`.
  static Result<RomImage> read(const std::filesystem::path& index, std::vector<AddressRange> volatileRanges,
                               const std::optional<Digest>& imageHash = std::nullopt);
  /// The same from bytes; `where` names them in errors.
  static Result<RomImage> parse(Bytes index, const std::string& where,
                                std::vector<AddressRange> volatileRanges);

  /// The bytes at [address, address + size) if they are immutable, in one section, and executable where that
  /// is asked for; else empty.
  [[nodiscard]] Bytes readOnly(Address address, std::uint32_t size, bool executable) const;

  /// As readOnly, for as many bytes as there are up to `limit`.
  [[nodiscard]] Bytes readOnlyUpTo(Address address, std::uint32_t limit) const;

  /// What start-up code copies from flash to this run address: initial values of variables, code in RAM.
  /// Empty unless one section has it all.
  [[nodiscard]] Bytes loaded(Address address, std::uint32_t size) const;

  /// True if the ROM has writable data at this run address.
  [[nodiscard]] bool isWritable(Address address) const;
  [[nodiscard]] const std::vector<AddressRange>& writableRanges() const { return writable_; } ///< by address

  /// Addresses of the functions and objects of this name.
  [[nodiscard]] std::vector<Address> addressesOf(std::string_view name, bool function) const;
  /// The symbol that covers this address, or nullptr.
  [[nodiscard]] const RomSymbol* symbolAt(Address address) const;
  /// The symbols that begin in the range, by address.
  [[nodiscard]] std::span<const RomSymbol> symbolsIn(AddressRange range) const;
  /// What covers this address: the symbol with its size; where no size tells, from the last symbol (or the
  /// section's begin) to the next (or the section's end). Nullopt: the ROM has nothing there.
  [[nodiscard]] std::optional<AddressRange> entityAt(Address address) const;
  /// The edges whose place lies in the range, by place.
  [[nodiscard]] std::span<const RomEdge> edgesIn(AddressRange range) const;

  /// What romlink-cc recorded of the function or object at this address, or nullptr.
  [[nodiscard]] const Source* sourceAt(Address address) const;
  [[nodiscard]] bool hasSources() const { return !sources_.empty(); }

  [[nodiscard]] const std::vector<AddressRange>& flashRanges() const { return flash_; }
  [[nodiscard]] const std::vector<RomSymbol>& symbols() const { return symbols_; } ///< by address
  [[nodiscard]] const std::vector<RomEdge>& edges() const { return edges_; }       ///< by place
  /// False: the ELF has no read-only section that runs in place, so there is nothing to share.
  [[nodiscard]] bool hasContent() const { return !regions_.empty(); }
  [[nodiscard]] bool isInRom(Address address) const;
  /// Of symbols(), by their index (relink/compat/rom_types.h). Lives as long as this image.
  [[nodiscard]] const worker::TypeTable& types() const;
  [[nodiscard]] std::uint32_t imageSize() const { return imageSize_; } ///< of the flash image, bytes
  /// Of the flash image, volatile ranges read as 0xFF: the ROM's key in the archive.
  [[nodiscard]] const Digest& imageHash() const { return imageHash_; }
  /// How it was compiled, as far as is known (compat/rom_flags.h).
  [[nodiscard]] const worker::BuildFlags& flags() const;
  [[nodiscard]] const std::optional<AddressRange>& sharedRam() const { return sharedRam_; }

private:
  struct Region {
    AddressRange range;
    Bytes bytes;
    bool executable = false;
  };
  RomImage() = default;
  Result<void> take(const std::string& where);
  [[nodiscard]] const Region* regionAt(Address address) const;
  [[nodiscard]] std::optional<AddressRange> partAt(Address address) const;

  std::shared_ptr<const worker::RomIndex> index_; ///< what everything below views into
  std::vector<Region> regions_;                   ///< read-only, by address
  std::vector<Region> loaded_;
  std::vector<AddressRange> writable_;
  std::vector<AddressRange> volatile_;
  std::vector<AddressRange> flash_;
  std::uint32_t imageSize_ = 0;
  Digest imageHash_;
  std::optional<AddressRange> sharedRam_;
  std::vector<RomSymbol> symbols_;   ///< functions and objects, by address
  std::vector<std::uint64_t> reach_; ///< of each symbol: the largest end of it and those before
  std::vector<std::pair<std::size_t, std::uint32_t>>
      byName_; ///< hash of the name, index into symbols_; sorted
  std::vector<RomEdge> edges_;
  std::map<Address, Source> sources_;
};

} // namespace romlink::relink
