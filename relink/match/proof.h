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
// Writable data has no bytes to prove: it is the ROM's object if proved code uses it there, its size is the
// same, and it lies in the RAM that the ROM's owner declared as shared. Strings and constants of mergeable
// sections are proved by content.
//
// Code that an advisory names is not what the firmware would have, even if the bytes are: it fails by itself.
//
// The policy may accept a difference (match/acceptance.h): the claim then holds in spite of it, if what
// match/concession.h, or for equal source match/same_source.h, asks for holds.
#pragma once

#include "relink/image/rom_image.h"
#include "relink/match/acceptance.h"
#include "relink/match/firmware.h"
#include "relink/match/objection.h"
#include "relink/match/reason.h"

#include <functional>
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
  bool named = false;                  ///< the ROM has a symbol of the same name there
  std::vector<std::string> advisories; ///< that name the ROM's code there as defective; sorted
  Reason ownReason = Reason::None;     ///< why it is not proved, for a reason of its own
  std::string ownDetail;
  std::optional<std::uint32_t>
      differsAt; ///< offset of the first byte that differs outside of relocated fields
  std::vector<Need> needs;
  std::vector<AddressRange> pieces; ///< strings and merged constants of the ROM that it uses
  std::vector<ClaimId> neededBy;

  /// Of a named claim that fails by itself: what a person's word can do.
  struct Concession {
    std::string whyNot;      ///< why no word can make it hold; else empty
    std::vector<Need> needs; ///< what has to hold even then
    bool isStatic = false;   ///< in the firmware or in the ROM
  };
  std::optional<Concession> concession;
  std::string whyNotSameSource;       ///< the source is the same, but this stands against it; else empty
  std::optional<Acceptance> accepted; ///< the word that was given; `needs` are then those of the concession

  bool holds = true; ///< after the fixpoint: proved, or accepted in a way that proves its dependents

  /// It cannot serve as a proof for others, whatever its needs.
  [[nodiscard]] bool failsByItself() const {
    return ownReason != Reason::None && !(accepted && accepted->provesDependents());
  }
};

/// A section that may not be shared for a reason outside of the proof. It can still be equivalent, unless
/// where it lies is part of what it does: code that the next piece of an output section continues, or that
/// runs from RAM.
struct Kept {
  Reason reason = Reason::None;
  std::string detail;
  bool byPlace = false; ///< not equivalent to anything in the ROM
};

/// What is given besides the two images.
struct ProofTerms {
  std::vector<Kept> kept;                ///< one for each section of the firmware
  std::optional<AddressRange> sharedRam; ///< where writable data may be shared; absent: nowhere
  std::string whyNoState;                ///< if nowhere, why
  std::vector<Defect> defects;           ///< of the ROM
  /// What speaks against the ROM's copy at `base` although it may be proved? Empty: nothing ever does.
  std::function<Objection(SectionId section, Address base)> objects;
  /// Is a difference of this symbol accepted, or a defect that these advisories name? Empty: never.
  std::function<std::optional<Acceptance>(const SectionSymbol& symbol,
                                          const std::vector<std::string>& advisories)>
      accepts;
  /// May this symbol be the ROM's because its source is the same? Empty: none may.
  std::function<bool(const SectionSymbol& symbol)> acceptsSameSource;
};

struct Proof {
  std::vector<Claim> claims;
  std::vector<std::optional<ClaimId>> bindings; ///< of each section: the claim that holds for it, if any
  std::vector<Kept> kept;                       ///< of each section; reason None: free to be shared
  std::vector<bool> addressTaken;               ///< of each section: something live takes its address
  std::uint32_t veneers = 0; ///< that branches of local code will need to reach what is shared

  [[nodiscard]] bool isShared(SectionId section) const {
    return bindings[section].has_value() && kept[section].reason == Reason::None;
  }
  /// REQUIRES: the section has a binding.
  [[nodiscard]] const Claim& bindingOf(SectionId section) const {
    return claims[bindings[section].value_or(0)];
  }
};

/// The largest veneer that lld makes for Thumb code, bytes (lld/ELF/Thunks.cpp: 10, and 12 for v6-M).
inline constexpr std::uint32_t kVeneerSize = 12;

[[nodiscard]] Proof prove(const Firmware& firmware, const RomImage& rom, ProofTerms terms);

} // namespace romlink::relink
