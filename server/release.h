// Archives a link that succeeded.
#pragma once

#include "base/error.h"
#include "server/link_job.h"

namespace romlink::server {

/// REQUIRES: the outcome has an image and is of a link against `roms`. The id of the release, which another
/// link may have archived before.
Result<Digest> archiveRelease(Services& services, const v1::LinkRequest& request, const LinkInputs& inputs,
                              const std::vector<store::RomRecord>& roms, const worker::LinkOutcome& outcome,
                              JobFolder& folder);

/// The archived report.
Result<v1::LinkReport> archivedReport(Services& services, const store::Release& release);

} // namespace romlink::server
