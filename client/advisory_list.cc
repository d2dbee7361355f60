// romlink advisory list
#include "client/audit_calls.h"
#include "client/audit_output.h"
#include "client/session.h"
#include "relink/report/openvex.h"
#include "romlink/v1/audit.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct ListOptions {
  std::string rom;
  std::string openVex;
  std::string author = "romlink";
};

Result<int> list(const ListOptions& options, const GlobalOptions& global) {
  AuditFiles files;
  ROMLINK_TRY(files.open(options.openVex));
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  v1::ListAdvisoriesRequest request;
  request.set_rom(options.rom);
  grpc::ClientContext context;
  v1::ListAdvisoriesResponse response;
  if (const auto status =
          v1::AdvisoryService::NewStub(session.channel())->ListAdvisories(&context, request, &response);
      !status.ok())
    return fail(session.errorOf(status));
  if (files.wanted(0)) {
    if (response.advisories_size() == 0)
      return fail(ErrorCode::NotFound, "cannot write an OpenVEX document", options.openVex,
                  "there is no advisory, and a document without statements is not valid");
    std::vector<v1::AdvisoryAudit> audits;
    for (const v1::Advisory& advisory : response.advisories()) {
      ROMLINK_ASSIGN(v1::AdvisoryAudit audit, auditAdvisory(session, advisory.id()));
      audits.push_back(std::move(audit));
    }
    ROMLINK_TRY(files.write(0, report::renderOpenVex(audits, options.author)));
  }
  ROMLINK_TRY(files.commit());
  ROMLINK_TRY(printAnswer(response, global));
  return 0;
}

} // namespace

void addAdvisoryList(CLI::App& advisory, Invocation& invocation) {
  auto* command = advisory.add_subcommand("list", "list the advisories");
  auto options = std::make_shared<ListOptions>();
  command->add_option("--rom", options->rom, "only those that affect this ROM");
  command->add_option("--openvex", options->openVex, "OpenVEX file: what each means for ROMs and releases");
  command->add_option("--author", options->author, "who makes the OpenVEX statements")->capture_default_str();
  command->footer(
      "Example:\n  romlink --archive roms advisory list --rom boot@1.0\n"
      "  romlink --archive roms advisory list --openvex fleet.vex.json --author \"Example Inc.\"");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return list(*options, invocation.global); };
  });
}

} // namespace romlink::client
