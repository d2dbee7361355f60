#include "client/interrupts.h"

#include <csignal>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>

namespace romlink::client {
namespace {

struct Unfinished {
  std::mutex mutex;
  std::set<std::string> files;
};

Unfinished& unfinished() {
  static auto* const files = new Unfinished; // outlives every thread
  return *files;
}

[[noreturn]] void takeSignal(const sigset_t& signals) {
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
  // The lock is kept: nothing may be finished or begun from here on.
  Unfinished& list = unfinished();
  list.mutex.lock();
  for (const std::string& file : list.files)
    ::unlink(file.c_str());
  std::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::kill(::getpid(), signal);
  ::_exit(128 + signal);
}

} // namespace

void watchInterrupts() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current{};
    // nohup and shells' background jobs ignore some; that stays so.
    if (::sigaction(signal, nullptr, &current) == 0 && current.sa_handler != SIG_IGN)
      ::sigaddset(&signals, signal);
  }
  std::signal(SIGPIPE, SIG_IGN);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] { takeSignal(signals); }).detach();
}

void removeOnInterrupt(const std::string& file) {
  const std::scoped_lock lock(unfinished().mutex);
  unfinished().files.insert(file);
}

void keepOnInterrupt(const std::string& file) {
  const std::scoped_lock lock(unfinished().mutex);
  unfinished().files.erase(file);
}

} // namespace romlink::client
