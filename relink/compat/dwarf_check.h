// Checks that the entries of a DWARF unit lie within it, before LLVM reads them: LLVM 19 skips an attribute
// by its size without asking whether so much is there, and then reads on beyond the section. Part of reading
// DWARF (debug_types.h).
#pragma once

#include "base/error.h"

#include <llvm/DebugInfo/DWARF/DWARFContext.h>

namespace romlink::relink {

/// Malformed: a unit whose entries are not whole, have no abbreviation, or have a form that nobody knows.
[[nodiscard]] Result<void> checkUnits(llvm::DWARFContext& dwarf);

} // namespace romlink::relink
