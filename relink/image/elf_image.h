// An ELF file for 32-bit little-endian Arm, read into plain facts: sections, symbols, relocations, segments.
//
// Every offset and count is checked against the file's size before it is used; a malformed file is an error,
// never an assumption. Formats: "Tool Interface Standard ELF" (1995) and "ELF for the Arm Architecture"
// (AAELF32).
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "relink/address_range.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

struct Relocation {
  std::uint32_t offset = 0; ///< in the section it applies to
  std::uint32_t type = 0;   ///< R_ARM_*
  std::uint32_t symbol = 0; ///< index into ElfImage::symbols
};

struct Section {
  std::string_view name;
  std::uint32_t type = 0;  ///< SHT_*
  std::uint32_t flags = 0; ///< SHF_*
  Address address = 0;
  std::uint32_t offset = 0; ///< in the file
  std::uint32_t size = 0;
  std::uint32_t link = 0;
  std::uint32_t info = 0;
  std::uint32_t alignment = 1;
  std::uint32_t entrySize = 0;
  Bytes data;                          ///< empty for SHT_NOBITS
  std::vector<Relocation> relocations; ///< that apply to this section, by offset
  bool hasRela = false;                ///< an SHT_RELA section applies to it (Arm tools write SHT_REL only)

  [[nodiscard]] bool isAllocated() const;
  [[nodiscard]] bool isWritable() const;
  [[nodiscard]] bool isExecutable() const;
  /// The linker may merge its pieces with equal ones.
  [[nodiscard]] bool isMergeable() const;
};

struct Symbol {
  std::string_view name;
  std::uint32_t value = 0; ///< bit 0 is the Thumb bit for STT_FUNC
  std::uint32_t size = 0;
  std::uint8_t type = 0;     ///< STT_*
  std::uint8_t binding = 0;  ///< STB_*
  std::uint16_t section = 0; ///< section index, or SHN_UNDEF, SHN_ABS, SHN_COMMON

  [[nodiscard]] bool isFunction() const;
  [[nodiscard]] bool isObject() const;
  [[nodiscard]] bool isLocal() const;
  [[nodiscard]] bool isDefinedInSection() const;
  /// $a, $t, $d and their suffixed forms (AAELF32, "Mapping symbols").
  [[nodiscard]] bool isMapping() const;
  [[nodiscard]] bool isThumbFunction() const { return isFunction() && (value & 1) != 0; }
  /// The value without the Thumb bit.
  [[nodiscard]] Address address() const { return isFunction() ? value & ~1U : value; }
};

/// Sections that the linker keeps or drops together (gABI, SHT_GROUP).
struct SectionGroup {
  bool comdat = false;                ///< of several groups with one signature, the linker keeps the first
  std::vector<std::uint32_t> members; ///< section indexes
};

struct Segment {
  std::uint32_t flags = 0; ///< PF_*
  Address virtualAddress = 0;
  Address physicalAddress = 0;
  std::uint32_t memorySize = 0;
  Bytes data; ///< p_filesz bytes
};

/// Views into the bytes it was read from. REQUIRES: those outlive it.
struct ElfImage {
  std::uint16_t type = 0; ///< ET_REL, ET_EXEC ...
  Address entry = 0;
  std::uint32_t sectionTableOffset = 0; ///< e_shoff
  std::vector<Section> sections;
  std::vector<Symbol> symbols;   ///< of SHT_SYMTAB; index 0 is the null symbol
  std::uint32_t symbolTable = 0; ///< its section index; 0: none
  std::vector<SectionGroup> groups;
  std::vector<Segment> loadSegments; ///< PT_LOAD, in the file's order

  /// Malformed: not ELF, another class, endianness or machine, or truncated. `where` names the file in
  /// errors.
  static Result<ElfImage> read(Bytes content, const std::string& where);
  /// Checks identification, machine and section table only. Cheap.
  static Result<void> checkHeader(Bytes content, const std::string& where);

  /// Indexes of the symbols that are defined in this section, in the table's order.
  [[nodiscard]] std::span<const std::uint32_t> symbolsIn(std::uint32_t section) const;
  /// Indexes of the sections whose sh_link is this section, with SHF_LINK_ORDER (unwind tables are), in
  /// order.
  [[nodiscard]] std::span<const std::uint32_t> linkedTo(std::uint32_t section) const;

  /// The first section of this name, or nullptr.
  [[nodiscard]] const Section* findSection(std::string_view name) const;
  /// Of the sections of this name, the one that holds the address, or nullptr.
  [[nodiscard]] const Section* findSection(std::string_view name, Address address) const;

private:
  /// Numbers by the section that they belong to.
  struct BySection {
    std::vector<std::uint32_t> starts; ///< in `numbers`, of each section, and the end
    std::vector<std::uint32_t> numbers;
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t section) const;
  };
  template <typename SectionOf>
  static BySection collect(std::size_t sections, std::size_t count, SectionOf sectionOf);

  BySection symbolsBySection_;
  BySection linkedSections_;
};

} // namespace romlink::relink
