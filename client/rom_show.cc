// romlink rom show ROM
#include "client/command.h"
#include "client/json.h"
#include "client/rom_text.h"
#include "client/session.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

Result<int> showRom(const std::string& reference, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::GetRomRequest request;
  request.set_rom(reference);
  v1::Rom rom;
  if (const auto status = stub->GetRom(&context, request, &rom); !status.ok())
    return fail(session.errorOf(status));
  if (global.json)
    ROMLINK_TRY(printJson(rom));
  else
    std::fputs(romDescription(rom).c_str(), stdout);
  return 0;
}

} // namespace

void addRomShow(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("show", "describe an archived ROM");
  auto reference = std::make_shared<std::string>();
  command
      ->add_option("ROM", *reference, "sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id")
      ->required();
  command->footer("Example:\n  romlink --archive roms rom show boot@1.0");
  command->callback([&invocation, reference] {
    invocation.run = [&invocation, reference] { return showRom(*reference, invocation.global); };
  });
}

} // namespace romlink::client
