#include "server/publish.h"

#include "romlink/v1/archive.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/call.h"
#include "server/catalogue.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/rom_index.h"
#include "server/worker_host.h"

#include <algorithm>

namespace romlink::server {
namespace {

constexpr const char* kWhat = "cannot publish the ROM";
constexpr std::size_t kMostArtifacts = 100;
constexpr std::string_view kElf = "elf";
constexpr std::string_view kImage = "image";
constexpr std::string_view kFlags = "flags";

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
  totalBytes_ += std::min(artifact.size(), services_.config.publishBytes + 1);
  if (artifact.size() > services_.config.fileBytes || totalBytes_ > services_.config.publishBytes)
    return fail(ErrorCode::Exhausted, kWhat, artifact.file_name(), "it is larger than the service accepts",
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

// Lets a worker read the ELF and make its index; adds the flash image to the artifacts if the client sent
// none.
Result<Publication::Inspected> Publication::inspect(Call& call) {
  worker::Job job;
  worker::InspectRom& question = *job.mutable_inspect_rom();
  question.set_elf(find(kElf)->file.filename().string());
  if (const auto* image = find(kImage))
    question.set_image(image->file.filename().string());
  if (const auto* flags = find(kFlags))
    question.set_flags(flags->file.filename().string());
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
  ROMLINK_ASSIGN(const auto index, folder_.outputFile(result.rom().index()));
  ROMLINK_ASSIGN(found.index, romIndexSource(result.rom(), index));
  if (find(kImage) == nullptr) {
    ROMLINK_ASSIGN(auto image, folder_.outputFile(result.rom().image()));
    artifacts_.push_back(
        {std::string(kImage), header_.name + "-" + header_.version + ".bin", std::move(image)});
  }
  return found;
}

// Messages name the files as the client does, not as the staging folder does.
Error Publication::inClientsNames(Error error) const {
  for (const store::ArtifactSource& artifact : artifacts_) {
    const std::string staged = artifact.file.filename().string();
    for (std::string* part : {&error.what, &error.where, &error.why, &error.hint})
      if (const std::size_t at = part->find(staged); at != std::string::npos)
        part->replace(at, staged.size(), artifact.fileName);
  }
  return error;
}

Result<void> Publication::publish(Call& call, v1::PublishRomResponse& response) {
  if (!haveHeader_)
    return refuse({}, "the request is empty");
  ROMLINK_TRY(finishArtifact());
  if (find(kElf) == nullptr)
    return refuse({}, "no artifact has the role 'elf'");
  ROMLINK_ASSIGN(Inspected found, inspect(call));
  store::RomRecord& record = found.rom;
  record.name = header_.name;
  record.version = header_.version;
  record.volatileRanges = header_.volatileRanges;
  record.sharedSymbols = header_.sharedSymbols;
  record.labels = header_.labels;
  ROMLINK_ASSIGN(const store::Sketch sketch, sketchOfFile(find(kImage)->file, record));
  if (call.cancelled())
    return Call::clientGone();
  ROMLINK_ASSIGN(const store::Published published,
                 services_.archive.publish(std::move(record), artifacts_, found.index, sketch));
  toMessage(published.rom, *response.mutable_rom());
  response.set_already_published(published.alreadyPublished);
  return {};
}

} // namespace romlink::server
