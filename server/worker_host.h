// Runs jobs in worker processes and turns every way they can end into a result or one clear error.
//
// A zygote (server/zygote.h) forks one process a job. Here: at most `jobs` at the same time, the rest wait; a
// job whose caller has gone is killed; a job that crashes or runs into a limit fails alone; a zygote that
// died is replaced, and the jobs it took with it fail.
//
// Thread-safety: run() may be called from many threads.
#pragma once

#include "base/error.h"
#include "server/config.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace romlink::worker {
class Job;
class JobResult;
} // namespace romlink::worker

namespace romlink::server {

class JobFolder;

class WorkerHost {
public:
  /// Starts the first zygote. `jobs`: how many at the same time, 0: one a core.
  static Result<std::unique_ptr<WorkerHost>> start(const std::filesystem::path& program, unsigned jobs,
                                                   JobLimits limits);
  virtual ~WorkerHost() = default;

  /// Writes `job`, with the limits filled in, to folder/job.pb, runs it, and reads folder/out/result.pb.
  /// `cancelled` is asked several times a second.
  /// Errors: what the job itself reports; Exhausted: a limit was reached; Unavailable: cancelled; Malformed:
  /// the job crashed, which is laid at the input's door; Internal: the machine.
  virtual Result<worker::JobResult> run(const JobFolder& folder, worker::Job job,
                                        const std::function<bool()>& cancelled) = 0;

  /// Jobs that may run at the same time.
  [[nodiscard]] virtual unsigned slots() const = 0;
  /// Jobs that run now.
  [[nodiscard]] virtual unsigned running() const = 0;
};

/// The error that a wait status means, for a job without a result. `stderrTail` is the last line the job
/// printed.
[[nodiscard]] Error errorOfEnd(int waitStatus, const JobLimits& limits, const std::string& stderrTail);

} // namespace romlink::server
