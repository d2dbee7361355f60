// romlink rom fetch ROM [--role R]... --out DIR
//
// Every file is checked against its digest before it appears under its name, and has a name of its own.
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
#include <map>
#include <set>

namespace romlink::client {
namespace {

namespace fs = std::filesystem;

struct FetchOptions {
  std::string rom;
  std::vector<std::string> roles;
  std::string out;
};

/// What `prefix` and `name` make, cut where it would be too long for a file name; not within a character.
std::string joined(const std::string& prefix, const std::string& name) {
  constexpr std::size_t kLongest = 240; // 255 less what is added to a file's name while it is written
  std::string text = prefix + "-" + name;
  if (text.size() <= kLongest)
    return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return text.substr(0, end);
}

/// Role to file name, of all of the ROM's artifacts, so that a role's file is the same whichever are fetched.
/// A name that several have gets the role in front, and a number where even that is another's name.
/// Names come from the service; one that leads elsewhere is not used.
Result<std::map<std::string, std::string>> fileNamesOf(const v1::Rom& rom) {
  std::map<std::string, int> uses;
  for (const v1::Artifact& artifact : rom.artifacts()) {
    const std::string& name = artifact.file_name();
    if (name.empty() || name == "." || name == ".." ||
        (artifact.role() + name).find('/') != std::string::npos)
      return fail(ErrorCode::Damaged, "bad file name in the archive", artifact.role() + ": " + name);
    ++uses[name];
  }
  std::set<std::string> taken;
  for (const auto& [name, count] : uses)
    taken.insert(name);
  std::map<std::string, std::string> names;
  for (const v1::Artifact& artifact : rom.artifacts()) {
    std::string name = artifact.file_name();
    if (uses[name] > 1) {
      name = joined(artifact.role(), artifact.file_name());
      for (int i = 2; !taken.insert(name).second; ++i)
        name = joined(artifact.role() + "-" + std::to_string(i), artifact.file_name());
    }
    names[artifact.role()] = name;
  }
  return names;
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
  ROMLINK_ASSIGN(auto fileNames, fileNamesOf(rom));
  std::error_code made;
  fs::create_directories(options.out, made);
  if (made)
    return fail(ErrorCode::Malformed, "cannot write", options.out, made.message());
  Progress progress(global.quiet);
  std::vector<OutputFile> files;
  std::vector<std::string> names;
  for (const v1::Artifact* artifact : artifacts) {
    const std::string& name = fileNames[artifact->role()];
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
