#include "server/exclusive_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

namespace romlink::server {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLockSuffix = ".lock";

// Removes the folder of the given lock file, unless its daemon lives.
void removeIfAbandoned(const fs::path& lockFile) {
  const int fd = ::open(lockFile.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
    std::error_code ignored;
    fs::remove_all(fs::path(lockFile).replace_extension(), ignored);
    fs::remove(lockFile, ignored);
  }
  ::close(fd);
}

void removeAbandoned(const fs::path& parent) {
  std::error_code ignored;
  std::vector<fs::path> locks;
  for (const auto& entry : fs::directory_iterator(parent, ignored))
    if (entry.path().extension() == kLockSuffix)
      locks.push_back(entry.path());
  for (const fs::path& lock : locks)
    removeIfAbandoned(lock);
}

} // namespace

Result<ExclusiveFolder> ExclusiveFolder::create(const fs::path& parent) {
  std::error_code status;
  fs::create_directories(parent, status);
  removeAbandoned(parent);
  const auto failed = [&](const fs::path& where) {
    return fail(ErrorCode::Internal, "cannot create the daemon's working folder", where.string(),
                std::strerror(errno));
  };
  std::string lockName = (parent / "XXXXXX.lock").string();
  // Between mkostemps() and flock() another daemon may take the new file for an abandoned one and remove it:
  // then its name no longer leads to our file, and we try again.
  for (;;) {
    std::string name = lockName;
    const int fd = ::mkostemps(name.data(), static_cast<int>(std::strlen(kLockSuffix)), O_CLOEXEC);
    if (fd < 0)
      return failed(name);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && ::access(name.c_str(), F_OK) == 0) {
      const fs::path folder = fs::path(name).replace_extension();
      if (!fs::create_directory(folder, status)) {
        ::close(fd);
        return failed(folder);
      }
      return ExclusiveFolder(folder, fd);
    }
    ::close(fd);
  }
}

ExclusiveFolder::~ExclusiveFolder() {
  if (lock_ < 0)
    return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove(fs::path(path_).replace_extension(kLockSuffix), ignored);
  ::close(lock_);
}

} // namespace romlink::server
