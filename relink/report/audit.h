// The audits for people: a table for terminals and one self-contained HTML page each. JSON is protobuf's
// mapping of the message (client/json.h).
//
// As for the link report (render.h): pure functions of the message, no markup and no control characters from
// names, same message, same bytes. The pages bring no script; they print, and follow the reader's light or
// dark preference.
#pragma once

#include "relink/report/render.h"
#include "romlink/v1/audit.pb.h"

#include <string>

namespace romlink::report {

/// What a ROM offers, who uses it, open advisories, flags.
[[nodiscard]] std::string renderText(const romlink::v1::RomAudit& audit, const TextStyle& style);
[[nodiscard]] std::string renderHtml(const romlink::v1::RomAudit& audit);

/// What a link shares, and whether it would be decided the same today.
[[nodiscard]] std::string renderText(const romlink::v1::ReleaseAudit& audit, const TextStyle& style);
[[nodiscard]] std::string renderHtml(const romlink::v1::ReleaseAudit& audit);

/// Which ROMs hold defective code, which releases run it, and what a relink repairs.
[[nodiscard]] std::string renderText(const romlink::v1::AdvisoryAudit& audit, const TextStyle& style);
[[nodiscard]] std::string renderHtml(const romlink::v1::AdvisoryAudit& audit);

/// One firmware against many ROMs; rows in the order of the message.
[[nodiscard]] std::string renderText(const romlink::v1::MatrixAudit& audit, const TextStyle& style);
[[nodiscard]] std::string renderHtml(const romlink::v1::MatrixAudit& audit);

/// That an advisory is recorded, and where its code was found.
[[nodiscard]] std::string renderText(const romlink::v1::AddAdvisoryResponse& response,
                                     const TextStyle& style);

/// Lists, one line each; empty for an empty list.
[[nodiscard]] std::string renderText(const romlink::v1::ListAdvisoriesResponse& list, const TextStyle& style);
[[nodiscard]] std::string renderText(const romlink::v1::ListReleasesResponse& list, const TextStyle& style);

} // namespace romlink::report
