#include "server/on_demand.h"

#include "server/call.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace romlink::server {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::chrono::seconds patienceFromEnvironment() {
  const char* text = std::getenv("ROMLINK_IDLE");
  unsigned seconds = 0;
  if (text == nullptr)
    return kPatience;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), seconds);
  return error == std::errc() && *end == '\0' ? std::chrono::seconds(seconds) : kPatience;
}

void redirect(int from, int to) {
  if (from < 0)
    return;
  ::dup2(from, to);
  ::close(from);
}

} // namespace

OnDemand::OnDemand(std::filesystem::path archive, std::chrono::seconds patience)
    : archive_(std::move(archive)), patience_(patience) {
  struct stat status{};
  if (::stat(archive_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

Result<OnDemand> OnDemand::start(const std::filesystem::path& archive) {
  const auto log = archive / "romlinkd.log";
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0)
    return fail(ErrorCode::Malformed, "cannot write the log", log.string(), std::strerror(errno));
  ::setsid();
  if (::chdir("/") != 0) // keeps no folder busy
    return fail(ErrorCode::Internal, "cannot leave the current folder", {}, std::strerror(errno));
  redirect(fd, STDERR_FILENO);
  redirect(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  return OnDemand(archive, patienceFromEnvironment());
}

void OnDemand::closeOutput() {
  redirect(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
}

bool OnDemand::folderIsGone() const {
  struct stat status{};
  return ::stat(archive_.c_str(), &status) != 0 || status.st_dev != device_ || status.st_ino != inode_;
}

bool OnDemand::isOver(const Activity& activity) {
  if (folderIsGone())
    return true;
  if (activity.idle() < patience_)
    return false;
  const int fd = ::open((archive_ / "romlinkd.use").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0)
    return true;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && activity.idle() >= patience_) {
    useLock_ = fd;
    return true;
  }
  ::close(fd);
  return false;
}

} // namespace romlink::server
