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

namespace romlink::worker {
class RomDescription;
}

namespace romlink::server {

class Call;

/// The index as a file; the archive has the bodies of the ROM's functions, too, from then on. Damaged: the
/// archive's index or ELF is. Otherwise as WorkerHost::run and store::Archive::addIndex.
Result<InputCache::Pin> romIndex(Services& services, Call& call, const store::RomRecord& rom);

/// What a worker made, on its way into the archive. `file` is the worker's.
Result<store::RomIndexSource> romIndexSource(const worker::RomDescription& made,
                                             const std::filesystem::path& file);

} // namespace romlink::server
