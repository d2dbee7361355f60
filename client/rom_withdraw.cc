// romlink rom withdraw ROM --reason TEXT [--links refuse|warn|allow]
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/session.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

using v1::Withdrawal;

struct WithdrawOptions {
  std::string rom;
  std::string reason;
  std::string links = "refuse";
};

/// One of the three names: the command line's parser lets no other pass.
Withdrawal::Links linksIn(const std::string& name) {
  return name == "refuse" ? Withdrawal::REFUSE : name == "warn" ? Withdrawal::WARN : Withdrawal::ALLOW;
}

std::string outcomeOf(const v1::WithdrawRomResponse& response, Withdrawal::Links links) {
  const std::string title = printable(response.rom().name() + "@" + response.rom().version());
  if (links == Withdrawal::ALLOW)
    return title + (response.already_recorded() ? " is not withdrawn" : " is withdrawn no more");
  return title + (response.already_recorded() ? " is withdrawn already: " : " is withdrawn: ") +
         (links == Withdrawal::REFUSE ? "new links are refused" : "new links warn");
}

Result<int> withdraw(const WithdrawOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  v1::WithdrawRomRequest request;
  request.set_rom(options.rom);
  request.set_reason(options.reason);
  request.set_links(linksIn(options.links));
  grpc::ClientContext context;
  v1::WithdrawRomResponse response;
  if (const auto status =
          v1::ArchiveService::NewStub(session.channel())->WithdrawRom(&context, request, &response);
      !status.ok())
    return fail(session.errorOf(status));
  if (global.json)
    ROMLINK_TRY(printJson(response));
  else if (!global.quiet)
    printLine(outcomeOf(response, request.links()));
  return 0;
}

} // namespace

void addRomWithdraw(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("withdraw", "record that a ROM shall not be linked against any more");
  auto options = std::make_shared<WithdrawOptions>();
  command
      ->add_option("ROM", options->rom, "sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id")
      ->required();
  command->add_option("--reason", options->reason, "why, one line; everybody who uses the ROM will see it")
      ->required();
  command
      ->add_option("--links", options->links,
                   "new links: refuse (default), warn, or allow, which takes a withdrawal back")
      ->check(CLI::IsMember({"refuse", "warn", "allow"}));
  command->footer(
      "Example:\n  romlink --archive roms rom withdraw boot@1.0 --reason \"never shipped; use 1.1\"\n"
      "The ROM stays in the archive, as all do: it can be shown, fetched and identified for good.");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return withdraw(*options, invocation.global); };
  });
}

} // namespace romlink::client
