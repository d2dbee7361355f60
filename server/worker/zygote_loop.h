// The zygote: waits for commands (protocol.h), forks a child for each job, reports how it ended.
#pragma once

#include <string>

namespace romlink::worker {

/// Does the job in the folder, in a child of its own. Returns the child's exit code.
using JobFunction = int (*)(const std::string& folder);

/// Serves the daemon at descriptor `socket` until that closes; then kills what still runs. Returns the exit
/// code. REQUIRES: the process has one thread.
int serveJobs(int socket, JobFunction job);

} // namespace romlink::worker
