#include "server/publish.h"

#include "romlink/v1/archive.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/call.h"
#include "server/catalogue.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/rom_index.h"
#include "server/unpack.h"
#include "server/worker_host.h"
#include "store/record.h"
#include "store/text.h"

#include <algorithm>

namespace romlink::server {
namespace {

constexpr const char* kWhat = "cannot publish the ROM";
constexpr std::size_t kMostArtifacts = 100;
constexpr std::string_view kElf = "elf";
constexpr std::string_view kImage = "image";
constexpr std::string_view kFlags = "flags";
constexpr std::string_view kSymbols = "symbols";
constexpr std::string_view kSharedElf = "shared-elf";
constexpr std::string_view kSources = "sources";
/// What links, debuggers and auditors may ask for in years to come.
constexpr std::string_view kUseful[] = {"map", kFlags, "config", "linker-script", kSources, "sbom"};
/// What romlink reads by this very role: a second file of the kind is nobody's.
constexpr std::string_view kSingle[] = {kElf, kImage, kFlags, kSources};

/// There may be several of most kinds: "config", "config.mbedtls", "config.tfm".
bool isOfKind(std::string_view role, std::string_view kind) {
  if (std::find(std::begin(kSingle), std::end(kSingle), kind) != std::end(kSingle))
    return role == kind;
  return role == kind || (role.starts_with(kind) && role[kind.size()] == '.');
}

/// Of an image that was made here.
std::string imageName(const std::string& title) {
  constexpr std::size_t kLongest = 240; // of 255 bytes that a file's name may have
  return title.size() <= kLongest ? title + ".bin" : "image.bin";
}

tl::unexpected<Error> refuse(std::string where, std::string why) {
  return fail(ErrorCode::Usage, kWhat, std::move(where), std::move(why));
}

} // namespace

Result<Publication> Publication::create(Services& services) {
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services.jobs));
  return Publication(services, std::move(folder));
}

Result<void> Publication::accept(const v1::PublishRomRequest& message) {
  if (!haveHeader_ && !message.has_header())
    return refuse({}, "the first message is not the header");
  switch (message.part_case()) {
  case v1::PublishRomRequest::kHeader:
    return acceptHeader(message.header());
  case v1::PublishRomRequest::kArtifact:
    return start(message.artifact());
  case v1::PublishRomRequest::kChunk:
    return append(message.chunk());
  case v1::PublishRomRequest::PART_NOT_SET:
    break;
  }
  return refuse({}, "a message without content");
}

Result<void> Publication::acceptHeader(const v1::PublishRomRequest::Header& header) {
  if (haveHeader_)
    return refuse({}, "a second header");
  haveHeader_ = true;
  header_.name = header.name();
  header_.version = header.version();
  header_.sharedRam = header.shared_ram();
  for (const auto& range : header.volatile_ranges())
    header_.volatileRanges.push_back(fromMessage(range));
  std::sort(header_.volatileRanges.begin(), header_.volatileRanges.end());
  header_.sharedSymbols.assign(header.shared_symbols().begin(), header.shared_symbols().end());
  header_.labels.insert(header.labels().begin(), header.labels().end());
  if (header_.name.empty() || header_.version.empty())
    return refuse({}, "a ROM has a name and a version");
  store::RomRecord record; // what the archive would refuse after all is sent
  record.name = header_.name;
  record.version = header_.version;
  record.volatileRanges = header_.volatileRanges;
  record.sharedSymbols = header_.sharedSymbols;
  record.labels = header_.labels;
  ROMLINK_TRY(store::normalised(std::move(record)));
  for (const std::string* name : {&header_.name, &header_.version})
    if (const auto flaw = store::flawOfName(*name))
      return refuse("'" + *name + "'", *flaw);
  return {};
}

Result<void> Publication::start(const v1::PublishRomRequest::ArtifactStart& artifact) {
  ROMLINK_TRY(finishArtifact());
  if (artifacts_.size() >= kMostArtifacts)
    return refuse(artifact.role(), "more than " + std::to_string(kMostArtifacts) + " artifacts");
  if (find(artifact.role()) != nullptr)
    return refuse(artifact.role(), "two artifacts have this role");
  if (artifact.file_name().find('/') != std::string::npos)
    return refuse(artifact.file_name(), "an artifact's file name has no folder");
  ROMLINK_TRY(store::normalised({{artifact.role(), artifact.file_name(), {}}}));
  totalBytes_ += std::min(artifact.size(), services_.config.publishBytes + 1);
  if (artifact.size() > services_.config.fileBytes || totalBytes_ > services_.config.publishBytes)
    return fail(ErrorCode::Refused, kWhat, artifact.file_name(),
                "the service accepts " + std::to_string(services_.config.fileBytes / kMiB) +
                    " MiB a file and " + std::to_string(services_.config.publishBytes / kMiB) + " MiB a set",
                "the limits are set in the service's configuration file, [uploads]");
  // Its own name stays out of the file system.
  const auto file = folder_.path() / ("artifact-" + std::to_string(artifacts_.size()) + ".part");
  artifacts_.push_back({artifact.role(), artifact.file_name(), file});
  out_.open(file, std::ios::binary | std::ios::trunc);
  missingBytes_ = artifact.size();
  return {};
}

