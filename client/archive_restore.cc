// romlink --archive DIR archive restore FILE
//
// Runs `romlinkd --restore FILE` on the folder: there is no archive yet that a daemon could serve.
#include "client/command.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace romlink::client {
namespace {

namespace fs = std::filesystem;

Result<int> restore(const std::string& file, const GlobalOptions& global) {
  if (global.archive.empty() || !global.server.empty())
    return fail(ErrorCode::Usage, "cannot restore the archive", {}, "a folder has to be named, and no server",
                "give the folder of the archive that is to be: romlink --archive DIR archive restore FILE");
  std::error_code ignored;
  std::string program = (fs::read_symlink("/proc/self/exe", ignored).parent_path() / "romlinkd").string();
  std::string archiveOption = "--archive=" + global.archive;
  std::string restoreOption = "--restore=" + file;
  std::array<char*, 4> arguments = {program.data(), archiveOption.data(), restoreOption.data(), nullptr};
  // A mask that this program has would stay: the restore could not be interrupted.
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::execv(program.c_str(), arguments.data());
  return fail(ErrorCode::Unavailable, "cannot start the daemon", program, std::strerror(errno),
              "romlinkd has to be in the same folder as this program");
}

} // namespace

void addArchiveRestore(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("restore", "make an archive from a backup, verified as a whole");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "the backup")->required();
  command->footer("Example:\n  romlink --archive roms archive restore roms-2035-01-31.db");
  command->callback([&invocation, file] {
    invocation.run = [&invocation, file] { return restore(*file, invocation.global); };
  });
}

} // namespace romlink::client
