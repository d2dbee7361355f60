// Writable data that the firmware may share with the ROM: where, and what becomes of its value.
//
// The ROM's artifact set declares a range of RAM that survives the hand-over. An object in it may be shared
// if nothing of the firmware's own can get there: the range is outside of the memory regions of the
// firmware's linker script, which hold all of its writable data, or in sections without contents that the
// script reserves.
#pragma once

#include "relink/match/firmware.h"
#include "relink/plan/linker_scripts.h"
#include "relink/plan/policy.h"

namespace romlink::relink {

struct UsableRam {
  std::optional<AddressRange> range; ///< absent: no writable data can be shared
  std::string whyNot;                ///< then, why
};

/// `plain`: the plain link's image; `placed`: what it placed where. The firmware's own variables in a section
/// without contents are no reservation.
[[nodiscard]] UsableRam usableSharedRam(const std::optional<AddressRange>& declared, const ElfImage& plain,
                                        const std::vector<PlacedSection>& placed,
                                        const LinkerScripts& scripts);

/// What the policy wants for this writable section: the rules that name its symbols, or the default.
/// Nullopt: it does not say it for each of them.
struct StateWish {
  StateAction action = StateAction::Retain;
  bool byDefault = true;
  bool conflict = false; ///< one thing for one of its variables, another for another
};
[[nodiscard]] std::optional<StateWish> wishFor(const LiveSection& live, const Policy& policy);

/// Why the initial value of a writable section cannot be restored; empty: it can. Its pointers are copied to
/// a table in another object, which can only name global symbols.
[[nodiscard]] std::string whyNoReinit(const LiveSection& live);

} // namespace romlink::relink
