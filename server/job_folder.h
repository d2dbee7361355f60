// The private folder of one job, removed with the object:
//
//   in/<path>   the inputs, under the names the linker shall see; hard links to the cache
//   policy/<path>  the policy
//   rom.index   the ROM
//   job.pb      what to do
//   out/        the only place where the worker may write: result.pb, scratch/, stdout, stderr
#pragma once

#include "base/error.h"
#include "base/file.h"

#include <filesystem>
#include <string>

namespace romlink::server {

/// Usage unless `path` is what link.proto asks of InputFile.path: relative, not empty, without ".", ".." or
/// empty components, control characters or a component too long for a file name.
Result<void> checkInputPath(const std::string& path);

class JobFolder {
public:
  /// Makes a folder with `in` and `out/scratch` below `parent`.
  static Result<JobFolder> create(const std::filesystem::path& parent);

  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

  /// Gives `file` the name `in/<path>`. Usage: a bad path, or one that another input has or is inside of.
  Result<void> addInput(const std::string& path, const std::filesystem::path& file);
  /// As addInput(), `policy/<path>`.
  Result<void> addPolicy(const std::string& path, const std::filesystem::path& file);
  /// Gives `file` the name `name` in the folder itself.
  Result<void> add(const std::string& name, const std::filesystem::path& file);

  /// The path of a file that the worker names in its result. Internal unless it is a regular file below
  /// `out`: a worker that was taken over must not make the daemon read something else.
  Result<std::filesystem::path> outputFile(const std::string& name) const;

  /// `text` of a worker without the folder's own path, which means nothing to a client.
  [[nodiscard]] std::string withoutFolder(std::string text) const;
  [[nodiscard]] Error withoutFolder(Error error) const;

private:
  Result<void> addBelow(const char* folder, const std::string& path, const std::filesystem::path& file);
  explicit JobFolder(TemporaryDirectory directory) : directory_(std::move(directory)) {}
  TemporaryDirectory directory_;
};

} // namespace romlink::server
