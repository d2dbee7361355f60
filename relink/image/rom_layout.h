// Where the parts of a linked ROM lie when it runs, and which of them are code: by address, for the index.
//
// A part is one allocated section. It is read in place if it is not writable and a segment loads its bytes at
// the address they run at; it is loaded if start-up code copies it there: initial values of variables, code
// that runs from RAM. Linkers differ in how they cut: GNU ld and lld make .text and .rodata, armlink one
// ER_IROM1 with code and constants.
#pragma once

#include "relink/image/elf_image.h"

#include <vector>

namespace romlink::relink {

struct RomPart {
  enum class Use { InPlace, Loaded, Zeroed };
  AddressRange range; ///< run addresses
  Bytes bytes;        ///< empty if Zeroed
  Use use = Use::InPlace;
  bool executable = false;
  bool writable = false;     ///< all that does not run where it is stored
  std::uint32_t section = 0; ///< index into ElfImage::sections
};

/// What the mapping symbols (AAELF32) say about an address. Either: executable, but no mapping symbol tells,
/// or it says code where there is no function.
enum class Content { Nothing, Code, Data, Either };

/// Views into the ELF's bytes. REQUIRES: those outlive it.
class RomLayout {
public:
  explicit RomLayout(const ElfImage& elf);

  struct Span {
    AddressRange range;
    Content content = Content::Nothing;
    std::uint32_t part = 0; ///< index into parts()
  };

  [[nodiscard]] const std::vector<RomPart>& parts() const { return parts_; } ///< by address
  [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }    ///< parts cut by mapping symbols
  [[nodiscard]] Content contentAt(Address address) const;
  /// The bytes at a run address; empty unless one part has them all.
  [[nodiscard]] Bytes read(Address address, std::uint32_t size) const;
  /// True if a symbol of any type but mapping symbols has this address, without Thumb bit.
  [[nodiscard]] bool isSymbol(Address address) const;
  /// True if a function covers the address.
  [[nodiscard]] bool isInFunction(Address address) const;

private:
  void cut(const ElfImage& elf, std::uint32_t part);
  void addSpans(const Span& span);

  std::vector<RomPart> parts_;
  std::vector<Span> spans_;
  std::vector<Address> symbols_;        ///< sorted
  std::vector<AddressRange> functions_; ///< with a size, by address
  std::vector<std::uint64_t> reach_;    ///< of each function: the largest end of it and those before
};

} // namespace romlink::relink
