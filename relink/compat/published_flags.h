// The options a ROM was compiled with as its owner recorded them: an artifact of role "flags", which holds
// either lines of options ("-mcpu=cortex-m33 -fshort-enums"; empty lines and those that begin with # do not
// count; a compiler's name may come first) or a compilation database (compile_commands.json, "JSON
// Compilation Database Format" of LLVM: an array of objects with "command" or "arguments").
//
// Lines may be a part of the options, so what they lack is not known. The commands of a database are whole,
// unless they name a response file or another program; entries of assembler files say nothing. That options
// in a response file are not known is said.
#pragma once

#include "relink/compat/build_facts.h"

#include "base/error.h"

namespace romlink::relink {

/// Adds to `facts`. Malformed: binary, not JSON, without any option, or a line or entry without one or of
/// another program; `where` and the place are named.
Result<void> readPublishedFlags(Bytes content, const std::string& where, BuildFacts& facts);

} // namespace romlink::relink
