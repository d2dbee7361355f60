// Writes a unit's fingerprints into the object that the compiler made of it, as the section `.debug_romlink`
// (relink/image/source_section.h). Each record is tied to its place by a relocation, which survives
// linking, so that two static functions of one name stay apart. Relocations name local symbols only: one of a
// weak function would lead to the function that replaced it. Where a section has no local symbol, global
// objects get no record (clang's constants).
//
// Compilers make symbols of their own: gcc's "f.part.0", "CSWTCH.3", "one.0" for a static object `one` of a
// function, clang's "f.one". A static object is found again by its name if the unit has only one of that
// name.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "launcher/unit.h"

#include <cstdint>
#include <vector>

namespace romlink::launcher {

/// The object with its section added; nothing else in it changes. Malformed: it is no 32-bit Arm object,
/// holds no machine code (-flto), or has fingerprints already.
Result<std::vector<std::uint8_t>> withFingerprints(Bytes object, const Unit& unit);

} // namespace romlink::launcher
