// Artifacts of an archived ROM as files, for what reads files: workers, and another archive's publication.
#pragma once

#include "base/error.h"
#include "store/archive.h"

#include <filesystem>
#include <vector>

namespace romlink::server {

/// Writes each artifact, checked against its digest, to `folder`, under a name of ours. Exhausted: no space.
Result<std::vector<store::ArtifactSource>> unpack(const store::Archive& archive, const store::RomRecord& rom,
                                                  const std::filesystem::path& folder);

} // namespace romlink::server
