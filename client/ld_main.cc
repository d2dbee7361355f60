// ld.romlink: the drop-in linker. A build system calls it as it would call ld; the ROM and what belongs to it
// come from
// --romlink-NAME=VALUE options, which GNU ld does not have, or from the environment.
#include "client/console.h"
#include "client/interrupts.h"
#include "client/link_command.h"

#include <cstdlib>
#include <string_view>

namespace romlink::client {
namespace {

struct OwnOption {
  std::string_view prefix;
  const char* variable; ///< where the value comes from without the option; null: the session looks itself
  std::string* value;
};

int run(int argc, char** argv) {
  watchInterrupts();
  LinkCommand command;
  GlobalOptions global;
  global.quiet = true;
  command.printReport = false;
  const OwnOption options[] = {
      {"--romlink-rom=", "ROMLINK_ROM", &command.rom},
      {"--romlink-policy=", "ROMLINK_POLICY", &command.policy},
      {"--romlink-report=", "ROMLINK_REPORT", &command.report},
      {"--romlink-html=", "ROMLINK_HTML", &command.html},
      {"--romlink-server=", nullptr, &global.server},
      {"--romlink-archive=", nullptr, &global.archive},
  };
  for (const OwnOption& option : options)
    if (const char* value = option.variable == nullptr ? nullptr : std::getenv(option.variable);
        value != nullptr)
      *option.value = value;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    bool own = false;
    for (const OwnOption& option : options)
      if (argument.starts_with(option.prefix)) {
        *option.value = argument.substr(option.prefix.size());
        own = true;
      }
    if (!own && argument.starts_with("--romlink-"))
      return printError(
          {ErrorCode::Usage, "unknown option", std::string(argument), {}, "ld.romlink --help lists them"});
    if (!own)
      command.arguments.emplace_back(argument);
  }
  const auto done = runLink(command, global);
  return finishOutput(done ? *done : printError(done.error()));
}

} // namespace
} // namespace romlink::client

int main(int argc, char** argv) {
  return romlink::client::run(argc, argv);
}
