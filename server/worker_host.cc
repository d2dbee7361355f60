#include "server/worker_host.h"

#include "base/file.h"
#include "romlink/worker/job.pb.h"
#include "server/job_folder.h"
#include "server/worker/protocol.h"
#include "server/zygote.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <thread>

namespace romlink::server {
namespace {

using Clock = std::chrono::steady_clock;
// The worker's own alarm ends it at the limit; the host steps in only if that fails.
constexpr std::chrono::seconds kGrace{5};
constexpr std::chrono::milliseconds kPoll{50};
// Stands for "the zygote died" among wait statuses.
constexpr int kZygoteLost = -2;

class ForkingHost final : public WorkerHost {
public:
  ForkingHost(std::filesystem::path program, unsigned jobs, JobLimits limits)
      : program_(std::move(program)), slots_(jobs), limits_(limits) {}
  ~ForkingHost() override;

  Result<void> startZygote();
  Result<worker::JobResult> run(const JobFolder& folder, worker::Job job,
                                const std::function<bool()>& cancelled) override;
  unsigned slots() const override { return slots_; }
  unsigned running() const override;

private:
  Result<int> runToEnd(const JobFolder& folder, const std::function<bool()>& cancelled);
  Result<void> waitForSlot(std::unique_lock<std::mutex>& lock, const std::function<bool()>& cancelled);
  void listen();

  const std::filesystem::path program_;
  const unsigned slots_;
  const JobLimits limits_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Zygote> zygote_; // replaced only by the listening thread
  bool alive_ = false;             // the zygote is there; jobs wait while it is being replaced
  std::map<std::uint64_t, std::optional<int>> jobs_; // id to wait status, once it ended
  std::uint64_t nextId_ = 1;
  bool stopping_ = false;
  std::thread listener_;
};

ForkingHost::~ForkingHost() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (zygote_)
      zygote_->disconnect();
  }
  changed_.notify_all();
  if (listener_.joinable())
    listener_.join();
}

Result<void> ForkingHost::startZygote() {
  ROMLINK_ASSIGN(Zygote zygote, Zygote::start(program_));
  zygote_ = std::make_unique<Zygote>(std::move(zygote));
  alive_ = true;
  listener_ = std::thread([this] { listen(); });
  return {};
}

// Hands out what the zygote reports; replaces it when it dies.
void ForkingHost::listen() {
  auto lastStart = Clock::now();
  for (;;) {
    const auto ended = zygote_->receive();
    std::unique_lock lock(mutex_);
    if (stopping_)
      return;
    if (ended) {
      if (const auto job = jobs_.find(ended->id); job != jobs_.end())
        job->second = ended->waitStatus;
      changed_.notify_all();
      continue;
    }
    alive_ = false;
    for (auto& [id, status] : jobs_)
      if (!status)
        status = kZygoteLost;
    changed_.notify_all();
    spdlog::error("the worker program ended; starting it again");
    // A program that cannot live must not keep a core busy with its restarts.
    changed_.wait_until(lock, lastStart + std::chrono::seconds(1), [&] { return stopping_; });
    auto next = Zygote::start(program_);
    while (!stopping_ && !next) {
      spdlog::error("{}", next.error().line());
      changed_.wait_for(lock, std::chrono::seconds(1), [&] { return stopping_; });
      next = Zygote::start(program_);
    }
    if (stopping_)
      return;
    lastStart = Clock::now();
    zygote_ = std::make_unique<Zygote>(std::move(*next));
    alive_ = true;
    changed_.notify_all();
  }
}

Result<void> ForkingHost::waitForSlot(std::unique_lock<std::mutex>& lock,
                                      const std::function<bool()>& cancelled) {
  while (jobs_.size() >= slots_ || !alive_) {
    changed_.wait_for(lock, kPoll);
    lock.unlock();
    const bool gone = cancelled();
    lock.lock();
    if (gone)
      return fail(ErrorCode::Unavailable, "the job was cancelled", {}, "it was waiting for a worker");
  }
  return {};
}

