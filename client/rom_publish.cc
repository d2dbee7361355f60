// romlink rom publish
#include "base/file.h"
#include "base/symbol_list.h"
#include "client/address_range.h"
#include "client/command.h"
#include "client/console.h"
#include "client/json.h"
#include "client/key_value.h"
#include "client/rom_text.h"
#include "client/session.h"
#include "client/upload.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <sstream>

namespace romlink::client {
namespace {

struct PublishOptions {
  std::string name;
  std::string version;
  std::string elf;
  std::string image;
  std::vector<std::string> attach;     // ROLE=FILE
  std::vector<std::string> shareLists; // files
  std::string sharedRam;
  std::vector<std::string> volatileRanges; // ADDR:SIZE
  std::vector<std::string> labels;         // KEY=VALUE
};

struct ArtifactFile {
  std::string role;
  std::filesystem::path file;
  std::uint64_t size = 0;
};

/// Words between spaces, as people write lists; '#' begins a comment. Empty: it is no such list.
std::vector<std::string> wordsIn(std::string_view text) {
  std::vector<std::string> words;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream rest(line.substr(0, line.find('#')));
    for (std::string word; rest >> word; words.push_back(word))
      if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$") !=
          std::string::npos)
        return {};
  }
  return words;
}

// Names, or any list of symbols (base/symbol_list.h), without patterns: what is offered is said by name.
Result<void> readShareList(const std::string& file, v1::PublishRomRequest::Header& header) {
  ROMLINK_ASSIGN(const auto content, readFile(file));
  auto list = readSymbolList(asText(content), file);
  if (!list) {
    const std::vector<std::string> words = wordsIn(asText(content));
    if (words.empty())
      return fail(std::move(list.error()));
    header.mutable_shared_symbols()->Add(words.begin(), words.end());
    return {};
  }
  const std::vector<ListedSymbol> symbols = std::move(*list);
  for (const ListedSymbol& symbol : symbols)
    if (symbol.isPattern())
      return fail(ErrorCode::Usage, "the share list has a pattern",
                  file + ":" + std::to_string(symbol.line) + ": " + symbol.name, "it offers symbols by name",
                  "write one symbol a line; `nm` lists the ELF's");
  for (std::string& name : namesOf(symbols))
    header.add_shared_symbols(std::move(name));
  return {};
}

Result<v1::PublishRomRequest> headerOf(const PublishOptions& options) {
  v1::PublishRomRequest message;
  auto& header = *message.mutable_header();
  header.set_name(options.name);
  header.set_version(options.version);
  header.set_shared_ram(options.sharedRam);
  for (const std::string& text : options.volatileRanges) {
    ROMLINK_ASSIGN(const AddressRange range, parseAddressRange(text));
    header.add_volatile_ranges()->set_address(range.address);
    header.mutable_volatile_ranges()->rbegin()->set_size(range.size);
  }
  for (const std::string& text : options.labels) {
    ROMLINK_ASSIGN(const auto label, splitAtEquals("--label", text));
    (*header.mutable_labels())[label.first] = label.second;
  }
  for (const std::string& file : options.shareLists)
    ROMLINK_TRY(readShareList(file, header));
  return message;
}

Result<std::vector<ArtifactFile>> artifactsOf(const PublishOptions& options) {
  std::vector<ArtifactFile> artifacts = {{"elf", options.elf}};
  if (!options.image.empty())
    artifacts.push_back({"image", options.image});
  for (const std::string& text : options.attach) {
    ROMLINK_ASSIGN(const auto attached, splitAtEquals("--attach", text));
    if (attached.second.empty())
      return fail(ErrorCode::Usage, "bad value of --attach", text, "expected ROLE=FILE");
    artifacts.push_back({attached.first, attached.second});
  }
  for (ArtifactFile& artifact : artifacts) {
    std::error_code status;
    artifact.size = std::filesystem::file_size(artifact.file, status);
    if (status)
      return fail(ErrorCode::Malformed, "cannot read", artifact.file.string(), status.message());
  }
  return artifacts;
}

