// romlink rom list
#include "client/command.h"
#include "client/console.h"
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

Result<int> listRoms(const std::string& name, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  v1::ListRomsResponse all;
  v1::ListRomsRequest request;
  request.set_name(name);
  do {
    grpc::ClientContext context;
    v1::ListRomsResponse page;
    if (const auto status = stub->ListRoms(&context, request, &page); !status.ok())
      return fail(session.errorOf(status));
    all.mutable_roms()->MergeFrom(page.roms());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (global.json)
    ROMLINK_TRY(printJson(all));
  else if (all.roms_size() > 0)
    std::fputs(romTable({all.roms().begin(), all.roms().end()}).c_str(), stdout);
  return 0;
}

} // namespace

void addRomList(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("list", "list the archived ROMs");
  auto name = std::make_shared<std::string>();
  command->add_option("--name", *name, "only ROMs of this name");
  command->footer("Example:\n  romlink --archive roms rom list");
  command->callback([&invocation, name] {
    invocation.run = [&invocation, name] { return listRoms(*name, invocation.global); };
  });
}

} // namespace romlink::client
