// romlink.v1.LinkService: inputs come once into the content-addressed cache, links run in workers.
//
// A link: resolve the ROM; take its index from the archive into the cache (hash-checked); give every input
// its name in a private job folder (link_job.h); let a worker do the job; archive the release (release.h);
// stream report, image, map and the release's id; remove the folder.
#include "base/file.h"
#include "romlink/v1/link.grpc.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/call.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/input_cache.h"
#include "server/job_folder.h"
#include "server/link_job.h"
#include "server/release.h"
#include "server/rom_index.h"
#include "server/services.h"
#include "server/withdrawn.h"
#include "server/worker_host.h"
#include "store/archive.h"

#include <algorithm>
#include <fstream>
#include <grpcpp/server_context.h>
#include <optional>

namespace romlink::server {
namespace {

constexpr const char* kRomIndex = "rom.index";

using LinkWriter = grpc::ServerWriter<v1::LinkResponse>;

class LinkService final : public v1::LinkService::Service {
public:
  explicit LinkService(Services& services) : services_(services) {}

  grpc::Status FindMissing(grpc::ServerContext* context, const v1::FindMissingRequest* request,
                           v1::FindMissingResponse* response) override {
    return handle(*context, "FindMissing", services_.activity, [&](Call&) -> Result<void> {
      for (const std::string& text : request->digests()) {
        ROMLINK_ASSIGN(const Digest digest, Digest::parse(text));
        if (!services_.inputs.contains(digest))
          response->add_digests(text);
      }
      return {};
    });
  }

  grpc::Status Upload(grpc::ServerContext* context, grpc::ServerReader<v1::UploadRequest>* reader,
                      v1::UploadResponse* response) override {
    return handle(*context, "Upload", services_.activity,
                  [&](Call& call) { return upload(call, *reader, *response); });
  }

  grpc::Status Link(grpc::ServerContext* context, const v1::LinkRequest* request,
                    LinkWriter* writer) override {
    return handle(*context, request->plan_only() ? "Link(plan)" : "Link", services_.activity,
                  [&](Call& call) { return link(call, *request, *writer); });
  }

  grpc::Status Check(grpc::ServerContext* context, const v1::CheckRequest* request,
                     v1::CheckResponse* response) override {
    return handle(*context, "Check", services_.activity,
                  [&](Call& call) { return check(call, *request, *response); });
  }

private:
  Result<void> upload(Call& call, grpc::ServerReader<v1::UploadRequest>& reader,
                      v1::UploadResponse& response);
  Result<void> link(Call& call, const v1::LinkRequest& request, LinkWriter& writer);
  Result<void> check(Call& call, const v1::CheckRequest& request, v1::CheckResponse& response);

