// romlink release list
#include "client/audit_output.h"
#include "client/session.h"
#include "romlink/v1/audit.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

Result<int> list(const std::string& rom, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::AuditService::NewStub(session.channel());
  v1::ListReleasesResponse all;
  v1::ListReleasesRequest request;
  request.set_rom(rom);
  do {
    grpc::ClientContext context;
    v1::ListReleasesResponse page;
    if (const auto status = stub->ListReleases(&context, request, &page); !status.ok())
      return fail(session.errorOf(status));
    all.mutable_releases()->MergeFrom(page.releases());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  ROMLINK_TRY(printAnswer(all, global));
  return 0;
}

} // namespace

void addReleaseList(CLI::App& release, Invocation& invocation) {
  auto* command = release.add_subcommand("list", "list the archived links, newest first");
  auto rom = std::make_shared<std::string>();
  command->add_option("--rom", *rom, "only those linked against this ROM");
  command->footer("Example:\n  romlink --archive roms release list --rom boot@1.0");
  command->callback(
      [&invocation, rom] { invocation.run = [&invocation, rom] { return list(*rom, invocation.global); }; });
}

} // namespace romlink::client
