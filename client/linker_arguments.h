// Reads a GNU ld style command line into what the service needs: what goes to the linker, which files it
// reads, which it writes.
//
//   -T flash.ld main.o -L lib -lcrypto -Map=out.map -o out.elf --gc-sections
//
// gives the items script "flash.ld", input "main.o", library "crypto", text "--gc-sections"; the search
// folder "lib"; the outputs "out.elf" and "out.map". No file is opened here (client/linker_inputs.h does
// that).
//
// The rules are those of GNU ld's manual: one-letter options take their value joined or as the next argument;
// longer ones have one dash or two, but two if they begin with 'o', and take their value after '=' or as the
// next argument; -L counts for every -l, wherever it stands.
#pragma once

#include "base/error.h"

#include <string>
#include <vector>

namespace romlink::client {

/// One thing for the linker, in the order of the command line.
struct LinkerItem {
  enum class Kind {
    Text,    ///< `text` goes to the linker as it is
    Input,   ///< positional file `name`
    File,    ///< an option's file `name`; `text` is the option with "{}" in the file's place
    Script,  ///< like File, a linker script
    Library, ///< `name` as after -l: "c", or ":libc.a" for exactly that file
  };
  Kind kind;
  std::string text;
  std::string name;
  bool isStatic = false; ///< Library: lib*.so does not count

  bool operator==(const LinkerItem&) const = default;
};

struct LinkerArguments {
  std::vector<LinkerItem> items;
  std::vector<std::string> searchDirs; ///< as given, possibly with '=' or $SYSROOT in front
  std::string sysroot;
  std::string output = "a.out";
  std::string map;            ///< -Map; empty: none
  bool printMap = false;      ///< -M
  std::string dependencyFile; ///< empty: none
  bool version = false;       ///< print the version...
  bool help = false;          ///< ... or the usage, and, for these, link nothing without inputs
  bool nothingElse = false;   ///< --version or --help was given

  [[nodiscard]] bool hasInputs() const;
};

/// Usage: an option without its value, or one that romlink refuses. "@FILE" is expanded before
/// (response_file.h).
Result<LinkerArguments> parseLinkerArguments(const std::vector<std::string>& arguments);

} // namespace romlink::client
