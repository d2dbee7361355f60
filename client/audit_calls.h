// Calls of the audit service that more than one command makes.
#pragma once

#include "base/error.h"
#include "romlink/v1/audit.pb.h"

#include <string>

namespace romlink::client {

class Session;

/// NotFound: no advisory of this id.
Result<v1::AdvisoryAudit> auditAdvisory(const Session& session, const std::string& id);

} // namespace romlink::client
