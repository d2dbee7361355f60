// Which sections stay local whatever the ROM has: entry points, what the linker script places by name, what
// exceptions must unwind through, what the policy keeps. docs/design.md, "When a symbol stays local", has the
// reasons.
#pragma once

#include "relink/match/firmware.h"
#include "relink/match/proof.h"
#include "relink/plan/linker_scripts.h"
#include "relink/plan/policy.h"

namespace romlink::relink {

/// One entry for each section of the firmware; reason None: free to be shared if proved.
/// `offered`: names that the ROM's owner offers; empty: all. `shareState`: writable data may be shared.
[[nodiscard]] std::vector<Kept> keepLocal(const Firmware& firmware, const LinkerScripts& scripts,
                                          const Policy& policy, const std::vector<std::string>& offered,
                                          bool shareState);

} // namespace romlink::relink
