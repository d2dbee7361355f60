// Builds small relocatable ELF files for 32-bit little-endian Arm: sections and symbols are appended, then
// finish() lays the file out. Formats: "Tool Interface Standard ELF" (1995), "ELF for the Arm Architecture"
// (AAELF32).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace romlink::relink {

class ObjectWriter {
public:
  using Content = std::vector<std::uint8_t>;

  ObjectWriter();
  ~ObjectWriter();

  /// Appends a section; its index. `type`: SHT_*; `flags`: SHF_*. Alignment is 4.
  std::uint32_t addSection(const std::string& name, std::uint32_t type, std::uint32_t flags, Content content);

  /// Appends a symbol; its index. Local symbols come before all others. `type`: STT_*.
  std::uint32_t addLocal(const std::string& name, std::uint8_t type, std::uint32_t section,
                         std::uint32_t value);
  std::uint32_t addGlobal(const std::string& name, std::uint8_t type, std::uint32_t section,
                          std::uint32_t value, std::uint32_t size);
  std::uint32_t addUndefined(const std::string& name, bool weak);

  /// A relocation of the section; the addend is what the field holds. `type`: R_ARM_*.
  void relocate(std::uint32_t section, std::uint32_t offset, std::uint32_t type, std::uint32_t symbol);

  /// The file. Call once.
  Content finish();

  static void append(Content& to, const void* data, std::size_t size);
  static void appendWord(Content& to, std::uint32_t word); ///< little-endian

private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

} // namespace romlink::relink
