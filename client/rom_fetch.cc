// romlink rom fetch ROM [--role R]... --out DIR
//
// Every file is checked against its digest before it appears under its name.
#include "client/command.h"
#include "client/console.h"
#include "client/output_file.h"
#include "client/rom_text.h"
#include "client/session.h"
#include "romlink/v1/archive.grpc.pb.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace romlink::client {
namespace {

namespace fs = std::filesystem;

struct FetchOptions {
  std::string rom;
  std::vector<std::string> roles;
  std::string out;
};

// Base names come from the service; one that leads elsewhere is not used. Two artifacts with one name: role
// in front.
Result<std::string> fileNameOf(const v1::Artifact& artifact, const v1::Rom& rom) {
  const std::string& name = artifact.file_name();
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    return fail(ErrorCode::Damaged, "bad file name in the archive", name);
  const auto same = std::count_if(rom.artifacts().begin(), rom.artifacts().end(),
                                  [&](const v1::Artifact& other) { return other.file_name() == name; });
  return same > 1 ? artifact.role() + "-" + name : name;
}

Result<OutputFile> fetchOne(const Session& session, v1::ArchiveService::Stub& stub, const v1::Rom& rom,
                            const v1::Artifact& artifact, const fs::path& file) {
  v1::FetchArtifactRequest request;
  request.set_rom(rom.image_hash());
  request.set_role(artifact.role());
  grpc::ClientContext context;
  const auto reader = stub.FetchArtifact(&context, request);
  ROMLINK_ASSIGN(OutputFile output, OutputFile::create(file));
  Sha256 hash;
  v1::FetchArtifactResponse message;
  Result<void> written;
  while (written && reader->Read(&message)) {
    hash.update(asBytes(message.chunk()));
    written = output.write(asBytes(message.chunk()));
  }
  if (!written)
    context.TryCancel();
  const grpc::Status status = reader->Finish();
  ROMLINK_TRY(written);
  if (!status.ok())
    return fail(session.errorOf(status));
  if (const std::string actual = hash.finish().text(); actual != artifact.digest())
    return fail(ErrorCode::Damaged, "the fetched file does not match its digest", file.string(),
                "it has " + actual + " instead of " + artifact.digest());
  return output;
}

Result<std::vector<const v1::Artifact*>> chosen(const v1::Rom& rom, const std::vector<std::string>& roles) {
  std::vector<const v1::Artifact*> artifacts;
  for (const v1::Artifact& artifact : rom.artifacts())
    if (roles.empty() || std::find(roles.begin(), roles.end(), artifact.role()) != roles.end())
      artifacts.push_back(&artifact);
  for (const std::string& role : roles)
    if (std::none_of(artifacts.begin(), artifacts.end(), [&](const auto* a) { return a->role() == role; }))
      return fail(ErrorCode::NotFound, "no such artifact", role, "the ROM has no artifact with this role",
                  "`romlink rom show` lists a ROM's artifacts");
  return artifacts;
}

Result<int> fetchRom(const FetchOptions& options, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const Session session, Session::open(global));
  const auto stub = v1::ArchiveService::NewStub(session.channel());
  grpc::ClientContext context;
  v1::GetRomRequest request;
  request.set_rom(options.rom);
  v1::Rom rom;
  if (const auto status = stub->GetRom(&context, request, &rom); !status.ok())
    return fail(session.errorOf(status));
  ROMLINK_ASSIGN(const auto artifacts, chosen(rom, options.roles));
  std::error_code made;
  fs::create_directories(options.out, made);
  if (made)
    return fail(ErrorCode::Malformed, "cannot write", options.out, made.message());
  Progress progress(global.quiet);
  std::vector<OutputFile> files;
  std::vector<std::string> names;
  for (const v1::Artifact* artifact : artifacts) {
    ROMLINK_ASSIGN(const std::string name, fileNameOf(*artifact, rom));
    progress.show("fetching " + name);
    names.push_back((fs::path(options.out) / name).string());
    ROMLINK_ASSIGN(OutputFile file, fetchOne(session, *stub, rom, *artifact, names.back()));
    files.push_back(std::move(file));
  }
  for (OutputFile& file : files)
    ROMLINK_TRY(file.commit());
  progress.clear();
  for (const std::string& name : names)
    printLine(name);
  warnIfWithdrawn(rom);
  return 0;
}

} // namespace

void addRomFetch(CLI::App& rom, Invocation& invocation) {
  auto* command = rom.add_subcommand("fetch", "retrieve a ROM's artifacts, checked against their digests");
  auto options = std::make_shared<FetchOptions>();
  command
      ->add_option("ROM", options->rom, "sha256:HEX, 8 or more hex digits of it, NAME@VERSION, or a build-id")
      ->required();
  command
      ->add_option("--role", options->roles,
                   "only this artifact (elf, image, ...); may be given several times")
      ->allow_extra_args(false);
  command->add_option("--out", options->out, "folder for the files; created if missing")->required();
  command->footer("Example:\n  romlink --archive roms rom fetch boot@1.0 --role elf --out fetched");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return fetchRom(*options, invocation.global); };
  });
}

} // namespace romlink::client