  Services& services_;
};

// One file on its way into the cache, and what is still missing of it.
struct Incoming {
  InputCache::Writer writer;
  std::uint64_t missing;
};

Result<void> finish(std::optional<Incoming>& incoming, v1::UploadResponse& response) {
  if (!incoming)
    return {};
  if (incoming->missing != 0)
    return fail(ErrorCode::Usage, "cannot take the upload", {}, "less content than announced");
  ROMLINK_TRY(incoming->writer.commit());
  incoming.reset();
  response.set_files(response.files() + 1);
  return {};
}

Result<void> LinkService::upload(Call& call, grpc::ServerReader<v1::UploadRequest>& reader,
                                 v1::UploadResponse& response) {
  std::optional<Incoming> incoming;
  v1::UploadRequest message;
  while (reader.Read(&message)) {
    if (message.has_start()) {
      ROMLINK_TRY(finish(incoming, response));
      ROMLINK_ASSIGN(const Digest digest, Digest::parse(message.start().digest()));
      if (message.start().size() > services_.config.fileBytes)
        return fail(ErrorCode::Refused, "cannot take the upload", digest.text(),
                    "it is larger than the service accepts",
                    "the limits are set in the service's configuration file, [uploads]");
      ROMLINK_ASSIGN(InputCache::Writer writer, services_.inputs.write(digest));
      incoming.emplace(Incoming{std::move(writer), message.start().size()});
      continue;
    }
    if (!incoming || message.chunk().size() > incoming->missing)
      return fail(ErrorCode::Usage, "cannot take the upload", {}, "more content than announced");
    incoming->missing -= message.chunk().size();
    call.received(message.chunk().size());
    ROMLINK_TRY(incoming->writer.write(asBytes(message.chunk())));
  }
  if (call.cancelled())
    return Call::clientGone();
  return finish(incoming, response);
}

Result<void> sendFile(Call& call, LinkWriter& writer, v1::LinkResponse::Output output,
                      const std::filesystem::path& file) {
  v1::LinkResponse message;
  message.mutable_chunk()->set_output(output);
  bool listening = true;
  ROMLINK_TRY(readPieces(file, [&](std::string&& piece) {
    call.sent(piece.size());
    message.mutable_chunk()->set_data(std::move(piece));
    return listening = writer.Write(message);
  }));
  return listening ? Result<void>() : Call::clientGone();
}

Result<void> LinkService::link(Call& call, const v1::LinkRequest& request, LinkWriter& writer) {
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services_.jobs));
  ROMLINK_ASSIGN(const auto roms, romsOf(services_, request));
  ROMLINK_TRY(checkLinkable(roms));
  ROMLINK_ASSIGN(const LinkInputs inputs, linkInputs(services_, call, request));
  ROMLINK_ASSIGN(worker::Job job, linkJob(services_, call, request, inputs, roms, folder));
  v1::LinkResponse message;
  message.set_progress(request.plan_only() ? "planning" : "linking");
  writer.Write(message);
  ROMLINK_ASSIGN(worker::JobResult result,
                 services_.workers.run(folder, std::move(job), [&] { return call.cancelled(); }));
  worker::LinkOutcome& outcome = *result.mutable_link();
  describeWithdrawn(roms, *outcome.mutable_report()->mutable_findings());
  // Before anything is sent: what cannot be archived is not handed out.
  std::optional<Digest> release;
  if (!roms.empty() && !outcome.image().empty()) {
    ROMLINK_ASSIGN(release, archiveRelease(services_, request, inputs, roms, outcome, folder));
  }
  for (const std::string& diagnostic : outcome.diagnostics()) {
    message.set_diagnostic(folder.withoutFolder(diagnostic));
    writer.Write(message);
  }
  *message.mutable_report() = std::move(*outcome.mutable_report());
  call.sent(message.ByteSizeLong());
  if (!writer.Write(message))
    return Call::clientGone();
  if (!outcome.image().empty()) {
    ROMLINK_ASSIGN(const auto image, folder.outputFile(outcome.image()));
    ROMLINK_TRY(sendFile(call, writer, v1::LinkResponse::IMAGE, image));
  }
  if (request.want_map() && !outcome.map().empty()) {
    ROMLINK_ASSIGN(const auto map, folder.outputFile(outcome.map()));
    ROMLINK_TRY(sendFile(call, writer, v1::LinkResponse::MAP, map));
  }
  if (release) {
    message.set_release(release->text());
    if (!writer.Write(message))
      return Call::clientGone();
  }
  return {};
}

Result<void> LinkService::check(Call& call, const v1::CheckRequest& request, v1::CheckResponse& response) {
  ROMLINK_ASSIGN(const store::RomRecord rom, services_.archive.find(request.rom()));
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services_.jobs));
  ROMLINK_ASSIGN(const InputCache::Pin index, romIndex(services_, call, rom));
  ROMLINK_TRY(folder.add(kRomIndex, index.file()));
  ROMLINK_ASSIGN(const InputCache::Pin firmware, pinInput(services_, call, request.firmware()));
  ROMLINK_TRY(folder.addInput(request.firmware().path(), firmware.file()));
  worker::Job job;
  worker::Check& question = *job.mutable_check();
  question.set_rom_index(kRomIndex);
  toMessage(rom, *question.mutable_rom());
  question.set_firmware("in/" + request.firmware().path());
  ROMLINK_ASSIGN(worker::JobResult result,
                 services_.workers.run(folder, std::move(job), [&] { return call.cancelled(); }));
  worker::CheckOutcome& outcome = *result.mutable_check();
  response.set_matches(outcome.matches());
  response.set_firmware_rom_hash(outcome.firmware_rom_hash());
  response.set_rom_image_hash(rom.imageHash.text());
  response.set_message(outcome.message());
  response.mutable_findings()->Swap(outcome.mutable_findings());
  describeWithdrawn({rom}, *response.mutable_findings());
  return {};
}

} // namespace

std::unique_ptr<grpc::Service> makeLinkService(Services& services) {
  return std::make_unique<LinkService>(services);
}

} // namespace romlink::server