Result<void> Publication::append(const std::string& chunk) {
  if (artifacts_.empty())
    return refuse({}, "content before the artifact's start");
  if (chunk.size() > missingBytes_)
    return refuse(artifacts_.back().fileName, "more content than announced");
  missingBytes_ -= chunk.size();
  out_.write(chunk.data(), static_cast<std::streamsize>(chunk.size()));
  if (!out_)
    return fail(ErrorCode::Exhausted, kWhat, artifacts_.back().fileName,
                "the archive's disk does not take it");
  return {};
}

Result<void> Publication::finishArtifact() {
  if (artifacts_.empty())
    return {};
  if (missingBytes_ != 0)
    return refuse(artifacts_.back().fileName, "less content than announced");
  out_.close();
  if (!out_)
    return fail(ErrorCode::Exhausted, kWhat, artifacts_.back().fileName,
                "the archive's disk does not take it");
  return {};
}

const store::ArtifactSource* Publication::find(std::string_view role) const {
  const auto found =
      std::find_if(artifacts_.begin(), artifacts_.end(), [&](const auto& a) { return a.role == role; });
  return found == artifacts_.end() ? nullptr : &*found;
}

// What has to be of this very ELF.
void Publication::addCompanions(worker::InspectRom& question) const {
  for (const store::ArtifactSource& artifact : artifacts_) {
    if (isOfKind(artifact.role, kSymbols))
      question.add_symbol_lists(artifact.file.filename().string());
    if (isOfKind(artifact.role, kSharedElf))
      question.add_shared_elfs(artifact.file.filename().string());
  }
  question.mutable_shared_symbols()->Assign(header_.sharedSymbols.begin(), header_.sharedSymbols.end());
  if (const auto* sources = find(kSources); sources != nullptr)
    question.set_sources(sources->file.filename().string());
}

// Lets a worker read the ELF and make its index; adds the flash image to the artifacts if the client sent
// none.
Result<Publication::Inspected> Publication::inspect(Call& call, bool compareImage) {
  worker::Job job;
  worker::InspectRom& question = *job.mutable_inspect_rom();
  question.set_elf(find(kElf)->file.filename().string());
  if (const auto* image = find(kImage); image != nullptr && compareImage)
    question.set_image(image->file.filename().string());
  if (const auto* flags = find(kFlags))
    question.set_flags(flags->file.filename().string());
  if (haveHeader_) // and so is new: what another archive published is not judged again
    addCompanions(question);
  question.set_shared_ram(header_.sharedRam);
  for (const auto& range : header_.volatileRanges) {
    auto& message = *question.add_volatile_ranges();
    message.set_address(range.address);
    message.set_size(range.size);
  }
  auto ran = services_.workers.run(folder_, std::move(job), [&] { return call.cancelled(); });
  if (!ran)
    return fail(inClientsNames(std::move(ran.error())));
  const worker::JobResult& result = *ran;
  Inspected found;
  ROMLINK_ASSIGN(found.rom, fromMessage(result.rom().rom()));
  for (std::string& note : found.rom.notes)
    note = inClientsNames(std::move(note));
  if (std::string absent = absentKinds(); !absent.empty())
    found.rom.notes.push_back("not archived with it: " + absent);
  ROMLINK_ASSIGN(const auto index, folder_.outputFile(result.rom().index()));
  ROMLINK_ASSIGN(found.index, romIndexSource(result.rom(), index));
  ROMLINK_ASSIGN(found.image, folder_.outputFile(result.rom().image()));
  if (find(kImage) == nullptr)
    artifacts_.push_back({std::string(kImage), imageName(header_.name + "-" + header_.version), found.image});
  return found;
}

// Messages name the files as the client does, not as the staging folder does.
std::string Publication::inClientsNames(std::string text) const {
  for (const store::ArtifactSource& artifact : artifacts_) {
    const std::string staged = artifact.file.filename().string();
    if (const std::size_t at = text.find(staged); at != std::string::npos)
      text.replace(at, staged.size(), artifact.fileName);
  }
  return text;
}

