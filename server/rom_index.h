// The ROM index that a job reads: the archive's, of the format that this build reads.
//
// An archive that an older romlink filled has none of that format. Then a worker makes it from the archived
// ELF, the archive keeps it, and the job goes on. Two jobs that do this at once both succeed; one of the two
// equal indexes stays.
#pragma once

#include "base/error.h"
#include "server/input_cache.h"
#include "server/services.h"
#include "store/archive.h"

namespace romlink::v1 {
class RomIndex;
}

namespace romlink::server {

class Call;

/// The index as a file. Damaged: the archive's index or ELF is. Otherwise as WorkerHost::run and
/// store::Archive::addIndex.
Result<InputCache::Pin> romIndex(Services& services, Call& call, const store::RomRecord& rom);

/// What a worker made, on its way into the archive. `file` is the worker's.
store::RomIndexSource romIndexSource(const v1::RomIndex& made, const std::filesystem::path& file);

} // namespace romlink::server
