// romlink rom identify DUMP [--base ADDR]
#include "client/rom_identify.h"

#include "client/address_range.h"
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/rom_text.h"
#include "client/session.h"
#include "client/upload.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct IdentifyOptions {
  std::string dump;
  std::string base;
};

Result<int> identify(const IdentifyOptions& options, const GlobalOptions& global) {
  std::optional<std::uint32_t> base;
  if (!options.base.empty()) {
    ROMLINK_ASSIGN(base, parseAddress(options.base));
  }
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  ROMLINK_ASSIGN(const v1::IdentifyImageResponse found, identifyDump(session, options.dump, base));
  if (global.json) {
    ROMLINK_TRY(printJson(found));
    return 0;
  }
  printLine(printable(found.rom().name() + "@" + found.rom().version()));
  if (found.offset() > 0)
    printLine("offset " + std::to_string(found.offset()));
  printLine(found.rom().image_hash());
  warnIfWithdrawn(found.rom());
  return 0;
}

} // namespace

Result<v1::IdentifyImageResponse> identifyDump(const Session& session, const std::filesystem::path& dump,
                                               std::optional<std::uint32_t> base) {
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::IdentifyImageResponse response;
  const auto writer = stub->IdentifyImage(&context, &response);
  v1::IdentifyImageRequest message;
  if (base)
    message.set_base(*base);
  const auto read = readPieces(dump, [&](std::string&& piece) {
    message.set_chunk(std::move(piece));
    const bool goesOn = writer->Write(message);
    message.clear_base();
    return goesOn;
  });
  if (!read)
    context.TryCancel();
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  ROMLINK_TRY(read);
  if (!status.ok()) {
    Error error = session.errorOf(status);
    if (error.code == ErrorCode::NotFound && error.where.empty())
      error.where = dump.string();
    return fail(std::move(error));
  }
  return response;
}

void addRomIdentify(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("identify", "name the ROM in a flash dump");
  auto options = std::make_shared<IdentifyOptions>();
  command->add_option("DUMP", options->dump, "what was read from the device's flash")->required();
  command->add_option("--base", options->base, "address of the dump's first byte, decimal or 0x hexadecimal");
  command->footer("Example:\n  romlink --archive roms rom identify dump.bin --base 0x10000000");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return identify(*options, invocation.global); };
  });
}

} // namespace romlink::client
