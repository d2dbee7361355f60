// The archive's records as messages of the service, and back.
#pragma once

#include "base/error.h"
#include "store/archive.h"

namespace romlink::v1 {
class AddressRange;
class Advisory;
class ArchiveHead;
class ArchiveStats;
class Artifact;
class Release;
class Rom;
class RomName;
} // namespace romlink::v1

namespace romlink::server {

void toMessage(const store::RomRecord& record, v1::Rom& message);
void toMessage(const store::Artifact& artifact, v1::Artifact& message);
void toMessage(const store::Stats& stats, v1::ArchiveStats& message);
void toMessage(const store::SignedHead& head, v1::ArchiveHead& message);
void toMessage(const store::RomTitle& title, v1::RomName& message);
void toMessage(const store::Advisory& advisory, v1::Advisory& message);
void toMessage(const store::Release& release, v1::Release& message);
store::AddressRange fromMessage(const v1::AddressRange& message);

store::RomTitle titleOf(const store::RomRecord& record);

/// "0x10001234", as messages hold addresses, and back; what is no number gives 0.
std::string addressText(std::uint32_t address);
std::uint32_t addressIn(const std::string& text);

/// What the worker read in an ELF, as the record to be archived: everything but name, version and labels.
Result<store::RomRecord> fromMessage(const v1::Rom& message);

} // namespace romlink::server
