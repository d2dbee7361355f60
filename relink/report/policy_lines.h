// Suggestions as lines of a policy file (docs/policy.md), for a person to complete and paste.
#pragma once

#include "romlink/v1/report.pb.h"

#include <string>

namespace romlink::report {

/// One [[waive]] for each symbol, for this ROM only, each line ended by '\n'. The reasons are empty, which
/// the policy's reader refuses: whoever accepts the difference has to say why. Names are escaped as patterns
/// and as TOML v1.0.0 asks.
[[nodiscard]] std::string policyLines(const romlink::v1::WaiverSuggestion& suggestion,
                                      const std::string& romImageHash);

} // namespace romlink::report