Error Publication::inClientsNames(Error error) const {
  for (std::string* part : {&error.what, &error.where, &error.why, &error.hint})
    *part = inClientsNames(std::move(*part));
  return error;
}

/// "map, flags, sources": kinds of artifacts that nobody attached; empty: none is missing.
std::string Publication::absentKinds() const {
  std::string absent;
  for (const std::string_view kind : kUseful)
    if (std::none_of(artifacts_.begin(), artifacts_.end(),
                     [&](const auto& artifact) { return isOfKind(artifact.role, kind); }))
      absent.append(absent.empty() ? "" : ", ").append(kind);
  return absent;
}

/// The owner of the service may ask for more than an ELF.
Result<void> Publication::checkRequiredRoles() const {
  for (const std::string& role : services_.config.requiredRoles)
    if (std::none_of(artifacts_.begin(), artifacts_.end(),
                     [&](const auto& artifact) { return isOfKind(artifact.role, role); }))
      return fail(ErrorCode::Refused, kWhat, header_.name + "@" + header_.version,
                  "it has no artifact of the role '" + role + "', which this service requires",
                  "add --attach " + role + "=FILE" + (role == kImage ? ", or --image FILE" : ""));
  return {};
}

Result<void> Publication::publish(Call& call, v1::PublishRomResponse& response) {
  if (!haveHeader_)
    return refuse({}, "the request is empty");
  ROMLINK_TRY(finishArtifact());
  if (find(kElf) == nullptr)
    return refuse({}, "no artifact has the role 'elf'");
  ROMLINK_TRY(checkRequiredRoles());
  ROMLINK_ASSIGN(Inspected found, inspect(call, true));
  store::RomRecord& record = found.rom;
  record.name = header_.name;
  record.version = header_.version;
  record.volatileRanges = header_.volatileRanges;
  record.sharedSymbols = header_.sharedSymbols;
  record.labels = header_.labels;
  record.publishedAt.clear();
  ROMLINK_ASSIGN(const store::Sketch sketch, sketchOfFile(found.image, record));
  if (call.cancelled())
    return Call::clientGone();
  ROMLINK_ASSIGN(const store::Published published,
                 services_.archive.publish(std::move(record), artifacts_, found.index, sketch));
  toMessage(published.rom, *response.mutable_rom());
  response.set_already_published(published.alreadyPublished);
  return {};
}

Result<void> Publication::repeat(Call& call, const store::Archive& from, const store::RomRecord& rom) {
  ROMLINK_TRY(store::normalised(store::RomRecord(rom)));
  header_.name = rom.name;
  header_.version = rom.version;
  if (rom.sharedRam)
    header_.sharedRam = std::to_string(rom.sharedRam->address) + ":" + std::to_string(rom.sharedRam->size);
  header_.volatileRanges = rom.volatileRanges;
  ROMLINK_ASSIGN(artifacts_, unpack(from, rom, folder_.path()));
  const auto damaged = [&](std::string why) {
    return fail(ErrorCode::Damaged, kWhat, rom.name + "@" + rom.version, std::move(why));
  };
  if (find(kElf) == nullptr || find(kImage) == nullptr)
    return damaged("its record has no ELF or no image");
  // An image that was made from the ELF has 0xFF in the volatile ranges; then its digest is the image hash.
  const bool wasMade = std::any_of(rom.artifacts.begin(), rom.artifacts.end(), [&](const auto& artifact) {
    return artifact.role == kImage && artifact.digest == rom.imageHash;
  });
  auto inspected = inspect(call, !wasMade);
  if (!inspected &&
      (inspected.error().code == ErrorCode::Refused || inspected.error().code == ErrorCode::Malformed))
    return damaged(inspected.error().line());
  ROMLINK_ASSIGN(Inspected found, std::move(inspected));
  if (found.rom.imageHash != rom.imageHash)
    return damaged("its ELF has the image " + found.rom.imageHash.text());
  // Not the counts and the architecture's name: another version of romlink may have told them otherwise.
  if (found.rom.imageSize != rom.imageSize || found.rom.flash != rom.flash || found.rom.entry != rom.entry ||
      found.rom.buildId != rom.buildId)
    return damaged("its record is not that of its ELF: image size, flash, entry or build-id differ");
  ROMLINK_ASSIGN(const store::Sketch sketch, sketchOfFile(found.image, rom));
  repeated_ = std::make_unique<Repeated>(Repeated{rom, std::move(found.index), sketch});
  return {};
}

Result<void> Publication::commit() {
  ROMLINK_TRY(services_.archive.publish(repeated_->rom, artifacts_, repeated_->index, repeated_->sketch));
  return {};
}

} // namespace romlink::server
