// romlink-worker: the program in which untrusted images are read and firmware is linked.
//
// Started by romlinkd with a socket at descriptor 3 (protocol.h), never by people. It stays one small
// single-threaded process and forks a child for each job: lld keeps global state, leaks, and ends the process
// on malformed input, so every link gets a process of its own, and forking one is cheaper than starting one.
#include "server/worker/protocol.h"
#include "server/worker/run_job.h"
#include "server/worker/zygote_loop.h"

#include "romlink/worker/job.pb.h"

#include <cstdio>
#include <sys/socket.h>

namespace romlink::worker {
namespace {

// Does once what every child would do again: children inherit the memory. REQUIRES: starts no thread.
void warm() {
  (void)Job::descriptor();
  (void)JobResult::descriptor();
}

bool isSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

} // namespace
} // namespace romlink::worker

int main() {
  using namespace romlink::worker;
  if (!isSocket(kZygoteSocket)) {
    std::fputs("romlink-worker: error: romlinkd starts this program; it does nothing on its own\n", stderr);
    return 2;
  }
  warm();
  return serveJobs(kZygoteSocket, runJob);
}
