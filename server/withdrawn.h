// What becomes of links against withdrawn ROMs, and what audits say of them.
#pragma once

#include "base/error.h"
#include "romlink/v1/archive.pb.h"
#include "server/affected.h"
#include "store/archive.h"

#include <vector>

namespace romlink::server {

/// Usage: none of the three.
Result<store::Links> linksOf(v1::Withdrawal::Links links);

/// Refused: one of the ROMs is withdrawn, and its owner wants no new links against it.
Result<void> checkLinkable(const std::vector<store::RomRecord>& roms);

/// ROM_WITHDRAWN for each ROM that is withdrawn.
void describeWithdrawn(const std::vector<store::RomRecord>& roms, Findings& findings);

} // namespace romlink::server
