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
//
// Each line tells its format. A line whose first sign is ; or # is a comment.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace romlink::client {

/// The names or patterns, each once, in their order. Malformed: a line that is none of these, or no name at
/// all; `where` names the file.
Result<std::vector<std::string>> readSymbolList(std::string_view text, const std::string& where);

} // namespace romlink::client
