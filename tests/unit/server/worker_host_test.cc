// Supervision of workers, with a worker program that misbehaves on demand (fake_worker.cc).
#include "server/worker_host.h"

#include "romlink/worker/job.pb.h"
#include "server/job_folder.h"

#include <atomic>
#include <future>
#include <gmock/gmock.h>

namespace romlink::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class WorkerHostTest : public testing::Test {
protected:
  WorkerHostTest() : parent_(*TemporaryDirectory::create(fs::temp_directory_path(), "workers")) {
    JobLimits limits;
    limits.time = std::chrono::seconds(1);
    auto host = WorkerHost::start(FAKE_WORKER, 2, limits);
    EXPECT_TRUE(host) << host.error().line();
    host_ = std::move(*host);
  }

  Result<worker::JobResult>
  run(const std::string& wish, const std::function<bool()>& cancelled = [] { return false; }) {
    ROMLINK_ASSIGN(const JobFolder folder, JobFolder::create(parent_.path()));
    worker::Job job;
    job.mutable_inspect_rom()->set_elf(wish);
    return host_->run(folder, job, cancelled);
  }

  TemporaryDirectory parent_;
  std::unique_ptr<WorkerHost> host_;
};

TEST_F(WorkerHostTest, ReturnsResultsAndErrorsOfJobs) {
  EXPECT_EQ(run("done")->rom().image(), "done");
  const auto refused = run("refuse");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Refused);
}

TEST_F(WorkerHostTest, ACrashIsOneErrorAndHarmsNobody) {
  const auto crashed = run("crash");
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().code, ErrorCode::Malformed);
  EXPECT_THAT(crashed.error().line(), HasSubstr("SIGABRT"));
  EXPECT_TRUE(run("next"));
}

TEST_F(WorkerHostTest, ATimeLimitIsNamed) {
  const auto hung = run("hang");
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, ErrorCode::Exhausted);
  EXPECT_THAT(hung.error().line(), HasSubstr("1 s"));
}

TEST_F(WorkerHostTest, NoResultIsAnError) {
  EXPECT_FALSE(run("nothing"));
}

TEST_F(WorkerHostTest, ACancelledJobIsKilledAndFreesItsPlace) {
  const auto cancelled = run("ignore the alarm", [] { return true; });
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(host_->running(), 0U);
  EXPECT_TRUE(run("next"));
}

TEST_F(WorkerHostTest, ADeadZygoteIsReplaced) {
  const auto lost = run("end the zygote");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::Internal);
  EXPECT_EQ(run("next")->rom().image(), "next");
}

TEST_F(WorkerHostTest, RunsNoMoreThanItsPlaces) {
  std::atomic<bool> stop{false};
  std::atomic<unsigned> asked{0};
  const auto hold = [&] {
    return run("ignore the alarm", [&] {
      ++asked;
      return stop.load();
    });
  };
  auto first = std::async(std::launch::async, hold);
  auto second = std::async(std::launch::async, hold);
  while (host_->running() < 2)
    std::this_thread::yield();
  std::atomic<bool> waited{false};
  const auto third =
      run("next", [&] { return waited.exchange(true); }); // asked twice: it waits, then gives up
  EXPECT_FALSE(third);
  EXPECT_TRUE(waited);
  stop = true;
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
}

TEST(WorkerEnd, SaysWhatHappened) {
  JobLimits limits;
  EXPECT_THAT(errorOfEnd(SIGSEGV, limits, "tail").line(),
              testing::AllOf(HasSubstr("SIGSEGV"), HasSubstr("tail")));
  EXPECT_EQ(errorOfEnd(SIGXFSZ, limits, {}).code, ErrorCode::Exhausted);
  EXPECT_EQ(errorOfEnd(1 << 8, limits, {}).why, "exit code 1");
  EXPECT_FALSE(WorkerHost::start("/nowhere/romlink-worker", 1, limits));
}

} // namespace
} // namespace romlink::server
