// What an advisory that names a symbol means besides: parts that a compiler split off, and variables whose
// value leads there.
#pragma once

#include "relink/image/rom_image.h"
#include "relink/match/objection.h"

#include <string_view>
#include <vector>

namespace romlink::relink {

/// Did a compiler make `symbol` out of the function? "verify.part.0" and "verify.constprop.0.isra.0" are
/// parts of "verify": no name of a program has a dot (gcc/cgraphclones.cc, llvm/Transforms/Utils).
[[nodiscard]] bool isPartOf(std::string_view symbol, std::string_view function);

/// The nearest defect that what lies in `range` reaches by the ROM's own references
/// (image/rom_references.h); nullptr: none. It belongs to `defects`.
[[nodiscard]] const Defect* defectReachedFrom(const RomImage& rom, const std::vector<Defect>& defects,
                                              const AddressRange& range);

} // namespace romlink::relink