Result<int> ForkingHost::runToEnd(const JobFolder& folder, const std::function<bool()>& cancelled) {
  std::unique_lock lock(mutex_);
  ROMLINK_TRY(waitForSlot(lock, cancelled));
  const std::uint64_t id = nextId_++;
  const auto job = jobs_.emplace(id, std::nullopt).first;
  if (!zygote_->run(id, folder.path()))
    job->second = kZygoteLost;
  const auto deadline = Clock::now() + limits_.time + kGrace;
  bool wasCancelled = false;
  while (!job->second && !stopping_) {
    changed_.wait_for(lock, kPoll, [&] { return job->second || stopping_; });
    lock.unlock();
    wasCancelled = cancelled();
    lock.lock();
    // The job keeps its slot until it is really gone.
    if (!job->second && (wasCancelled || Clock::now() > deadline))
      (void)zygote_->kill(id);
  }
  const std::optional<int> status = job->second;
  jobs_.erase(job);
  changed_.notify_all();
  if (wasCancelled || !status)
    return fail(ErrorCode::Unavailable, "the job was cancelled");
  return *status;
}

std::string lastLineOf(const std::filesystem::path& file) {
  const auto content = readFile(file);
  if (!content)
    return {};
  std::string_view text = asText(*content);
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  text = text.substr(text.rfind('\n') + 1);
  return std::string(text.substr(0, 300));
}

Result<worker::JobResult> ForkingHost::run(const JobFolder& folder, worker::Job job,
                                           const std::function<bool()>& cancelled) {
  job.set_time_limit_seconds(static_cast<std::uint32_t>(limits_.time.count()));
  job.set_memory_limit_bytes(limits_.memoryBytes);
  job.set_output_limit_bytes(limits_.outputBytes);
  ROMLINK_TRY(writeFile(folder.path() / "job.pb", asBytes(job.SerializeAsString())));
  ROMLINK_ASSIGN(const int waitStatus, runToEnd(folder, cancelled));

  if (WIFEXITED(waitStatus) && WEXITSTATUS(waitStatus) == 0) {
    const auto content = readFile(folder.path() / "out" / "result.pb");
    worker::JobResult result;
    if (content && result.ParseFromArray(content->data(), static_cast<int>(content->size()))) {
      if (!result.has_error())
        return result;
      const worker::JobError& error = result.error();
      return fail(folder.withoutFolder(
          Error{errorCodeFromName(error.code()), error.what(), error.where(), error.why(), error.hint()}));
    }
  }
  const Error error =
      folder.withoutFolder(errorOfEnd(waitStatus, limits_, lastLineOf(folder.path() / "out" / "stderr")));
  spdlog::warn("{}", error.line());
  return fail(error);
}

unsigned ForkingHost::running() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<unsigned>(jobs_.size());
}

Error limitError(const std::string& which) {
  return {ErrorCode::Exhausted,
          "the worker process was stopped",
          {},
          "it reached the limit of " + which,
          "the service's limits are set in its configuration file, [workers]"};
}

} // namespace

Result<std::unique_ptr<WorkerHost>> WorkerHost::start(const std::filesystem::path& program, unsigned jobs,
                                                      JobLimits limits) {
  auto host = std::make_unique<ForkingHost>(
      program, jobs > 0 ? jobs : std::max(1U, std::thread::hardware_concurrency()), limits);
  ROMLINK_TRY(host->startZygote());
  return std::unique_ptr<WorkerHost>(std::move(host));
}

Error errorOfEnd(int waitStatus, const JobLimits& limits, const std::string& stderrTail) {
  if (waitStatus == worker::kForkFailed)
    return {ErrorCode::Exhausted,
            "cannot start a worker process",
            {},
            "the machine is out of processes or memory",
            {}};
  if (waitStatus == kZygoteLost)
    return {ErrorCode::Internal, "the worker program ended while the job ran", {}, {}, "try again"};
  const std::string time = std::to_string(limits.time.count()) + " s";
  if (WIFSIGNALED(waitStatus)) {
    switch (const int signal = WTERMSIG(waitStatus); signal) {
    case SIGALRM:
      return limitError(time);
    case SIGXCPU:
    case SIGKILL: // the hard processor limit, the host's deadline, or the kernel's memory killer
      return limitError(time + " or of memory");
    case SIGXFSZ:
      return limitError(std::to_string(limits.outputBytes / kMiB) + " MiB for one output file");
    default:
      return {ErrorCode::Malformed, "the worker process crashed on this input",
              std::string("SIG") + ::sigabbrev_np(signal), stderrTail,
              "check the input files; nothing else was affected"};
    }
  }
  return {ErrorCode::Malformed,
          "the worker process ended without a result",
          {},
          stderrTail.empty() ? "exit code " + std::to_string(WEXITSTATUS(waitStatus)) : stderrTail,
          "check the input files; nothing else was affected"};
}

} // namespace romlink::server
