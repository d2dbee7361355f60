// Evidence SAME_SOURCE: the ROM's copy of a function was compiled from the same source as the firmware's, by
// another compiler or with other optimisation.
//
// Equal fingerprints (launcher/unit.h) say that both are translations of the same text: the function, and
// everything of its translation unit that the text names. What they leave open is what the text names and
// does not hold. So
//   - the ROM's copy is the function together with what it reaches within its unit: static functions, clones,
//     tables that the compiler made. Records of one unit (image/source_section.h) tell what that is;
//   - whatever that copy reaches outside of the unit, and whatever the firmware's reaches outside of its own,
//     must be the same thing in both, proved or accepted in turn, and of a name that both use: --wrap and
//     --defsym can give a name another meaning. Only what a compiler calls without being told
//     (match/runtime_helpers.h) may be on one side alone;
//     What it reaches inside under a global name has the same fingerprint in the firmware's unit;
//   - writable data must be one shared object. What a compiler knows of a static variable's value is in the
//     fingerprint, with all of the unit that names the variable;
//   - an object whose address the ROM's copy uses, and that the firmware has as well, must be shared, too, so
//     that no program sees two addresses of one thing;
//   - no part of the firmware's copy lies where it lies for a reason (code that runs from RAM);
//   - the link replaces nothing of the firmware's unit (several definitions, --defsym) but what its source
//   makes
//     weak, since a compiler may have inlined what was replaced.
// Only global functions: a compiler may change how static ones are called. Constants need no word, their
// bytes tell.
#pragma once

#include "relink/match/concession.h"

#include <map>
#include <string>

namespace romlink::relink {

class SameSource {
public:
  /// REQUIRES: all outlive it.
  SameSource(const Firmware& firmware, const RomImage& rom, const ProofTerms& terms,
             const Concessions& concessions);

  /// What has to hold besides; nullopt: the source is not known to be the same. REQUIRES: as
  /// Concessions::of().
  [[nodiscard]] std::optional<Claim::Concession> of(SectionId section, Address base) const;

private:
  class Walk;
  struct Unit {
    ObjectSources sources;
    std::string unusable; ///< why its fingerprints prove nothing; else empty
    std::map<Digest, std::pair<std::uint32_t, std::uint32_t>> byDigest; ///< section and offset
    bool hasAmbiguous = false;
  };

  [[nodiscard]] static bool isWeakInSource(const Unit& unit, const Symbol& symbol);
  [[nodiscard]] const Unit& unitOf(const ObjectFile& object) const;
  [[nodiscard]] const Source* sourceOf(SectionId section, std::uint32_t offset) const;

  const Firmware& firmware_;
  const RomImage& rom_;
  const ProofTerms& terms_;
  const Concessions& concessions_;
  std::map<const ObjectFile*, std::vector<SectionId>> sectionsOf_;
  std::vector<Address> branchTargets_; ///< of the ROM, sorted
  mutable std::map<const ObjectFile*, Unit> units_;
};

} // namespace romlink::relink
