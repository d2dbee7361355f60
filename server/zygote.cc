#include "server/zygote.h"

#include "server/worker/protocol.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace romlink::server {
namespace {

// A fresh signal state, its own process group (Ctrl-C is the daemon's business), descriptor 3 as the only
// connection.
int spawn(const std::string& program, int socket, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, socket, worker::kZygoteSocket);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  // Not the daemon's output: who reads that to its end must not wait for the zygote.
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = program;
  char* arguments[] = {name.data(), nullptr};
  const int status = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return status;
}

bool sendCommand(int socket, const worker::Command& command) {
  ssize_t n = 0;
  do
    n = ::send(socket, &command, sizeof command, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == sizeof command;
}

} // namespace

Result<Zygote> Zygote::start(const std::filesystem::path& program) {
  const auto failed = [&](int error) {
    return fail(ErrorCode::Internal, "cannot start the worker program", program.string(),
                std::strerror(error));
  };
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return failed(errno);
  // dup2() onto itself would leave close-on-exec set; a descriptor above 3 rules that out.
  const int theirs = ::fcntl(ends[1], F_DUPFD_CLOEXEC, worker::kZygoteSocket + 1);
  ::close(ends[1]);
  pid_t pid = -1;
  const int status = theirs < 0 ? errno : spawn(program.string(), theirs, pid);
  if (theirs >= 0)
    ::close(theirs);
  if (status != 0) {
    ::close(ends[0]);
    return failed(status);
  }
  return Zygote(pid, ends[0]);
}

Zygote::Zygote(Zygote&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}

Zygote& Zygote::operator=(Zygote&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(socket_, other.socket_);
  return *this;
}

Zygote::~Zygote() {
  if (socket_ >= 0)
    ::close(socket_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL); // its children ask the kernel to die with it
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

bool Zygote::run(std::uint64_t id, const std::filesystem::path& folder) const {
  worker::Command command{worker::Command::Verb::Run, 0, id, {}};
  const std::string name = folder.string();
  if (name.size() >= sizeof command.folder)
    return false;
  std::memcpy(command.folder, name.c_str(), name.size() + 1);
  return sendCommand(socket_, command);
}

bool Zygote::kill(std::uint64_t id) const {
  return sendCommand(socket_, worker::Command{worker::Command::Verb::Kill, 0, id, {}});
}

std::optional<Zygote::Ended> Zygote::receive() const {
  worker::Ended message{};
  ssize_t n = 0;
  do
    n = ::recv(socket_, &message, sizeof message, 0);
  while (n < 0 && errno == EINTR);
  if (n != sizeof message)
    return std::nullopt;
  return Ended{message.id, message.waitStatus};
}

void Zygote::disconnect() const {
  ::shutdown(socket_, SHUT_RDWR);
}

} // namespace romlink::server
