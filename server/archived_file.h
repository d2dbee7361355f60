// Archived content as a file: by way of the input cache, checked against its digest before anybody reads it.
#pragma once

#include "server/input_cache.h"

namespace romlink::server {

struct Services;

/// The file is read from the archive unless the cache has it. NotFound, Damaged: as Archive::read().
Result<InputCache::Pin> archivedFile(Services& services, const Digest& digest);

/// Puts a file, which a job made, into the cache under its digest, which is the answer.
Result<Digest> cacheFile(Services& services, const std::filesystem::path& file);

} // namespace romlink::server
