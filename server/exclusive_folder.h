// A folder of this daemon alone, below one that several daemons on the same archive use.
//
// `parent/<random>/` belongs to whoever holds the lock on `parent/<random>.lock`. A daemon that was killed
// leaves its folder behind, but the kernel releases its lock: the next daemon sees that nobody holds it and
// removes both.
#pragma once

#include "base/error.h"

#include <filesystem>
#include <utility>

namespace romlink::server {

class ExclusiveFolder {
public:
  /// Removes what ended daemons left in `parent`, then makes a new folder there. Internal: disk or
  /// permission.
  static Result<ExclusiveFolder> create(const std::filesystem::path& parent);
  ExclusiveFolder(ExclusiveFolder&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}
  ExclusiveFolder& operator=(ExclusiveFolder&&) = delete;
  ~ExclusiveFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  ExclusiveFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_;
};

} // namespace romlink::server
