// The proof of identity: which of the firmware's sections the ROM has, byte for byte and target for target.
//
// A claim says "this section of the firmware is what the ROM has at this address". It holds by itself if the
// bytes are equal outside the relocated fields, and if each field names, in the ROM, something that fits;
// each such target is a claim in turn. Mutual recursion makes this a greatest fixpoint: assume every claim,
// drop those that fail by themselves, then those that needed a dropped one, until nothing changes. What is
// left is proved.
//
//   firmware                      ROM
//   f: push; bl g; ldr r0,=T      0x1000: push; bl 0x2000; ldr r0,[0x3000]
//   claim (f, 0x1000) needs (g, 0x2000) and (T, 0x3000)
//
// Proved means equivalent, not yet shared. An address is more than what lies there: code that hands out the
// address of T is only the same code if the whole program means one T. So a claim that takes an address also
// needs its target to be shared at that very address; a claim that only calls needs equivalence.
//
// Units are whole input sections: with -ffunction-sections, functions. Calls and accesses between parts of
// one section have no relocation, so nothing smaller is sound. A reference to a section symbol or anchor is
// covered for the same reason: all of the section has to correspond.
//
// Limits: writable data is never proved here; strings and constants of mergeable sections are proved by
// content.
#pragma once

#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "relink/match/reason.h"

#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

using ClaimId = std::uint32_t;

struct Claim {
  struct Need {
    ClaimId claim = 0;
    bool takesAddress = false;
  };
  SectionId section = 0;
  Address base = 0;
  bool named = false;              ///< the ROM has a symbol of the same name there
  Reason ownReason = Reason::None; ///< why it fails by itself
  std::string ownDetail;
  std::vector<Need> needs;
  std::vector<AddressRange> pieces; ///< strings and merged constants of the ROM that it uses
  std::vector<ClaimId> neededBy;
  bool holds = true; ///< after the fixpoint
};

/// A section that may not be shared for a reason outside of the proof. It can still be equivalent, unless
/// where it lies is part of what it does: code that the next piece of an output section continues, or that
/// runs from RAM.
struct Kept {
  Reason reason = Reason::None;
  std::string detail;
  bool byPlace = false; ///< not equivalent to anything in the ROM
};

struct Proof {
  std::vector<Claim> claims;
  std::vector<std::optional<ClaimId>> bindings; ///< of each section: the claim that holds for it, if any
  std::vector<Kept> kept;                       ///< of each section; reason None: free to be shared
  std::vector<bool> addressTaken;               ///< of each section: something live takes its address

  [[nodiscard]] bool isShared(SectionId section) const {
    return bindings[section].has_value() && kept[section].reason == Reason::None;
  }
};

/// `kept` has one entry for each section of the firmware.
[[nodiscard]] Proof prove(const Firmware& firmware, const RomImage& rom, std::vector<Kept> kept);

/// Which claims would hold if `forgiven` did not fail by itself. One entry for each claim.
[[nodiscard]] std::vector<bool> fixpoint(const std::vector<Claim>& claims, std::optional<ClaimId> forgiven);

} // namespace romlink::relink
