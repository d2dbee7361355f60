#include "client/on_demand.h"

#include "base/digest.h"
#include "client/session.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grpcpp/channel.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace romlink::client {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::string_view kListening = "listening on ";

tl::unexpected<Error> unavailable(const char* what, const fs::path& where, std::string why,
                                  std::string hint = {}) {
  return fail(ErrorCode::Unavailable, what, where.string(), std::move(why), std::move(hint));
}

// An open, locked file. flock() locks go with the descriptor.
Result<int> lockFile(const fs::path& file, int operation) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  int status = fd < 0 ? -1 : 0;
  while (status == 0 && ::flock(fd, operation) != 0)
    status = errno == EINTR ? 0 : -1;
  if (status == 0)
    return fd;
  auto error =
      unavailable("cannot use the archive's folder", file, std::strerror(errno),
                  "romlink must be able to write there; from a medium that is read-only plain sqlite3 gets "
                  "files out (docs/archive_format.md)");
  if (fd >= 0)
    ::close(fd);
  return error;
}

// Is somebody listening? Answers at once, unlike a gRPC channel, which tries again.
bool isListening(const fs::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answers =
      fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0)
    ::close(fd);
  return answers;
}

bool serves(const fs::path& socket) {
  return isListening(socket) &&
         connect("unix:" + socket.string())->WaitForConnected(std::chrono::system_clock::now() + kAnswerTime);
}

// What the daemon prints: "listening on ...", when it does, or why it cannot, until its end.
std::string readWords(int fd) {
  std::string text;
  std::array<char, 1024> buffer{};
  while (!text.starts_with(kListening) || text.find('\n') == std::string::npos) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n == 0 || (n < 0 && errno != EINTR))
      break;
    if (n > 0)
      text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
}

// The daemon's error as its own: "romlink: error: LINE", "hint: LINE".
tl::unexpected<Error> daemonsError(const std::string& said, int exitStatus, const fs::path& folder) {
  constexpr std::string_view kPrefix = "romlink: error: ";
  constexpr std::string_view kHint = "\nhint: ";
  std::string line = said.substr(0, said.find('\n'));
  if (!line.starts_with(kPrefix))
    return unavailable("cannot start the daemon", folder, line,
                       "its log is " + (folder / "romlinkd.log").string());
  Error error{ErrorCode::Unavailable, line.substr(kPrefix.size()), {}, {}, {}};
  if (const std::size_t hint = said.find(kHint); hint != std::string::npos)
    error.hint = said.substr(hint + kHint.size(), said.find('\n', hint + 1) - hint - kHint.size());
  for (const ErrorCode code : {ErrorCode::Refused, ErrorCode::Usage, ErrorCode::Malformed})
    if (WIFEXITED(exitStatus) && WEXITSTATUS(exitStatus) == exitCodeOf(code))
      error.code = code;
  return fail(std::move(error));
}

int spawnDaemon(const fs::path& program, const fs::path& folder, const fs::path& socket, int output,
                pid_t& pid) {
  std::array<std::string, 6> words = {program.string(),          "--archive",  folder.string(), "--listen",
                                      "unix:" + socket.string(), "--on-demand"};
  std::array<char*, words.size() + 1> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i)
    arguments[i] = words[i].data();
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int status = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return status;
}

Result<void> startDaemon(const fs::path& folder, const fs::path& socket) {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "romlinkd";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return unavailable("cannot start the daemon", program, std::strerror(errno));
  pid_t pid = -1;
  const int status = spawnDaemon(program, folder, socket, ends[1], pid);
  ::close(ends[1]);
  const std::string said = status == 0 ? readWords(ends[0]) : std::string();
  ::close(ends[0]);
  if (status != 0)
    return unavailable("cannot start the daemon", program, std::strerror(status),
                       "romlinkd has to be in the same folder as this program");
  if (said.starts_with(kListening))
    return {};
  int exitStatus = 0;
  ::waitpid(pid, &exitStatus, 0);
  return daemonsError(said, exitStatus, folder);
}

} // namespace

Result<fs::path> socketPath(const fs::path& folder) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  fs::path path = folder / "romlinkd.sock";
  if (path.string().size() <= kLongest)
    return path;
  // Others may make files in /tmp: the folder has to be ours and closed to them.
  const fs::path mine = "/tmp/romlink-" + std::to_string(::getuid());
  ::mkdir(mine.c_str(), 0700);
  struct stat status{};
  if (::lstat(mine.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid() ||
      (status.st_mode & 077) != 0)
    return unavailable("cannot use the archive's folder", folder,
                       mine.string() + " is not a folder of this user alone",
                       "remove it, or use a shorter path");
  return mine / (sha256Of(folder.string()).hex().substr(0, 32) + ".sock");
}

Result<std::unique_ptr<ArchiveUse>> ArchiveUse::open(const fs::path& given) {
  std::error_code status;
  fs::create_directories(given, status);
  const fs::path folder = fs::canonical(given, status);
  if (status)
    return unavailable("cannot use the archive's folder", given, status.message());
  ROMLINK_ASSIGN(const fs::path socket, socketPath(folder));
  ROMLINK_ASSIGN(const int useLock, lockFile(folder / "romlinkd.use", LOCK_SH));
  auto use = std::unique_ptr<ArchiveUse>(new ArchiveUse("unix:" + socket.string(), useLock));
  if (serves(socket))
    return use;
  ROMLINK_ASSIGN(const int startLock, lockFile(folder / "romlinkd.start", LOCK_EX));
  const auto started = serves(socket) ? Result<void>() : startDaemon(folder, socket);
  ::close(startLock);
  ROMLINK_TRY(started);
  return use;
}

ArchiveUse::~ArchiveUse() {
  ::close(useLock_);
}

} // namespace romlink::client
