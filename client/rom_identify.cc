// romlink rom identify DUMP [--base ADDR] [--volatile ADDR:SIZE]...
#include "client/rom_identify.h"

#include "client/command.h"
#include "client/console.h"
#include "client/identify_text.h"
#include "client/json.h"
#include "client/rom_text.h"
#include "client/session.h"
#include "client/upload.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <set>

namespace romlink::client {
namespace {

struct IdentifyOptions {
  std::string dump;
  std::string base;
  std::vector<std::string> volatileRanges;
};

Result<int> identify(const IdentifyOptions& options, const GlobalOptions& global) {
  DumpQuestion question{options.dump, std::nullopt, {}, true};
  if (!options.base.empty()) {
    ROMLINK_ASSIGN(question.base, parseAddress(options.base));
  }
  for (const std::string& text : options.volatileRanges) {
    ROMLINK_ASSIGN(const AddressRange range, parseAddressRange(text));
    question.volatileRanges.push_back(range);
  }
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  ROMLINK_ASSIGN(const v1::IdentifyImageResponse found, identifyDump(session, question));
  if (global.json)
    ROMLINK_TRY(printJson(found));
  else
    std::fputs(identifyTable(found, outputHasColour()).c_str(), stdout);
  for (const std::string& reason : found.incomplete())
    printWarning("there may be more: " + reason);
  std::set<std::string> warned;
  for (const v1::ImageMatch& match : found.matches())
    if (match.kind() != v1::ImageMatch::NEAR && warned.insert(match.rom().image_hash()).second)
      warnIfWithdrawn(match.rom());
  if (found.has_rom())
    return 0;
  return fail(ErrorCode::NotFound, "no archived ROM is in this dump", options.dump, "near matches only",
              "if the bytes that differ are specific to the device, name them with --volatile ADDRESS:SIZE");
}

} // namespace

Result<v1::IdentifyImageResponse> identifyDump(const Session& session, const DumpQuestion& question) {
  std::error_code ignored;
  if (std::filesystem::is_directory(question.dump, ignored))
    return fail(ErrorCode::Malformed, "cannot read the dump", question.dump.string(), "it is a folder");
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::IdentifyImageResponse response;
  const auto writer = stub->IdentifyImage(&context, &response);
  v1::IdentifyImageRequest message;
  if (question.base)
    message.set_base(*question.base);
  for (const AddressRange& range : question.volatileRanges) {
    message.add_volatile_ranges()->set_address(range.address);
    message.mutable_volatile_ranges()->rbegin()->set_size(range.size);
  }
  message.set_list_near(question.listNear);
  const auto read = readPieces(question.dump, [&](std::string&& piece) {
    message.set_chunk(std::move(piece));
    const bool goesOn = writer->Write(message);
    message.Clear();
    return goesOn;
  });
  if (!read)
    context.TryCancel();
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  ROMLINK_TRY(read);
  if (!status.ok()) {
    Error error = session.errorOf(status);
    if (error.code != ErrorCode::Unavailable) // "dump.hex, line 12"
      error.where = question.dump.string() + (error.where.empty() ? "" : ", " + error.where);
    return fail(std::move(error));
  }
  return response;
}

void addRomIdentify(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("identify", "name the ROM in a flash dump, or that of a firmware ELF");
  auto options = std::make_shared<IdentifyOptions>();
  command
      ->add_option(
          "DUMP", options->dump,
          "what was read from the device's flash, its build-id note for example: binary, Intel HEX or "
          "S-records; or an ELF")
      ->required();
  command->add_option(
      "--base", options->base,
      "address of the dump's first byte, decimal or 0x hexadecimal: only a ROM that is at its "
      "address counts");
  command
      ->add_option("--volatile", options->volatileRanges,
                   "ADDR:SIZE that is specific to this device, besides what the ROM declares; repeatable")
      ->allow_extra_args(false);
  command->footer("The best match comes first. Near matches are named, but are no answer: exit code 4.\n"
                  "Example:\n  romlink --archive roms rom identify dump.bin");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return identify(*options, invocation.global); };
  });
}

} // namespace romlink::client
