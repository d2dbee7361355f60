// Is this the same function, wherever it lies? The SHA-256 of a ROM function's body without what depends on
// where it and its targets lie, so that defective code is found in every ROM that contains it.
//
// Left out:
// - where branches go that leave the function: BL, B, B<c>;
// - where loads and ADR of a place outside of the function find it;
// - words that are addresses in the ROM or in its RAM: in the literal pool and in tables between
// instructions;
// - MOVW and MOVT that together make such an address.
// An address inside of the function itself counts as its offset. All else counts: every instruction, every
// constant, branches inside of the function, and the size.
//
// Example: "push {r4, lr}; ldr r0, =table; bl f; pop {r4, pc}" has the same digest in each revision, although
// `table` and `f` move; with "ldr r0, =3072" and "ldr r0, =8192" the digests differ.
//
// What is called is left out, so functions that do little but call are easily alike: where fewer than
// kTellingBytes count, the function's name counts, too.
//
// Limits: a number that code uses and that happens to be an address of the ROM is taken for one (below 64
// KiB: if a symbol has it). Addresses that the pure code of Armv6-M makes of bytes are taken for constants. A
// compiler that aligns a literal pool in the middle of a section may pad the same source differently. Then
// the same code has different digests, and an advisory has to name it in each ROM.
#pragma once

#include "base/digest.h"
#include "relink/image/rom_layout.h"

#include <optional>

namespace romlink::relink {

inline constexpr unsigned kTellingBytes = 16;

/// Of a function at [address, address + size). Nullopt: the body is not known, because the symbol has no
/// size, the file lacks the bytes, or no mapping symbols tell code from data.
[[nodiscard]] std::optional<Digest> bodyDigest(const RomLayout& layout, AddressRange function,
                                               std::string_view name);

} // namespace romlink::relink
