#include "server/worker/zygote_loop.h"

#include "server/worker/protocol.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace romlink::worker {
namespace {

class Loop {
public:
  Loop(int socket, JobFunction job) : socket_(socket), job_(job) {}

  int serve() {
    sigset_t childEnds;
    ::sigemptyset(&childEnds);
    ::sigaddset(&childEnds, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &childEnds, nullptr);
    signals_ = ::signalfd(-1, &childEnds, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0)
      return 1;
    std::array<pollfd, 2> waiting = {pollfd{socket_, POLLIN, 0}, pollfd{signals_, POLLIN, 0}};
    for (;;) {
      if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
        break;
      if (waiting[1].revents != 0)
        reap();
      if (waiting[0].revents != 0 && !obey())
        break;
    }
    for (const auto& [pid, id] : children_)
      ::kill(-pid, SIGKILL);
    return 0;
  }

private:
  // One command; false when the daemon is gone.
  bool obey() {
    Command command{};
    const ssize_t n = ::recv(socket_, &command, sizeof command, 0);
    if (n < 0 && errno == EINTR)
      return true;
    if (n != sizeof command)
      return false;
    command.folder[sizeof command.folder - 1] = '\0';
    if (command.verb == Command::Verb::Run)
      start(command);
    else
      for (const auto& [pid, id] : children_)
        if (id == command.id)
          ::kill(-pid, SIGKILL);
    return true;
  }

  void start(const Command& command) {
    const pid_t zygote = ::getpid();
    const pid_t child = ::fork();
    if (child == 0)
      beChild(zygote, command.folder);
    if (child < 0)
      return report(command.id, kForkFailed);
    ::setpgid(child, child); // here and in the child: whoever comes first
    children_.emplace(child, command.id);
  }

  [[noreturn]] void beChild(pid_t zygote, const char* folder) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != zygote)
      ::_exit(1);
    ::close(socket_);
    ::close(signals_);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::_exit(job_(folder));
  }

  void reap() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) > 0) {
    }
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
      if (const auto child = children_.find(pid); child != children_.end()) {
        ::kill(-pid, SIGKILL); // what the job itself may have started
        const std::uint64_t id = child->second;
        children_.erase(child);
        report(id, status);
      }
  }

  void report(std::uint64_t id, std::int32_t waitStatus) const {
    const Ended ended{id, waitStatus, 0};
    (void)!::send(socket_, &ended, sizeof ended, MSG_NOSIGNAL);
  }

  int socket_;
  JobFunction job_;
  int signals_ = -1;
  std::map<pid_t, std::uint64_t> children_;
};

} // namespace

int serveJobs(int socket, JobFunction job) {
  return Loop(socket, job).serve();
}

} // namespace romlink::worker
