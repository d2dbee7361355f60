// The audits of romlink.v1.AuditService, each in a file of its own (audit_*.cc).
#pragma once

#include "base/error.h"
#include "romlink/v1/audit.pb.h"
#include "server/services.h"

#include <functional>

namespace romlink::server {

class Call;

Result<void> auditRom(Services& services, Call& call, const v1::AuditRomRequest& request,
                      v1::RomAudit& audit);
Result<void> auditRelease(Services& services, Call& call, const v1::AuditReleaseRequest& request,
                          v1::ReleaseAudit& audit);
Result<void> auditAdvisory(Services& services, Call& call, const v1::AuditAdvisoryRequest& request,
                           v1::AdvisoryAudit& audit);
/// `write` sends one row; false: the client is gone.
Result<void> auditMatrix(Services& services, Call& call, const v1::AuditMatrixRequest& request,
                         const std::function<bool(const v1::MatrixRow&)>& write);

} // namespace romlink::server
