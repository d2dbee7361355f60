// romlink audit matrix -- LINKER ARGUMENTS: one firmware against many ROMs.
#include "client/audit_output.h"
#include "client/link_call.h"
#include "client/linker_arguments.h"
#include "client/response_file.h"
#include "client/session.h"
#include "relink/report/audit_wording.h"
#include "romlink/v1/audit.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct MatrixOptions {
  std::vector<std::string> roms;
  std::string name;
  std::string policy;
  std::string html;
  std::vector<std::string> arguments;
};

/// One call; rows arrive in any order.
Result<grpc::Status> receive(const Session& session, const v1::AuditMatrixRequest& request,
                             const InputNames& names, Progress& progress, v1::MatrixAudit& audit) {
  audit.clear_rows();
  progress.show("comparing with the archived ROMs");
  grpc::ClientContext context;
  const auto reader = v1::AuditService::NewStub(session.channel())->AuditMatrix(&context, request);
  for (v1::MatrixRow row; reader->Read(&row);) {
    names.toUser(row);
    *audit.add_rows() = row;
    progress.show(std::to_string(audit.rows_size()) + " of " + std::to_string(row.total()) +
                  " ROMs: " + row.rom().name() + "@" + row.rom().version());
  }
  return reader->Finish();
}

Result<int> matrix(const MatrixOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const auto words, expandResponseFiles(options.arguments));
  ROMLINK_ASSIGN(const LinkerArguments arguments, parseLinkerArguments(words));
  if (!arguments.hasInputs())
    return fail(ErrorCode::Usage, "no input files", {}, {}, "give object files after `--`, as for ld");
  LinkQuestion question;
  question.planOnly = true;
  ROMLINK_ASSIGN(question.inputs, prepareInputs(arguments));
  if (!options.policy.empty()) {
    ROMLINK_ASSIGN(question.policy, plainInput(options.policy));
  }
  AuditFiles files;
  ROMLINK_TRY(files.open(options.html));
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  v1::AuditMatrixRequest request;
  *request.mutable_link() = requestOf(question);
  request.mutable_roms()->Add(options.roms.begin(), options.roms.end());
  request.set_name(options.name);
  v1::MatrixAudit audit;
  audit.mutable_arguments()->Add(options.arguments.begin(), options.arguments.end());
  Progress progress(global.quiet);
  const InputNames names = namesOf(question);
  ROMLINK_TRY(withUploads(session, question, progress,
                          [&] { return receive(session, request, names, progress, audit); }));
  std::stable_sort(
      audit.mutable_rows()->begin(), audit.mutable_rows()->end(),
      [](const v1::MatrixRow& a, const v1::MatrixRow& b) { return report::romBefore(a.rom(), b.rom()); });
  if (files.wanted(0))
    ROMLINK_TRY(files.write(0, report::renderHtml(audit)));
  ROMLINK_TRY(files.commit());
  ROMLINK_TRY(printAnswer(audit, global));
  return 0;
}

} // namespace

void addAuditMatrix(CLI::App& audits, Invocation& invocation) {
  auto* command = audits.add_subcommand("matrix", "one firmware build against all, or chosen, ROMs");
  auto options = std::make_shared<MatrixOptions>();
  command->add_option("--rom", options->roms, "only this ROM; repeatable")->allow_extra_args(false);
  command->add_option("--name", options->name, "only ROMs of this name");
  command->add_option("--policy", options->policy,
                      "TOML file: what may be shared beyond what is proved identical");
  command->add_option("--html", options->html, "HTML file for the audit: a heat map");
  command->add_option("ARGUMENTS", options->arguments, "linker arguments, after --")->required();
  command->footer("Example:\n  romlink --archive roms audit matrix --name boot --html matrix.html -- \\\n"
                  "    -T flash.ld main.o -L lib -lcrypto --gc-sections");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return matrix(*options, invocation.global); };
  });
}

} // namespace romlink::client
