// Findings in SARIF 2.1.0, the form that code hosts and build servers read.
//
// Format: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", section numbers below.
//
//   finding                                      its code               level as its severity
//   a symbol kept local by FIXED, API_MISMATCH,  the reason             warning
//   or FLAGS_MISMATCH
//   another blocker, with its price              the reason             note
//   an open advisory of a ROM                    DEFECT_IN_BOOT,        error
//                                                DEFECT                 warning
//   path as a code flow (3.36)
//
// A result's physical location is the object file or library, its logical location (3.33) the symbol: machine
// code has no lines. Fingerprints (3.27.17) hold as long as rule, object and symbol stay the same. No times:
// same report, same bytes.
#pragma once

#include "romlink/v1/audit.pb.h"

#include <string>

namespace romlink::report {

[[nodiscard]] std::string renderSarif(const romlink::v1::LinkReport& report);
[[nodiscard]] std::string renderSarif(const romlink::v1::RomAudit& audit);
[[nodiscard]] std::string renderSarif(const romlink::v1::ReleaseAudit& audit);

} // namespace romlink::report
