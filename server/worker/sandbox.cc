#include "server/worker/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace romlink::worker {
namespace {

void setLimit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  ::setrlimit(resource, &limit);
}

// AddressSanitizer reserves terabytes of address space.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kLimitMemory = false;
#else
constexpr bool kLimitMemory = true;
#endif

constexpr std::uint64_t kReading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// All rights of Landlock's first version (Linux 5.13).
constexpr std::uint64_t kEverything = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;
constexpr std::uint64_t kWriting = kEverything & ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE};

void allow(int ruleset, const std::string& path, std::uint64_t rights) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0)
    return;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = fd;
  ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  ::close(fd);
}

} // namespace

void limitResources(unsigned seconds, std::uint64_t memoryBytes, std::uint64_t outputBytes) {
  setLimit(RLIMIT_CORE, 0, 0);
  if (seconds > 0) {
    setLimit(RLIMIT_CPU, seconds, seconds + 1);
    ::alarm(seconds);
  }
  if (memoryBytes > 0 && kLimitMemory)
    setLimit(RLIMIT_AS, memoryBytes, memoryBytes);
  if (outputBytes > 0)
    setLimit(RLIMIT_FSIZE, outputBytes, outputBytes);
}

void confineTo(const std::string& folder) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = kEverything;
  const auto ruleset =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (ruleset < 0)
    return;
  allow(ruleset, folder, kReading);
  allow(ruleset, folder + "/out", kWriting);
  allow(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::syscall(SYS_landlock_restrict_self, ruleset, 0);
  ::close(ruleset);
}

} // namespace romlink::worker
