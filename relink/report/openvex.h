// Advisories as an OpenVEX document (https://github.com/openvex/spec, version 0.2.0): which ROMs and releases
// an advisory affects, for vulnerability scanners.
//
//   a ROM that runs the defect when it boots   affected; nothing repairs it
//   a ROM that holds it, but never reaches it  not_affected: vulnerable_code_not_in_execute_path
//   a release that shares code reaching it     affected; a relink repairs it, or the ROM's own use remains
//   a release whose policy accepts that        affected; the waivers are the action
//   a release that keeps its own copy for it   fixed
//   any other release on such a ROM            not_affected: vulnerable_code_not_in_execute_path
//
// Products are named by package URL and SHA-256: a ROM by its flash image, a release by its linked ELF file.
// The statements about a release are about its own image: its ROM is its subcomponent and has a statement of
// its own.
//
// The document's time is the latest in the records, never the clock's, and its id is made of its content:
// same audits, same bytes.
#pragma once

#include "romlink/v1/audit.pb.h"

#include <string>
#include <vector>

namespace romlink::report {

/// REQUIRES: every audit has an advisory; there is at least one. `author`: who makes the statements.
[[nodiscard]] std::string renderOpenVex(const std::vector<romlink::v1::AdvisoryAudit>& audits,
                                        const std::string& author);

} // namespace romlink::report
