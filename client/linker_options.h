// The table of linker options: which take a value, and what the client does with each.
//
// Sources: GNU ld's manual, "Command-line Options" (https://sourceware.org/binutils/docs/ld/Options.html),
// and the option list of lld 19 (`ld.lld --help`). Options that are in neither list, and those without a
// value that need nothing, are not in the table: they go to the linker as they are, and it says what it does
// not know.
#pragma once

#include <cstdint>
#include <string_view>

namespace romlink::client {

enum class OptionValue : std::uint8_t {
  None,   ///< -x
  Next,   ///< --x=V or --x V; one-letter options: -xV or -x V
  Joined, ///< --x or --x=V, never the next argument
};

enum class OptionUse : std::uint8_t {
  Pass,       ///< goes to the linker
  Drop,       ///< says nothing to this linker
  File,       ///< its value is an input file
  Script,     ///< its value is a linker script: found like ld does, and read for further names
  Library,    ///< -l
  SearchDir,  ///< -L
  Sysroot,    ///< --sysroot
  Output,     ///< -o
  Map,        ///< -Map
  PrintMap,   ///< -M
  DepFile,    ///< --dependency-file
  Static,     ///< -Bstatic and its synonyms: libraries from here on are lib*.a
  Dynamic,    ///< -Bdynamic
  PushState,  ///< --push-state
  PopState,   ///< --pop-state
  Refuse,     ///< not supported; the table's note says what to do instead
  Version,    ///< --version: print and end
  VersionToo, ///< -v, -V: print, and link if there are inputs
  Help,       ///< --help
};

struct LinkerOption {
  std::string_view name; ///< without dashes; one letter: one dash only; longer: one dash or two
  OptionValue value;
  OptionUse use;
  // Not redundant: without it, the table's lines that leave it out are warnings.
  std::string_view note = {}; // NOLINT(readability-redundant-member-init)
};

/// The option of this exact name, or null.
[[nodiscard]] const LinkerOption* findLinkerOption(std::string_view name);

} // namespace romlink::client
