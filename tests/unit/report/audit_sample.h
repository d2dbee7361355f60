// Audits for the tests of this folder.
#pragma once

#include "romlink/v1/audit.pb.h"

#include <string>

namespace romlink::report::test {

inline constexpr const char* kRomHash =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline constexpr const char* kReleaseId =
    "sha256:feedbeef0000feedbeef0000feedbeef0000feedbeef0000feedbeef0000feed";

/// Four offered symbols (one in use, one defective and in use, one an alias of it), a defect that the ROM
/// runs when it boots and one that it does not, two flags, one release.
[[nodiscard]] romlink::v1::RomAudit sampleRomAudit();
/// The sample report's link; sha256_update reaches a defect.
[[nodiscard]] romlink::v1::ReleaseAudit sampleReleaseAudit();
/// Two ROMs, four releases: one in each state.
[[nodiscard]] romlink::v1::AdvisoryAudit sampleAdvisoryAudit();
/// A ROM that fits, one that does not, one with which the link fails.
[[nodiscard]] romlink::v1::MatrixAudit sampleMatrixAudit();

/// Sets every string field of a message, and adds an entry to every list in it, so that the text is
/// everywhere.
void fillWith(google::protobuf::Message& message, const std::string& text, int depth = 0);

} // namespace romlink::report::test
