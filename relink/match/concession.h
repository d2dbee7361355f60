// What has to hold before a person's word can replace a proof.
//
// A waiver accepts that the ROM's copy of one function or constant differs. It does not accept what that copy
// reaches:
//   - whatever the ROM's copy uses that the firmware has under the same name too must be the same thing,
//   proved or
//     accepted in turn: the ROM's callers of a changed function do not come in through the back door;
//   - writable data that either copy uses must be one shared object, or a program would hold its state twice;
//     static objects are not one because their names are;
//   - nothing that only the ROM's copy uses may be named by an advisory;
//   - the copy must be a whole: one entry, each name of it there in the ROM, too, and no half of a function
//     that the compiler split (".part", ".isra").
// Helpers that only one side has by name count as part of the copy.
#pragma once

#include "relink/match/proof.h"

#include <unordered_map>

namespace romlink::relink {

class Concessions {
public:
  /// How to claim that a section is what the ROM has at an address, and whether its own bytes say so.
  struct Claims {
    std::function<ClaimId(SectionId, Address)> make;
    std::function<bool(ClaimId)> isEqual;
  };
  Concessions(const Firmware& firmware, const RomImage& rom, std::optional<AddressRange> sharedRam,
              const std::vector<Defect>& defects, Claims claims);

  /// REQUIRES: `section` has a symbol of the ROM's name at `base`.
  [[nodiscard]] Claim::Concession of(SectionId section, Address base) const;

  struct Place {
    SectionId section = 0;
    std::uint32_t offset = 0;
    bool function = false;
    bool local = false;
  };
  /// The firmware's functions or objects of this name; those that are not static.
  [[nodiscard]] std::vector<Place> placesOf(std::string_view name, bool function, bool writable) const;
  [[nodiscard]] std::vector<Place> globalsNamed(std::string_view name, bool function, bool writable) const;

  /// Why the section is not a whole function or constant of one entry, and the ROM's copy as well; empty:
  /// both are.
  [[nodiscard]] std::string whyNoWhole(SectionId section, Address base) const;
  [[nodiscard]] const Claims& claims() const { return claims_; }

private:
  class Walk;

  const Firmware& firmware_;
  const RomImage& rom_;
  std::optional<AddressRange> sharedRam_;
  const std::vector<Defect>& defects_;
  Claims claims_;
  std::unordered_multimap<std::string_view, Place> byName_;
  std::vector<bool> entered_; ///< of each section: something refers to a place behind its start
};

/// Is `wanted` true of the section or of something of its translation unit that it leads to? Whatever a
/// compiler finds out of a function of the unit it may use in its callers: that it does not read an argument
/// (LLVM's DeadArgumentElimination) or what a pointer leads to (gcc's ipa-modref).
[[nodiscard]] bool reachesWithinUnit(const Firmware& firmware, SectionId start,
                                     const std::function<bool(SectionId)>& wanted);

} // namespace romlink::relink
