// romlink: the command line. Each command is a file of its own (command.h).
#include "client/command.h"
#include "client/console.h"
#include "client/interrupts.h"
#include "relink/report/utf8.h"

#include <CLI/CLI.hpp>

namespace romlink::client {
namespace {

void declareGlobals(CLI::App& app, GlobalOptions& global) {
  app.add_option("--server", global.server, "the service: HOST:PORT or unix:PATH; else $ROMLINK_SERVER");
  app.add_option("--archive", global.archive, "the archive's folder; its daemon is started on demand");
  app.add_flag("--json", global.json, "print the result as JSON");
  app.add_flag("--quiet", global.quiet, "print no progress and no summaries");
  app.set_version_flag("--version", "romlink " ROMLINK_VERSION);
}

void declareCommands(CLI::App& app, Invocation& invocation) {
  auto* rom = app.add_subcommand("rom", "released boot ROMs: publish, list, show, fetch, identify, withdraw");
  rom->require_subcommand(1);
  rom->footer("Example:\n  romlink --archive roms rom list");
  addRomPublish(*rom, invocation);
  addRomList(*rom, invocation);
  addRomShow(*rom, invocation);
  addRomFetch(*rom, invocation);
  addRomIdentify(*rom, invocation);
  addRomWithdraw(*rom, invocation);
  addLink(app, invocation);
  addPlan(app, invocation);
  addCheck(app, invocation);
  auto* policy = app.add_subcommand("policy", "policy files: import");
  policy->require_subcommand(1);
  policy->footer("Example:\n  romlink policy import shared_symbols_name.txt -o policy.toml");
  addPolicyImport(*policy, invocation);
  auto* advisory = app.add_subcommand("advisory", "defective ROM code: add, list");
  advisory->require_subcommand(1);
  advisory->footer("Example:\n  romlink --archive roms advisory list");
  addAdvisoryAdd(*advisory, invocation);
  addAdvisoryList(*advisory, invocation);
  auto* release = app.add_subcommand("release", "the archived links: list");
  release->require_subcommand(1);
  release->footer("Example:\n  romlink --archive roms release list --rom boot@1.0");
  addReleaseList(*release, invocation);
  auto* audits = app.add_subcommand("audit", "compatibility audits: rom, release, advisory, matrix");
  audits->require_subcommand(1);
  audits->footer("Example:\n  romlink --archive roms audit rom boot@1.0 --html boot.html\n"
                 "An audit is a result, whatever it finds: its exit code is 0.");
  addAuditRom(*audits, invocation);
  addAuditRelease(*audits, invocation);
  addAuditAdvisory(*audits, invocation);
  addAuditMatrix(*audits, invocation);
  auto* archive = app.add_subcommand(
      "archive", "the archive itself: verify, head, backup, restore, export, import, stats");
  archive->require_subcommand(1);
  archive->footer("Example:\n  romlink --archive roms archive verify");
  addArchiveVerify(*archive, invocation);
  addArchiveHead(*archive, invocation);
  addArchiveBackup(*archive, invocation);
  addArchiveExport(*archive, invocation);
  addArchiveImport(*archive, invocation);
  addArchiveRestore(*archive, invocation);
  addArchiveStats(*archive, invocation);
}

/// What romlink asks its service is UTF-8; the linker's arguments, after "--", may be anything.
Result<void> checkArguments(int argc, char** argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i)
    if (const std::string text = argv[i]; report::toUtf8(text) != text)
      return fail(ErrorCode::Usage, "an argument is not UTF-8", report::toUtf8(text),
                  "number " + std::to_string(i));
  return {};
}

int run(int argc, char** argv) {
  watchInterrupts();
  if (const auto valid = checkArguments(argc, argv); !valid)
    return printError(valid.error());
  CLI::App app("romlink: archives boot ROMs and links firmware against the code that is in them");
  app.fallthrough(); // options of romlink itself may follow the command
  app.require_subcommand(1);
  app.footer("Example:\n  romlink --archive roms rom publish --name boot --version 1.0 --elf boot.elf\n"
             "  romlink --archive roms link --rom boot@1.0 -- -T flash.ld main.o -o firmware.elf");
  Invocation invocation;
  declareGlobals(app, invocation.global);
  declareCommands(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return finishOutput(app.exit(success));
  } catch (const CLI::ParseError& error) {
    return printError({ErrorCode::Usage,
                       "cannot use these arguments",
                       {},
                       error.what(),
                       "romlink COMMAND --help shows how"});
  }
  const auto done = invocation.run();
  return finishOutput(done ? *done : printError(done.error()));
}

} // namespace
} // namespace romlink::client

int main(int argc, char** argv) {
  return romlink::client::run(argc, argv);
}
