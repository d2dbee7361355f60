// Names in a policy that the firmware does not have: a typing error in a `keep` would otherwise share in
// silence what a person meant to keep.
#pragma once

#include "relink/match/firmware.h"
#include "relink/plan/policy.h"

#include <string>
#include <vector>

namespace romlink::relink {

/// A sentence for each rule with such names, by list. Left out are waivers, and allowances of which every
/// name is missing: the plan says of each why it has no effect.
[[nodiscard]] std::vector<std::string> missingNames(const Policy& policy, const Firmware& firmware);

} // namespace romlink::relink
