// Lists of symbols that projects share by name, in the formats of today's tools.
//
//   armlink symdefs     #<SYMDEFS># ARM Linker ...      Arm Compiler's linker reference, "symdefs file";
//   numbers (N)
//                       0x00008001 T rom_add            are no symbols of code
//   TF-M v1.3 to v1.5   the same first line, then lines of nm (shared_symbols_addr.txt); or names alone
//                       (shared_symbols_name.txt)
//   TF-M since v1.6     names with wildcards
//   IAR steering file   hide *                          isymexport's; the names that are shown
//                       show NAME
//   nm, nm -S           [ADDRESS [SIZE]] TYPE NAME      POSIX, and GNU binutils' manual; undefined symbols
//   nm -f posix         NAME TYPE [ADDRESS [SIZE]]      (U, w, v) are left out
//
// Each line tells its format. What follows a word that begins with ; or # is a comment.
//
// In this room because both ends read them: the command line makes policies of them, the worker compares a
// published list with the ROM's ELF.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace romlink {

struct ListedSymbol {
  std::string name;                     ///< or a pattern of * and ?
  std::optional<std::uint64_t> address; ///< as it stands there, perhaps with the Thumb bit
  std::optional<std::uint64_t> size;    ///< bytes
  char type = 0;                        ///< T, D, ... of nm and armlink; 0: it does not say
  std::size_t line = 0;                 ///< 1, 2, ...

  [[nodiscard]] bool isPattern() const { return name.find_first_of("*?") != std::string::npos; }
};

/// In the file's order. Malformed: a line that is none of these, or no symbol at all; `where` names the file.
Result<std::vector<ListedSymbol>> readSymbolList(std::string_view text, const std::string& where);

/// The names, each once, in their order.
std::vector<std::string> namesOf(const std::vector<ListedSymbol>& symbols);

} // namespace romlink
