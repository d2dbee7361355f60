// romlink link, romlink plan
#include "client/command.h"
#include "client/link_command.h"

#include <CLI/CLI.hpp>

namespace romlink::client {
namespace {

void add(CLI::App& app, Invocation& invocation, bool planOnly) {
  auto* command = app.add_subcommand(
      planOnly ? "plan" : "link", planOnly ? "decide and report what a link would share; write no image"
                                           : "link firmware against a ROM; GNU ld style arguments after --");
  auto options = std::make_shared<LinkCommand>();
  options->planOnly = planOnly;
  command
      ->add_option("--rom", options->roms,
                   "sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id; repeated: the image "
                   "must run on each")
      ->allow_extra_args(false)
      ->required();
  command->add_option("--policy", options->policy,
                      "TOML file: what may be shared beyond what is proved identical");
  command->add_option("--report", options->report, "JSON file for the report");
  command->add_option("--html", options->html, "HTML file for the report");
  command->add_option("--sarif", options->sarif,
                      "SARIF 2.1.0 file for what keeps code local and the findings");
  if (!planOnly)
    command->add_option("--label", options->labels, "KEY=VALUE, kept with the link's record; repeatable")
        ->allow_extra_args(false);
  command->add_flag("--suggest-waivers", options->suggestWaivers,
                    "list the smallest sets of waivers that would gain most, with the difference to judge");
  command->add_option("ARGUMENTS", options->arguments, "linker arguments, after --")->required();
  command->footer(
      planOnly
          ? "Example:\n  romlink --archive roms plan --rom boot@1.0 -- -T flash.ld main.o -L lib -lcrypto\n"
            "  romlink --archive roms plan --rom boot@1.0 --suggest-waivers --html plan.html -- \\\n"
            "    -T flash.ld main.o -L lib -lcrypto"
          : "Example:\n  romlink --archive roms link --rom boot@1.0 --report report.json -- \\\n"
            "    -T flash.ld main.o -L lib -lcrypto --gc-sections -o firmware.elf\n"
            "  romlink --archive roms link --rom boot@1.0 --rom boot@1.1 --label product=meter -- ...");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return runLink(*options, invocation.global); };
  });
}

} // namespace

void addLink(CLI::App& app, Invocation& invocation) {
  add(app, invocation, false);
}
void addPlan(CLI::App& app, Invocation& invocation) {
  add(app, invocation, true);
}

} // namespace romlink::client
