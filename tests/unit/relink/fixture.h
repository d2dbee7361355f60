// Real inputs for the tests of relink: assembles and links with the tools that firmware is built with.
#pragma once

#include "base/file.h"
#include "relink/image/elf_image.h"
#include "relink/image/rom_image.h"

#include <filesystem>
#include <string>
#include <vector>

namespace romlink::relink {

/// A folder of its own that goes with the object.
class Workshop {
public:
  Workshop();
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  /// Writes a file.
  void write(const std::string& name, const std::string& text);
  /// Runs a command in the folder; the test fails if it does not exit with `code`. What it printed.
  std::string run(const std::string& command, int code = 0);
  /// Assembles for Armv7-M to NAME.o and reads it.
  std::vector<std::uint8_t> assemble(const std::string& name, const std::string& text);
  [[nodiscard]] std::vector<std::uint8_t> read(const std::string& name) const;

private:
  TemporaryDirectory folder_;
};

/// The ROM that FILE in the workshop is, by way of its index. REQUIRES: it is a linked ELF.
[[nodiscard]] RomImage romOf(const Workshop& shop, const std::string& file,
                             std::vector<AddressRange> volatileRanges = {});

/// The section's bytes. REQUIRES: it exists.
[[nodiscard]] Bytes contentOf(const ElfImage& elf, std::string_view section);
/// The symbol's value without the Thumb bit. REQUIRES: it exists.
[[nodiscard]] Address addressOf(const ElfImage& elf, std::string_view symbol);

} // namespace romlink::relink
