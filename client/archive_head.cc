// romlink archive head [--public-key]
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/session.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

Result<int> showHead(bool publicKey, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  grpc::ClientContext context;
  v1::ArchiveHead head;
  const auto status = v1::ArchiveService::NewStub(session.channel())
                          ->GetArchiveHead(&context, v1::GetArchiveHeadRequest(), &head);
  if (!status.ok())
    return fail(session.errorOf(status));
  if (global.json)
    ROMLINK_TRY(printJson(head));
  else if (publicKey)
    printLine(head.public_key());
  else
    std::fputs(head.note().c_str(), stdout); // as it is: whoever checks the signature needs every byte
  return 0;
}

} // namespace

void addArchiveHead(CLI::App& archive, Invocation& invocation) {
  auto* command = archive.add_subcommand("head", "print the signed head of the archive's log");
  auto publicKey = std::make_shared<bool>(false);
  command->add_flag("--public-key", *publicKey, "print the key that the signature is checked with instead");
  command->footer(
      "Example:\n  romlink --archive roms archive head > head-of-today.txt\n"
      "Keep it elsewhere: `romlink archive verify --head` tells whether anything that was archived then is\n"
      "missing now or was altered, whoever did it.");
  command->callback([&invocation, publicKey] {
    invocation.run = [&invocation, publicKey] { return showHead(*publicKey, invocation.global); };
  });
}

} // namespace romlink::client
