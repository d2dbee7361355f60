#include "client/console.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace romlink::client {
namespace {

bool hasColour(int fd) {
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(fd) == 1 && (refused == nullptr || *refused == '\0');
}

unsigned widthOf(int fd) {
  winsize size{};
  return ::isatty(fd) == 1 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void printTagged(const char* tag, const char* colour, const std::string& text) {
  const bool coloured = hasColour(STDERR_FILENO);
  std::fprintf(stderr, "romlink: %s%s:%s %s\n", coloured ? colour : "", tag, coloured ? "\033[0m" : "",
               text.c_str());
}

} // namespace

int printError(const Error& error) {
  printTagged("error", "\033[1;31m", printable(error.line()));
  if (!error.hint.empty())
    std::fprintf(stderr, "hint: %s\n", printable(error.hint).c_str());
  return exitCodeOf(error.code);
}

void printWarning(const std::string& text) {
  printTagged("warning", "\033[1;35m", printable(text));
}

void printNote(const std::string& text) {
  printTagged("note", "\033[1;36m", printable(text));
}

unsigned outputWidth() {
  return widthOf(STDOUT_FILENO);
}
bool outputHasColour() {
  return hasColour(STDOUT_FILENO);
}

std::string printable(std::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return clean;
}

void printLine(const std::string& line) {
  std::printf("%s\n", line.c_str());
}

int finishOutput(int exitCode) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
    return exitCode;
  if (errno == EPIPE) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  return printError({ErrorCode::Internal, "cannot write to standard output", {}, {}, {}});
}

Progress::Progress(bool quiet) : active_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void Progress::show(const std::string& text) {
  if (!active_)
    return;
  std::string line = printable(text);
  if (const unsigned width = widthOf(STDERR_FILENO); width > 1 && line.size() >= width)
    line.resize(width - 1);
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  shown_ = true;
}

void Progress::clear() {
  if (shown_)
    std::fputs("\r\033[K", stderr);
  shown_ = false;
}

} // namespace romlink::client
