// romlink check FIRMWARE.elf --rom ROM | --dump FILE
#include "client/command.h"
#include "client/console.h"
#include "client/input_names.h"
#include "client/json.h"
#include "client/rom_identify.h"
#include "client/session.h"
#include "client/upload.h"
#include "romlink/v1/archive.pb.h"
#include "romlink/v1/link.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

struct CheckOptions {
  std::string firmware;
  std::string rom;
  std::string dump;
};

// The hash of the ROM that the dump holds whole: what only names a ROM proves nothing of the device.
Result<std::string> romIn(const std::string& dump, const Session& session) {
  ROMLINK_ASSIGN(const auto identified, identifyDump(session, {dump, {}, {}, false}));
  const auto kind = identified.matches(0).kind();
  if (kind == v1::ImageMatch::EXACT || kind == v1::ImageMatch::EXCEPT_VOLATILE)
    return identified.rom().image_hash();
  return fail(ErrorCode::NotFound, "no archived ROM is whole in this dump", dump,
              "it names " + identified.rom().name() + "@" + identified.rom().version() + " only",
              "dump the ROM's whole flash, or name the ROM with --rom");
}

Result<int> check(const CheckOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Digest digest, sha256OfFile(options.firmware));
  std::error_code status;
  const Upload firmware{digest, std::filesystem::file_size(options.firmware, status), options.firmware,
                        nullptr};
  if (status)
    return fail(ErrorCode::Malformed, "cannot read", options.firmware, status.message());
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  v1::CheckRequest request;
  request.set_rom(options.rom);
  if (!options.dump.empty()) {
    ROMLINK_ASSIGN(const std::string rom, romIn(options.dump, session));
    request.set_rom(rom);
  }
  Progress progress(global.quiet);
  ROMLINK_TRY(uploadMissing(session, {firmware}, progress));
  progress.clear();
  request.mutable_firmware()->set_path(linkerName(options.firmware));
  request.mutable_firmware()->set_digest(digest.text());
  grpc::ClientContext context;
  v1::CheckResponse response;
  InputNames names;
  names.add(request.firmware().path(), options.firmware);
  if (const auto called = v1::LinkService::NewStub(session.channel())->Check(&context, request, &response);
      !called.ok()) {
    Error error = session.errorOf(called);
    error.where = names.toUser(error.where);
    error.why = names.toUser(error.why);
    return fail(std::move(error));
  }
  if (global.json)
    ROMLINK_TRY(printJson(response));
  else if (response.matches())
    printLine(printable(names.toUser(response.message())));
  for (const v1::Finding& finding : response.findings())
    if (finding.severity() == v1::Finding::WARNING)
      printWarning(finding.message());
  if (response.matches())
    return 0;
  return fail(ErrorCode::Refused, "the firmware does not belong on this ROM", options.firmware,
              names.toUser(response.message()), "link it again with --rom " + response.rom_image_hash());
}

} // namespace

void addCheck(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("check", "does this firmware belong on this ROM?");
  auto options = std::make_shared<CheckOptions>();
  command->add_option("FIRMWARE", options->firmware, "linked firmware ELF")->required();
  auto* which = command->add_option_group("the ROM");
  which->add_option("--rom", options->rom,
                    "sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id");
  which->add_option("--dump", options->dump, "flash dump of the device; its ROM is identified first");
  which->require_option(1);
  command->footer("Example:\n  romlink --archive roms check firmware.elf --rom boot@1.0");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return check(*options, invocation.global); };
  });
}

} // namespace romlink::client
