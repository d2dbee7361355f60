// A file that appears complete or not at all, however the program ends.
//
// Content goes to a neighbour with a temporary name; commit() renames it. What was there before stays until
// then. A target that is no regular file (/dev/null, a pipe) is written to directly. A file of a live archive
// is never a target: nothing else would bring back what is in it.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::client {

class OutputFile {
public:
  /// Malformed (exit code 3) if the file cannot be created, Usage if it is one of an archive.
  static Result<OutputFile> create(const std::filesystem::path& file);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Result<void> write(Bytes bytes);
  /// What was written is on the disk (fsync), and after commit() its name is, too.
  Result<void> sync();
  Result<void> commit(bool executable = false);

private:
  OutputFile(std::filesystem::path file, std::string temporary, int fd);
  std::filesystem::path file_;
  std::string temporary_; ///< empty: the target is written directly
  int fd_;
  bool durable_ = false;
};

/// Usage error if two of a command's outputs are one file, or one is a file that the command reads. Empty
/// names and what is no regular file (/dev/null) are left out.
Result<void> checkOutputs(const std::vector<std::filesystem::path>& outputs,
                          const std::vector<std::filesystem::path>& inputs = {});

/// create(), write() and, later, commit() for content that is already there.
Result<OutputFile> prepareOutput(const std::filesystem::path& file, std::string_view content);

} // namespace romlink::client
