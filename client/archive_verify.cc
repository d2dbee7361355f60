// romlink archive verify [--head FILE] [--public-key KEY]
#include "base/file.h"
#include "base/signed_note.h"
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/session.h"
#include "client/verifier_key.h"
#include "relink/report/utf8.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct VerifyOptions {
  std::string head;
  std::string publicKey;
};

Result<v1::VerifyArchiveRequest> requestOf(const VerifyOptions& options) {
  v1::VerifyArchiveRequest request;
  if (!options.publicKey.empty()) {
    ROMLINK_ASSIGN(const VerifierKey key, verifierKeyFrom(options.publicKey));
    request.set_public_key(key.text());
  }
  if (options.head.empty())
    return request;
  std::error_code status;
  if (std::filesystem::is_directory(options.head, status) ||
      std::filesystem::is_character_file(options.head, status))
    return fail(ErrorCode::Malformed, "not a signed note", options.head, "it is not a file");
  ROMLINK_ASSIGN(const auto head, readFile(options.head));
  if (head.empty() || head.size() > SignedNote::kLongest || report::toUtf8(asText(head)) != asText(head))
    return fail(ErrorCode::Malformed, "not a signed note", options.head,
                "it is empty, too long, or not UTF-8", "`romlink archive head` prints what --head reads");
  request.set_head(std::string(asText(head)));
  return request;
}

Result<v1::VerifyArchiveResponse> callVerify(const VerifyOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const v1::VerifyArchiveRequest request, requestOf(options));
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  const auto reader = stub->VerifyArchive(&context, request);
  Progress progress(global.quiet);
  v1::VerifyArchiveResponse last;
  for (v1::VerifyArchiveResponse message; reader->Read(&message);) {
    progress.show("verifying " + std::to_string(message.checked_blobs()) + " of " +
                  std::to_string(message.total_blobs()));
    last = message;
  }
  progress.clear();
  if (const auto status = reader->Finish(); !status.ok()) {
    Error error = session.errorOf(status);
    if (error.code == ErrorCode::Malformed && error.where.empty())
      error.where = error.what == "not a verifier key" ? options.publicKey : options.head;
    return fail(std::move(error));
  }
  if (!last.finished())
    return fail(ErrorCode::Internal, "the service did not finish the verification");
  return last;
}

Result<int> verify(const VerifyOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const v1::VerifyArchiveResponse found, callVerify(options, global));
  if (global.json)
    ROMLINK_TRY(printJson(found));
  for (const std::string& note : found.notes())
    printNote(printable(note));
  Error damage{ErrorCode::Damaged, "the archive is damaged", {}, {}, {}};
  for (const std::string& problem : found.problems()) {
    damage.where = problem;
    printError(damage);
  }
  if (!found.contradiction().empty())
    return printError({ErrorCode::Refused, "the archive is not what was written down of it",
                       options.head.empty() ? options.publicKey : options.head, found.contradiction(),
                       "keep this archive as it is, and compare it with a backup"});
  if (found.problems_size() > 0)
    return exitCodeOf(damage.code);
  if (!global.json) {
    printLine("intact: " + std::to_string(found.checked_blobs()) + " blobs, " +
              std::to_string(found.checked_bytes()) + " bytes");
    printLine("log: " + std::to_string(found.log_entries()) + " entries" +
              (options.head.empty() ? "" : ", all that the head speaks of among them"));
  }
  return 0;
}

} // namespace

void addArchiveVerify(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("verify", "read everything again and compare it with its digests");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("--head", options->head,
                      "what `archive head` printed earlier: is all of it still there, unaltered?");
  command->add_option(
      "--public-key", options->publicKey,
      "what `archive head --public-key` printed: did this key sign the head, or without --head, "
      "the archive's newest?");
  command->footer("Example:\n  romlink --archive roms archive verify --head head-of-2026.txt");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return verify(*options, invocation.global); };
  });
}

} // namespace romlink::client
