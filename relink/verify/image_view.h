// A linked image by run address: its bytes, where its code and data begin (mapping symbols, AAELF32), and
// names of places for people.
#pragma once

#include "relink/image/elf_image.h"
#include "relink/verify/thumb.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace romlink::relink {

/// A stretch of code or of data, by offset in the range that was asked for.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool code = false;
  bool executable = false; ///< the range is: data in it may be instructions that were written as numbers
};

/// REQUIRES: the image outlives it.
class ImageView {
public:
  explicit ImageView(const ElfImage& image);

  /// `size` bytes from the image's sections; empty if it has fewer.
  [[nodiscard]] Bytes read(Address address, std::uint32_t size) const;
  [[nodiscard]] ReadBytes reader() const {
    return [this](Address address, std::uint32_t size) { return read(address, size); };
  }

  /// Code and data in [address, address + size). Before the first mapping symbol of the range lies what
  /// `startsWithCode` says; without `startsWithCode` and mapping symbols, all is data.
  [[nodiscard]] std::vector<Span> spansIn(AddressRange range, bool startsWithCode) const;

  /// Does a function or object of the image cover the address?
  [[nodiscard]] bool isObject(Address address) const;

  /// "main+0x12", or the address if no symbol stands before it in its section.
  [[nodiscard]] std::string placeOf(Address address) const;

  /// A section of this image that is loaded or takes room, or nullptr.
  [[nodiscard]] const Section* sectionAt(Address address) const;

  /// Every value that the symbol table gives this name.
  [[nodiscard]] const std::vector<std::uint32_t>& valuesOf(std::string_view name) const;
  /// The names that have this very value.
  [[nodiscard]] const std::vector<std::string_view>& namesOf(std::uint32_t value) const;

private:
  struct Extent {
    AddressRange range;
    std::string_view name;
    std::uint64_t furthest = 0; ///< the end of what lies at or before this one
  };
  std::vector<const Section*> sections_;           ///< allocated, by address
  std::vector<std::pair<Address, bool>> mappings_; ///< by address; true: code
  std::vector<Extent> extents_;                    ///< functions and objects, by address
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> values_;
  std::unordered_map<std::uint32_t, std::vector<std::string_view>> names_;
};

} // namespace romlink::relink
