// Finds the files that a linker script names, so that they can be sent along with it.
//
//   INCLUDE common.ld
//   INPUT(startup.o -lcrypto AS_NEEDED(libm.a))
//   GROUP(libc.a libgcc.a)
//   SEARCH_DIR(/opt/lib)
//
// Comments (/* */ and, as in lld, # to the end of the line) and the script's other statements are skipped.
// INPUT, GROUP and SEARCH_DIR count outside of braces only: within SECTIONS the words may be names of
// sections. Rules: GNU ld's manual, "File Commands"; tokens as in lld's ScriptLexer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::client {

struct ScriptName {
  enum class Kind { Include, Input, Library, SearchDir };
  Kind kind;
  std::string name;   ///< without quotes; of a Library without "-l"
  std::size_t offset; ///< of the word in the script, quotes included
  std::size_t length;
};

[[nodiscard]] std::vector<ScriptName> scanLinkerScript(std::string_view text);

/// A word of the script to be replaced.
struct ScriptEdit {
  std::size_t offset;
  std::size_t length;
  std::string replacement; ///< a file name; quoted where it has to be
};
/// REQUIRES: edits are by offset and do not overlap.
[[nodiscard]] std::string editLinkerScript(std::string_view text, const std::vector<ScriptEdit>& edits);

} // namespace romlink::client
