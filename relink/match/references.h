// Resolves the relocations of the firmware's live sections against the plain link (match/firmware.h says
// how).
#pragma once

#include "relink/match/firmware.h"

namespace romlink::relink {

/// Fills LiveSection::references, and LiveSection::unusable where a relocation is not understood.
void resolveReferences(const ElfImage& plain, const Constants& constants, Firmware& firmware);

/// What the field of `reference` names in an image that has its section at `base`: for branches the address
/// without the Thumb bit, else the number itself. Nullopt where the image has no such bytes.
[[nodiscard]] std::optional<std::uint32_t> referenceTarget(const ReadImage& read, const Reference& reference,
                                                           Address base);

/// `target` and, if a veneer lies there, where that leads, and so on.
[[nodiscard]] std::vector<Address> throughVeneers(const ReadImage& read, Address target);

/// `size` file bytes of a linked image at a run address, from its sections; empty if it has fewer.
[[nodiscard]] Bytes bytesAt(const ElfImage& image, Address address, std::uint32_t size);

} // namespace romlink::relink
