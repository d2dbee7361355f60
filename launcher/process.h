// Runs the compiler: for the user, as if romlink-cc were not there, or to ask it something.
#pragma once

#include "base/error.h"

#include <string>
#include <vector>

namespace romlink::launcher {

/// Becomes the command (execvp). Returns the shell's exit code for a command that cannot be run: 127, or 126.
int become(const std::vector<std::string>& words);

/// Runs the command with our streams and waits: its exit code. A command that a signal ends, ends us the same
/// way.
int runForUser(const std::vector<std::string>& words);

struct Output {
  std::string text;     ///< of the standard output
  std::string messages; ///< of the standard error
};

/// What the command writes; its input is empty. Malformed: it fails.
Result<Output> outputOf(const std::vector<std::string>& words);

} // namespace romlink::launcher
