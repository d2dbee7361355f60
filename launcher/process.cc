#include "launcher/process.h"

#include "base/file.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace romlink::launcher {
namespace {

constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;
constexpr int kSignal = 128;

std::vector<char*> pointersTo(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words)
    pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

int cannotRun(const std::string& program, int error) {
  std::cerr << "romlink-cc: error: cannot run: " << program << ": " << std::strerror(error) << '\n';
  return error == ENOENT ? kNotFound : kNotExecutable;
}

/// Waits for the end of the child; -1: it is lost.
int statusOf(pid_t child) {
  int status = 0;
  pid_t waited = 0;
  do
    waited = waitpid(child, &status, 0);
  while (waited < 0 && errno == EINTR);
  return waited == child ? status : -1;
}

} // namespace

int become(const std::vector<std::string>& words) {
  auto arguments = pointersTo(words);
  execvp(arguments.front(), arguments.data());
  return cannotRun(words.front(), errno);
}

int runForUser(const std::vector<std::string>& words) {
  auto arguments = pointersTo(words);
  pid_t child = 0;
  if (const int error = posix_spawnp(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ);
      error != 0)
    return cannotRun(words.front(), error);
  const int status = statusOf(child);
  if (status < 0)
    return 1;
  if (!WIFSIGNALED(status))
    return WEXITSTATUS(status);
  std::signal(WTERMSIG(status), SIG_DFL);
  std::raise(WTERMSIG(status));
  return kSignal + WTERMSIG(status);
}

Result<Output> outputOf(const std::vector<std::string>& words) {
  // gcc would write the dependencies of this run, too, where these are set.
  unsetenv("DEPENDENCIES_OUTPUT");
  unsetenv("SUNPRO_DEPENDENCIES");
  ROMLINK_ASSIGN(const auto folder,
                 TemporaryDirectory::create(std::filesystem::temp_directory_path(), "romlink-cc"));
  const std::string file = folder.path() / "output";
  const std::string messages = folder.path() / "messages";
  auto arguments = pointersTo(words);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0 || statusOf(child) != 0)
    return fail(ErrorCode::Malformed, "the compiler does not preprocess it", words.front());
  ROMLINK_ASSIGN(const auto content, readFile(file));
  ROMLINK_ASSIGN(const auto told, readFile(messages));
  return Output{std::string(asText(content)), std::string(asText(told))};
}

} // namespace romlink::launcher
