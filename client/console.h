// What people see: errors, warnings and progress on standard error; colours and one self-overwriting status
// line only where standard error or output is a terminal (and $NO_COLOR is not set, https://no-color.org).
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace romlink::client {

/// "romlink: error: WHAT: WHERE: WHY", then "hint: ..." where there is one. Returns the exit code.
int printError(const Error& error);
void printWarning(const std::string& text);
void printNote(const std::string& text);

/// Columns of the terminal at standard output; 0 if there is none.
[[nodiscard]] unsigned outputWidth();
[[nodiscard]] bool outputHasColour();

/// `text` without control characters: names come from files of other people.
[[nodiscard]] std::string printable(std::string_view text);

/// Prints a line of the result.
void printLine(const std::string& line);

/// Ends the program: flushes standard output. A reader that has gone ends us as SIGPIPE would have.
[[nodiscard]] int finishOutput(int exitCode);

/// One line that shows what is being done; gone when the object ends.
class Progress {
public:
  explicit Progress(bool quiet);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }
  void show(const std::string& text);
  void clear();

private:
  bool active_;
  bool shown_ = false;
};

} // namespace romlink::client
