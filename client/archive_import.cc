// romlink archive import FILE [--trust KEY]...
#include "base/file.h"
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/session.h"
#include "client/verifier_key.h"
#include "romlink/v1/transfer.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct ImportOptions {
  std::string file;
  std::vector<std::string> trust; // verifier keys, or files that hold one
};

Result<v1::ImportRomsResponse> call(const Session& session, const ImportOptions& options,
                                    Progress& progress) {
  v1::ImportRomsRequest message;
  message.mutable_header();
  for (const std::string& given : options.trust) {
    ROMLINK_ASSIGN(const VerifierKey key, verifierKeyFrom(given));
    message.mutable_header()->add_trusted_keys(key.text());
  }
  const auto stub = v1::TransferService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::ImportRomsResponse response;
  const auto writer = stub->ImportRoms(&context, &response);
  bool goesOn = writer->Write(message);
  progress.show("sending " + options.file);
  const auto read = readPieces(options.file, [&](std::string&& piece) {
    message.set_chunk(std::move(piece));
    return goesOn = goesOn && writer->Write(message);
  });
  if (!read)
    context.TryCancel();
  progress.show("verifying and importing");
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  ROMLINK_TRY(read);
  if (!status.ok()) {
    Error error = session.errorOf(status);
    if (error.where.empty())
      error.where = options.file;
    return fail(std::move(error));
  }
  return response;
}

Result<int> importRoms(const ImportOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  Progress progress(global.quiet);
  ROMLINK_ASSIGN(const v1::ImportRomsResponse response, call(session, options, progress));
  progress.clear();
  if (global.json) {
    ROMLINK_TRY(printJson(response));
    return 0;
  }
  for (const auto& imported : response.roms())
    printLine(fmt::format("{}  {}  {}", imported.already_published() ? "already there" : "imported     ",
                          imported.rom().image_hash(),
                          printable(imported.rom().name() + "@" + imported.rom().version())));
  if (response.new_advisories() > 0)
    printLine(fmt::format("{} new advisor{}", response.new_advisories(),
                          response.new_advisories() == 1 ? "y" : "ies"));
  if (response.new_withdrawals() > 0)
    printLine(fmt::format("{} ROM{} withdrawn", response.new_withdrawals(),
                          response.new_withdrawals() == 1 ? "" : "s"));
  if (!global.quiet)
    printLine("signed by " + printable(response.signed_by()));
  return 0;
}

} // namespace

void addArchiveImport(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("import", "publish the ROMs of a bundle, verified as a whole");
  auto options = std::make_shared<ImportOptions>();
  command->add_option("FILE", options->file, "what `archive export` wrote")->required();
  command
      ->add_option(
          "--trust", options->trust,
          "the key of the archive it comes from, as `archive head --public-key` prints it there, or a file "
          "that holds it; may be given several times")
      ->allow_extra_args(false);
  command->footer("Example:\n  romlink --archive roms archive import boot.bundle --trust headquarters.key");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return importRoms(*options, invocation.global); };
  });
}

} // namespace romlink::client
