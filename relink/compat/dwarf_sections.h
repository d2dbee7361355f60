// The debug sections of an ELF file as one coherent image of DWARF: uncompressed, relocated, one of each
// name.
//
// In an object file (ET_REL) all functions of -ffunction-sections begin at 0, and only relocations tell them
// apart. So each allocated section gets an address of its own here, as a linker would give it, and
// R_ARM_ABS32 (AAELF32, 5.6.1) is applied to the debug sections. From then on an object is read as a linked
// image is: by addresses.
//
// Sections of one name (-fdebug-types-section puts each type into a COMDAT section .debug_info or
// .debug_types) are joined: units refer to each other by signature only.
#pragma once

#include "base/error.h"
#include "relink/image/elf_image.h"

#include <map>
#include <string>
#include <vector>

namespace romlink::relink {

class DwarfSections {
public:
  /// Malformed (`why` is a clause like "...: .debug_info cannot be decompressed"): nothing can be read.
  static Result<DwarfSections> read(const ElfImage& elf);

  /// Contents by name without its dot: "debug_info". REQUIRES: those that were not copied live in the file.
  [[nodiscard]] const std::map<std::string, Bytes>& contents() const { return contents_; }
  [[nodiscard]] bool empty() const;

  /// The address that DWARF has for this place.
  [[nodiscard]] std::uint64_t addressOf(std::uint32_t section, std::uint32_t offset) const;

private:
  void layOut(const ElfImage& elf);
  Result<void> add(const ElfImage& elf, const Section& section);
  Result<void> relocate(const ElfImage& elf, const Section& section,
                        std::vector<std::uint8_t>& content) const;

  std::vector<std::uint64_t> addresses_; ///< of each section
  std::map<std::string, std::vector<std::uint8_t>> copies_;
  std::map<std::string, Bytes> contents_;
};

} // namespace romlink::relink