// False when the service does not listen any more; its status says why.
Result<bool> send(grpc::ClientWriter<v1::PublishRomRequest>& writer, const ArtifactFile& artifact) {
  v1::PublishRomRequest message;
  message.mutable_artifact()->set_role(artifact.role);
  message.mutable_artifact()->set_file_name(artifact.file.filename().string());
  message.mutable_artifact()->set_size(artifact.size);
  bool goesOn = writer.Write(message);
  ROMLINK_ASSIGN(const std::uint64_t size, readPieces(artifact.file, [&](std::string&& piece) {
                   message.set_chunk(std::move(piece));
                   goesOn = goesOn && writer.Write(message);
                   return goesOn;
                 }));
  if (goesOn && size != artifact.size)
    return fail(ErrorCode::Malformed, "cannot send", artifact.file.string(), "it changed meanwhile",
                "try again");
  return goesOn;
}

Result<v1::PublishRomResponse> call(const Session& session, const v1::PublishRomRequest& header,
                                    const std::vector<ArtifactFile>& artifacts, Progress& progress) {
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::PublishRomResponse response;
  const auto writer = stub->PublishRom(&context, &response);
  bool goesOn = writer->Write(header);
  for (const ArtifactFile& artifact : artifacts) {
    if (!goesOn)
      break;
    progress.show("sending " + artifact.file.string());
    const auto sent = send(*writer, artifact);
    if (!sent) {
      context.TryCancel();
      (void)writer->Finish();
      return fail(sent.error());
    }
    goesOn = *sent;
  }
  progress.show("archiving");
  writer->WritesDone();
  if (const auto status = writer->Finish(); !status.ok())
    return fail(session.errorOf(status));
  return response;
}

Result<int> publish(const PublishOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const v1::PublishRomRequest header, headerOf(options));
  ROMLINK_ASSIGN(const auto artifacts, artifactsOf(options));
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  Progress progress(global.quiet);
  ROMLINK_ASSIGN(const v1::PublishRomResponse response, call(session, header, artifacts, progress));
  progress.clear();
  if (global.json) {
    ROMLINK_TRY(printJson(response));
    return 0;
  }
  const v1::Rom& rom = response.rom();
  if (!global.quiet) {
    printLine(std::string(response.already_published() ? "already published " : "published ") +
              printable(rom.name() + "@" + rom.version()) + ", " + std::to_string(rom.image_size()) +
              " bytes, " + std::to_string(rom.artifacts_size()) + " artifacts");
    for (const std::string& note : rom.notes())
      printLine("note: " + printable(note));
  }
  printLine(rom.image_hash());
  warnIfWithdrawn(rom);
  return 0;
}

} // namespace

void addRomPublish(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("publish", "archive a released ROM's artifacts for good");
  auto options = std::make_shared<PublishOptions>();
  command->add_option("--name", options->name, "the ROM's name")->required();
  command->add_option("--version", options->version, "its version")->required();
  command->add_option("--elf", options->elf, "the linked ELF with symbols and debug information")->required();
  command->add_option("--image", options->image,
                      "the flash image that was released; must agree with the ELF");
  const auto repeatable = [&](const char* name, std::vector<std::string>& values, const char* help) {
    command->add_option(name, values, help)->allow_extra_args(false);
  };
  repeatable("--attach", options->attach,
             "ROLE=FILE: a further artifact (map, sources, ...); flags=FILE: the compiler's options, "
             "compared by links");
  repeatable("--share-list", options->shareLists,
             "file with the symbols that firmware may use, one a line; without it, all");
  repeatable("--volatile", options->volatileRanges, "ADDR:SIZE that differs from device to device");
  repeatable("--label", options->labels, "KEY=VALUE");
  command->add_option("--shared-ram", options->sharedRam,
                      "ADDR:SIZE or section of RAM shared with the firmware");
  command->footer(
      "Example:\n  romlink --archive roms rom publish --name boot --version 1.0 --elf boot.elf \\\n"
      "    --image boot.bin --attach map=boot.map --shared-ram .shared --volatile 0x10000400:64");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return publish(*options, invocation.global); };
  });
}

} // namespace romlink::client
