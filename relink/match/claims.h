// Collects claims: from symbols of equal name, and outward along references. match/proof.h says what a claim
// is.
#pragma once

#include "relink/match/proof.h"

namespace romlink::relink {

/// Every claim that any name or reference leads to, compared with the ROM's bytes, with its needs.
/// Deterministic.
[[nodiscard]] std::vector<Claim> collectClaims(const Firmware& firmware, const RomImage& rom,
                                               const ProofTerms& terms);

} // namespace romlink::relink
