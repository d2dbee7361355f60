// Prepares the worker's job of a link request: its inputs from the cache, its ROMs' indexes and defects from
// the archive.
#pragma once

#include "base/error.h"
#include "romlink/v1/link.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/input_cache.h"
#include "server/job_folder.h"
#include "server/services.h"
#include "store/archive.h"

#include <string>
#include <vector>

namespace romlink::server {

class Call;

/// What does not depend on the ROM: may be used for several jobs.
struct LinkInputs {
  struct File {
    std::string path; ///< as the linker sees it
    Digest digest;
    InputCache::Pin pin; ///< keeps it in the cache
  };
  std::vector<std::string> arguments;
  std::vector<File> files;  ///< by path
  std::vector<File> policy; ///< none or one
};

/// The input of the cache. NotFound, with the call's status saying so: the client has to upload it.
Result<InputCache::Pin> pinInput(Services& services, Call& call, const v1::InputFile& file);

/// Usage: an argument, path or label that a request must not have. NotFound: as pinInput().
Result<LinkInputs> linkInputs(Services& services, Call& call, const v1::LinkRequest& request);

/// The ROMs that the request names, the first first, each once; none: plain link.
Result<std::vector<store::RomRecord>> romsOf(Services& services, const v1::LinkRequest& request);

/// Fills the job's folder and says what to do in it. REQUIRES: `inputs` lives until the job has ended.
Result<worker::Job> linkJob(Services& services, Call& call, const v1::LinkRequest& request,
                            const LinkInputs& inputs, const std::vector<store::RomRecord>& roms,
                            JobFolder& folder);

} // namespace romlink::server
