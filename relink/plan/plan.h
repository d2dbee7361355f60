// The plan: for every section of the firmware one decision with its reason, and what each obstacle costs.
// Plain data.
#pragma once

#include "relink/match/proof.h"

#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

struct Decision {
  bool shared = false;
  bool proved = false; ///< the ROM's copy is identical, whether it is used or not
  Reason reason = Reason::None;
  std::string detail;
  std::optional<Address>
      romAddress; ///< of the section's start: where it is shared, or where the ROM's counterpart is

  /// REQUIRES: shared.
  [[nodiscard]] Address sharedAt() const { return romAddress.value_or(0); }
};

struct Blocker {
  std::string name;
  Reason reason = Reason::None;
  std::uint32_t priceBytes = 0; ///< what would be shared besides if it were gone, its dependents included
  std::string remedy;
};

struct Plan {
  std::vector<Decision> sections; ///< one for each section of the firmware
  std::vector<Blocker> blockers;  ///< by price, highest first

  [[nodiscard]] bool sharesAnything() const;
};

[[nodiscard]] Plan decide(const Firmware& firmware, const Proof& proof);

} // namespace romlink::relink
