// romlink audit release ID
#include "client/audit_output.h"
#include "client/session.h"
#include "relink/report/sarif.h"
#include "romlink/v1/audit.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct AuditOptions {
  std::string release;
  std::string html;
  std::string sarif;
};

Result<int> audit(const AuditOptions& options, const GlobalOptions& global) {
  AuditFiles files;
  ROMLINK_TRY(files.open(options.html));
  ROMLINK_TRY(files.open(options.sarif));
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  v1::AuditReleaseRequest request;
  request.set_release(options.release);
  grpc::ClientContext context;
  v1::ReleaseAudit answer;
  if (const auto status =
          v1::AuditService::NewStub(session.channel())->AuditRelease(&context, request, &answer);
      !status.ok())
    return fail(session.errorOf(status));
  if (files.wanted(0))
    ROMLINK_TRY(files.write(0, report::renderHtml(answer)));
  if (files.wanted(1))
    ROMLINK_TRY(files.write(1, report::renderSarif(answer)));
  ROMLINK_TRY(files.commit());
  ROMLINK_TRY(printAnswer(answer, global));
  return 0;
}

} // namespace

void addAuditRelease(CLI::App& audits, Invocation& invocation) {
  auto* command =
      audits.add_subcommand("release", "what a link shares, and whether it would be decided the same today");
  auto options = std::make_shared<AuditOptions>();
  command->add_option("ID", options->release, "the release: sha256:HEX, or 8 or more hex digits of it")
      ->required();
  command->add_option("--html", options->html, "HTML file for the audit");
  command->add_option("--sarif", options->sarif, "SARIF 2.1.0 file for the findings");
  command->footer(
      "Example:\n  romlink --archive roms audit release 1f3a9c02 --html release.html --sarif release.sarif");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return audit(*options, invocation.global); };
  });
}

} // namespace romlink::client
