// romlink advisory add --id ID --rom ROM --symbol S...
#include "client/audit_output.h"
#include "client/session.h"
#include "romlink/v1/audit.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct AddOptions {
  std::string id;
  std::string rom;
  std::vector<std::string> symbols;
  std::string summary;
  std::string url;
};

Result<int> add(const AddOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  v1::AddAdvisoryRequest request;
  request.set_id(options.id);
  request.set_rom(options.rom);
  request.mutable_symbols()->Add(options.symbols.begin(), options.symbols.end());
  request.set_summary(options.summary);
  request.set_url(options.url);
  grpc::ClientContext context;
  v1::AddAdvisoryResponse response;
  if (const auto status =
          v1::AdvisoryService::NewStub(session.channel())->AddAdvisory(&context, request, &response);
      !status.ok())
    return fail(session.errorOf(status));
  ROMLINK_TRY(printAnswer(response, global));
  return 0;
}

} // namespace

void addAdvisoryAdd(CLI::App& advisory, Invocation& invocation) {
  auto* command = advisory.add_subcommand("add", "record, for good, that code of a ROM is defective");
  auto options = std::make_shared<AddOptions>();
  command->add_option("--id", options->id, "the advisory's name, such as its CVE number")->required();
  command
      ->add_option(
          "--rom", options->rom,
          "a ROM that holds the code: sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id")
      ->required();
  command->add_option("--symbol", options->symbols, "the defective functions or constants")->required();
  command->add_option("--summary", options->summary, "what is wrong, one line");
  command->add_option("--url", options->url, "where to read more");
  command->footer(
      "Example:\n  romlink --archive roms advisory add --id CVE-2026-0001 --rom boot@1.0 \\\n"
      "    --symbol rsa_verify --summary \"accepts a truncated signature\"\n"
      "Links keep the code and its callers in the ROM local from then on. Other ROMs with the same code are\n"
      "found by themselves. The same advisory again adds what is new.");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return add(*options, invocation.global); };
  });
}

} // namespace romlink::client
