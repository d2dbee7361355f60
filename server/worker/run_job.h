// One job from job.pb to out/result.pb, in a child process of the zygote.
#pragma once

#include <string>

namespace romlink::worker {

/// A zygote_loop.h JobFunction: limits and confines the process, does the job, writes the result.
int runJob(const std::string& folder);

} // namespace romlink::worker
