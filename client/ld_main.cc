// ld.romlink: the drop-in linker. A build system calls it as it would call ld; the ROM and what belongs to it
// come
// from --romlink-NAME=VALUE options, which GNU ld does not have, or from the environment.
#include "client/console.h"
#include "client/interrupts.h"
#include "client/link_command.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace romlink::client {
namespace {

struct OwnOption {
  std::string_view prefix;
  const char* variable; ///< where the value comes from without the option; null: the session looks itself
  std::string* value;
};

/// "boot@1.0,boot@1.1": an image for several ROMs. A ROM whose name holds a comma can be named by its hash.
void addRoms(std::string_view text, std::vector<std::string>& roms) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0)
      roms.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
}

/// Takes the options that GNU ld does not have; the others are the linker's. Usage error for one nobody
/// knows.
Result<void> readArguments(int argc, char** argv, LinkCommand& command, GlobalOptions& global) {
  constexpr std::string_view romOption = "--romlink-rom=";
  constexpr std::string_view labelOption = "--romlink-label=";
  const OwnOption options[] = {
      {"--romlink-policy=", "ROMLINK_POLICY", &command.policy},
      {"--romlink-report=", "ROMLINK_REPORT", &command.report},
      {"--romlink-html=", "ROMLINK_HTML", &command.html},
      {"--romlink-sarif=", "ROMLINK_SARIF", &command.sarif},
      {"--romlink-server=", nullptr, &global.server},
      {"--romlink-archive=", nullptr, &global.archive},
  };
  for (const OwnOption& option : options)
    if (const char* value = option.variable == nullptr ? nullptr : std::getenv(option.variable);
        value != nullptr)
      *option.value = value;
  bool romsGiven = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto* const own =
        std::find_if(std::begin(options), std::end(options),
                     [&](const OwnOption& option) { return argument.starts_with(option.prefix); });
    if (own != std::end(options)) {
      *own->value = argument.substr(own->prefix.size());
    } else if (argument.starts_with(romOption)) {
      addRoms(argument.substr(romOption.size()), command.roms);
      romsGiven = true;
    } else if (argument.starts_with(labelOption)) {
      command.labels.emplace_back(argument.substr(labelOption.size()));
    } else if (argument.starts_with("--romlink-")) {
      return fail(ErrorCode::Usage, "unknown option", std::string(argument), {},
                  "ld.romlink --help lists them");
    } else {
      command.arguments.emplace_back(argument);
    }
  }
  if (const char* roms = std::getenv("ROMLINK_ROM"); roms != nullptr && !romsGiven)
    addRoms(roms, command.roms);
  return {};
}

int run(int argc, char** argv) {
  watchInterrupts();
  LinkCommand command;
  GlobalOptions global;
  global.quiet = true;
  command.printReport = false;
  if (const auto read = readArguments(argc, argv, command, global); !read)
    return printError(read.error());
  const auto done = runLink(command, global);
  return finishOutput(done ? *done : printError(done.error()));
}

} // namespace
} // namespace romlink::client

int main(int argc, char** argv) {
  return romlink::client::run(argc, argv);
}
