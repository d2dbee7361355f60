// What recorded advisories mean for a ROM, asked of a worker that reads the ROM's index.
#pragma once

#include "base/error.h"
#include "romlink/worker/job.pb.h"
#include "server/services.h"
#include "store/archive.h"

#include <filesystem>
#include <vector>

namespace romlink::server {

class Call;

/// `question` may ask for names, addresses and what the ROM offers; ROM, index and defects are filled in
/// here. `policy` is a file with waivers, or empty.
Result<worker::RomExamination> examine(Services& services, Call& call, const store::RomRecord& rom,
                                       const std::vector<store::Advisory>& advisories,
                                       worker::ExamineRom question = {},
                                       const std::filesystem::path& policy = {});

/// What a link must keep local: the symbols of this ROM that recorded advisories name, or that have the code
/// of one that they name. Makes the ROM's index first, if the archive lacks it.
Result<std::vector<worker::Defect>> defectsOf(Services& services, Call& call, const store::RomRecord& rom);

/// How many jobs one call runs at the same time.
unsigned jobsOfOneCall(const Services& services);

} // namespace romlink::server
