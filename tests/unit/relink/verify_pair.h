// A ROM, a firmware that is linked plainly, and the same firmware linked against the ROM by hand (its
// library's functions are absolute symbols), with what a plan would say of them. The tests of verify/ spoil
// one thing at a time.
#pragma once

#include "fixture.h"
#include "relink/verify/verify.h"

#include <map>
#include <string>

namespace romlink::relink {

/// Bytes that are an ELF image. Copies are independent.
class EditableImage {
public:
  EditableImage() = default;
  explicit EditableImage(std::vector<std::uint8_t> content) : content_(std::move(content)) {}

  /// REQUIRES: the EditableImage outlives it and is not changed meanwhile.
  [[nodiscard]] ElfImage elf() const;
  [[nodiscard]] Address at(std::string_view symbol) const;
  [[nodiscard]] std::uint32_t sizeOf(std::string_view symbol) const;
  [[nodiscard]] Bytes read(Address address, std::uint32_t size) const;
  [[nodiscard]] std::uint32_t word(Address address) const;

  /// Overwrites bytes at a run address.
  void put(Address address, Bytes bytes);
  void putWord(Address address, std::uint32_t word);
  /// Makes the BL at `from` go to `to`.
  void putCall(Address from, Address to);

private:
  std::vector<std::uint8_t> content_;
};

class VerifyPair {
public:
  /// `romFlags`: "-defsym NAME=1 ..." for the ROM's library.
  explicit VerifyPair(const std::string& romFlags = {}, Address romBase = 0x10000000);

  [[nodiscard]] RomView romView() const;
  /// Of the library's symbol of this name.
  [[nodiscard]] Share share(const std::string& name) const;
  /// Shares for all of the library.
  [[nodiscard]] std::vector<Share> shares() const;
  [[nodiscard]] std::vector<EqualPiece> pieces() const; ///< of the shares
  [[nodiscard]] std::vector<Counterpart> counterparts() const;

  /// "" or each doubt as "NAME: WHY", one a line.
  [[nodiscard]] std::string doubts(std::vector<Share> shares) const;
  [[nodiscard]] std::string doubts() const { return doubts(shares()); }

  /// "" or the error's line.
  [[nodiscard]] std::string verify(std::vector<Share> shares) const;
  [[nodiscard]] std::string verify() const { return verify(shares()); }

  Workshop shop;
  EditableImage rom;
  EditableImage plain;
  EditableImage output;
  Digest hash;
  std::vector<FixedEntry> fixedEntries;
  std::optional<AddressRange> sharedRam;
  AddressRange romFlash;

private:
  void link(const std::string& romFlags);
};

/// Of the shares, the one of this name.
Share& named(std::vector<Share>& shares, std::string_view name);

} // namespace romlink::relink
