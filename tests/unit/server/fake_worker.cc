// A worker that does what the job's ELF name says: finish, crash, hang, answer nothing, report an error, or
// end the zygote itself. Stands in for romlink-worker in worker_host_test.cc.
#include "base/file.h"
#include "romlink/worker/job.pb.h"
#include "server/worker/protocol.h"
#include "server/worker/zygote_loop.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>

namespace {

int act(const std::string& folder) {
  using namespace romlink;
  const auto content = readFile(folder + "/job.pb");
  worker::Job job;
  if (!content || !job.ParseFromArray(content->data(), static_cast<int>(content->size())))
    return 1;
  const std::string& wish = job.inspect_rom().elf();
  worker::JobResult result;
  if (wish == "crash")
    std::abort();
  if (wish == "hang") {
    ::alarm(job.time_limit_seconds());
    for (;;)
      ::pause();
  }
  if (wish == "ignore the alarm")
    for (;;)
      ::pause();
  if (wish == "nothing")
    return 0;
  if (wish == "end the zygote") {
    ::kill(::getppid(), SIGKILL);
    for (;;)
      ::pause();
  }
  if (wish == "refuse") {
    result.mutable_error()->set_code("REFUSED");
    result.mutable_error()->set_what("refused");
  } else {
    result.mutable_rom()->set_image(wish);
  }
  return writeFile(folder + "/out/result.pb", asBytes(result.SerializeAsString())) ? 0 : 1;
}

} // namespace

int main() {
  return romlink::worker::serveJobs(romlink::worker::kZygoteSocket, act);
}
