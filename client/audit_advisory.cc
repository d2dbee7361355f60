// romlink audit advisory ID
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

struct AuditOptions {
  std::string id;
  std::string html;
  std::string openVex;
  std::string author = "romlink";
};

Result<int> audit(const AuditOptions& options, const GlobalOptions& global) {
  AuditFiles files;
  ROMLINK_TRY(files.open(options.html));
  ROMLINK_TRY(files.open(options.openVex));
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  ROMLINK_ASSIGN(const v1::AdvisoryAudit answer, auditAdvisory(session, options.id));
  if (files.wanted(0))
    ROMLINK_TRY(files.write(0, report::renderHtml(answer)));
  if (files.wanted(1))
    ROMLINK_TRY(files.write(1, report::renderOpenVex({answer}, options.author)));
  ROMLINK_TRY(files.commit());
  ROMLINK_TRY(printAnswer(answer, global));
  return 0;
}

} // namespace

Result<v1::AdvisoryAudit> auditAdvisory(const Session& session, const std::string& id) {
  v1::AuditAdvisoryRequest request;
  request.set_advisory(id);
  grpc::ClientContext context;
  v1::AdvisoryAudit answer;
  if (const auto status =
          v1::AuditService::NewStub(session.channel())->AuditAdvisory(&context, request, &answer);
      !status.ok())
    return fail(session.errorOf(status));
  return answer;
}

void addAuditAdvisory(CLI::App& audits, Invocation& invocation) {
  auto* command = audits.add_subcommand(
      "advisory", "which ROMs and releases an advisory affects, and what a relink repairs");
  auto options = std::make_shared<AuditOptions>();
  command->add_option("ID", options->id, "the advisory")->required();
  command->add_option("--html", options->html, "HTML file for the audit");
  command->add_option("--openvex", options->openVex, "OpenVEX file for vulnerability scanners");
  command->add_option("--author", options->author, "who makes the OpenVEX statements")->capture_default_str();
  command->footer("Example:\n  romlink --archive roms audit advisory CVE-2026-0001 --html cve.html --openvex "
                  "cve.vex.json");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return audit(*options, invocation.global); };
  });
}

} // namespace romlink::client
