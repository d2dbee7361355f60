// Whole files in and out. A written file appears complete or not at all.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace romlink {

/// The file's content. Malformed if it cannot be opened or read (exit code 3: unreadable input).
Result<std::vector<std::uint8_t>> readFile(const std::filesystem::path& file);

/// Writes to a temporary neighbour and renames it, so `file` is never seen half-written. Malformed on
/// failure.
Result<void> writeFile(const std::filesystem::path& file, Bytes content, bool executable = false);

/// Calls `take` with the file's content, at most 256 KiB at a time, until it returns false. Returns the bytes
/// read. Malformed: unreadable.
Result<std::uint64_t> readPieces(const std::filesystem::path& file,
                                 const std::function<bool(std::string&&)>& take);

/// A directory that is removed with everything in it when the object ends.
class TemporaryDirectory {
public:
  /// Makes `parent/PREFIX-XXXXXX`. Internal error if that fails.
  static Result<TemporaryDirectory> create(const std::filesystem::path& parent, const std::string& prefix);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

} // namespace romlink
