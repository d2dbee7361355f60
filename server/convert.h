// The archive's records as messages of the service, and back.
#pragma once

#include "base/error.h"
#include "store/archive.h"

namespace romlink::v1 {
class AddressRange;
class Artifact;
class ArchiveStats;
class Rom;
} // namespace romlink::v1

namespace romlink::server {

void toMessage(const store::RomRecord& record, v1::Rom& message);
void toMessage(const store::Artifact& artifact, v1::Artifact& message);
void toMessage(const store::Stats& stats, v1::ArchiveStats& message);
store::AddressRange fromMessage(const v1::AddressRange& message);

/// What the worker read in an ELF, as the record to be archived: everything but name, version and labels.
Result<store::RomRecord> fromMessage(const v1::Rom& message);

} // namespace romlink::server
