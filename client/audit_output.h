// What the audit commands do with an answer: a table or JSON on standard output, and the files that were
// asked for.
#pragma once

#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/output_file.h"
#include "relink/report/audit.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace romlink::client {

/// Output files that are created before the question is asked, so that one that cannot be written costs no
/// audit, and that appear together when all is done.
class AuditFiles {
public:
  /// An empty name: the file is not wanted, write() does nothing and `wanted` says so. Malformed if it cannot
  /// be created, Usage if it is one of the others.
  Result<void> open(const std::string& name) {
    if (name.empty()) {
      files_.emplace_back();
      return {};
    }
    names_.emplace_back(name);
    ROMLINK_TRY(checkOutputs(names_));
    ROMLINK_ASSIGN(OutputFile file, OutputFile::create(name));
    files_.emplace_back(std::move(file));
    return {};
  }
  /// In the order of open().
  [[nodiscard]] bool wanted(std::size_t index) const { return files_[index].has_value(); }
  Result<void> write(std::size_t index, std::string_view text) {
    auto& file = files_[index];
    return file ? file->write(asBytes(text)) : Result<void>();
  }
  Result<void> commit() {
    for (auto& file : files_)
      if (file)
        ROMLINK_TRY(file->commit());
    return {};
  }

private:
  std::vector<std::optional<OutputFile>> files_;
  std::vector<std::filesystem::path> names_;
};

[[nodiscard]] inline report::TextStyle outputStyle() {
  return {.colour = outputHasColour(), .width = outputWidth()};
}

/// JSON, or a table unless --quiet.
template <typename Message>
Result<void> printAnswer(const Message& message, const GlobalOptions& global) {
  if (global.json)
    return printJson(message);
  if (!global.quiet)
    std::fputs(report::renderText(message, outputStyle()).c_str(), stdout);
  return {};
}

} // namespace romlink::client
