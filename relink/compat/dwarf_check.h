// Checks that the entries of a DWARF unit lie within it, before LLVM reads them: LLVM 19 skips an attribute
// by its size without asking whether so much is there, and then reads on beyond the section. Part of reading
// DWARF (debug_types.h).
#pragma once

#include "base/error.h"
#include "relink/compat/dwarf_sections.h"

#include <functional>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <memory>

namespace romlink::relink {

/// Malformed: a unit whose entries are not whole, have no abbreviation, or have a form that nobody knows.
[[nodiscard]] Result<void> checkUnits(llvm::DWARFContext& dwarf);

/// LLVM's reader of the sections; what it complains about goes to `note`. REQUIRES: they outlive it.
[[nodiscard]] std::unique_ptr<llvm::DWARFContext> openDwarf(const DwarfSections& sections,
                                                            const std::function<void(llvm::Error)>& note);

} // namespace romlink::relink
