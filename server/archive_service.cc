// romlink.v1.ArchiveService: the archive (store/) over gRPC. See proto/romlink/v1/archive.proto for the
// promises.
#include "romlink/v1/archive.grpc.pb.h"
#include "server/call.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/identify_dump.h"
#include "server/publish.h"
#include "server/services.h"
#include "server/withdrawn.h"
#include "store/archive.h"

#include <algorithm>
#include <grpcpp/server_context.h>

namespace romlink::server {
namespace {

constexpr std::size_t kChunk = 256 << 10;
constexpr std::uint32_t kDefaultPage = 1000;
constexpr std::uint32_t kLargestPage = 10000;

class ArchiveService final : public v1::ArchiveService::Service {
public:
  explicit ArchiveService(Services& services) : services_(services) {}

  grpc::Status PublishRom(grpc::ServerContext* context, grpc::ServerReader<v1::PublishRomRequest>* reader,
                          v1::PublishRomResponse* response) override {
    return handle(*context, "PublishRom", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_ASSIGN(Publication publication, Publication::create(services_));
      v1::PublishRomRequest message;
      while (reader->Read(&message)) {
        call.received(message.ByteSizeLong());
        ROMLINK_TRY(publication.accept(message));
      }
      return publication.publish(call, *response);
    });
  }

  grpc::Status ListRoms(grpc::ServerContext* context, const v1::ListRomsRequest* request,
                        v1::ListRomsResponse* response) override {
    return handle(*context, "ListRoms", services_.activity, [&](Call& call) -> Result<void> {
      const std::uint32_t limit =
          request->page_size() == 0 ? kDefaultPage : std::min(request->page_size(), kLargestPage);
      ROMLINK_ASSIGN(const store::Archive::Page page,
                     services_.archive.list(request->name(), limit, request->page_token()));
      for (const store::RomRecord& rom : page.roms)
        toMessage(rom, *response->add_roms());
      response->set_next_page_token(page.nextToken);
      call.sent(response->ByteSizeLong());
      return {};
    });
  }

  grpc::Status GetRom(grpc::ServerContext* context, const v1::GetRomRequest* request,
                      v1::Rom* response) override {
    return handle(*context, "GetRom", services_.activity, [&](Call&) -> Result<void> {
      ROMLINK_ASSIGN(const store::RomRecord rom, services_.archive.find(request->rom()));
      toMessage(rom, *response);
      return {};
    });
  }

  grpc::Status FetchArtifact(grpc::ServerContext* context, const v1::FetchArtifactRequest* request,
                             grpc::ServerWriter<v1::FetchArtifactResponse>* writer) override {
    return handle(*context, "FetchArtifact", services_.activity,
                  [&](Call& call) { return fetch(call, *request, *writer); });
  }

  grpc::Status IdentifyImage(grpc::ServerContext* context,
                             grpc::ServerReader<v1::IdentifyImageRequest>* reader,
                             v1::IdentifyImageResponse* response) override {
    return handle(*context, "IdentifyImage", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_ASSIGN(DumpUpload upload, DumpUpload::create(services_));
      v1::IdentifyImageRequest message;
      while (reader->Read(&message)) {
        call.received(message.chunk().size());
        ROMLINK_TRY(upload.accept(message));
      }
      return upload.identify(call, *response);
    });
  }

  grpc::Status VerifyArchive(grpc::ServerContext* context, const v1::VerifyArchiveRequest* request,
                             grpc::ServerWriter<v1::VerifyArchiveResponse>* writer) override {
    return handle(*context, "VerifyArchive", services_.activity, [&](Call& call) -> Result<void> {
      v1::VerifyArchiveResponse message;
      ROMLINK_ASSIGN(const store::Verification found,
                     services_.archive.verify({request->head(), request->public_key()},
                                              [&](const store::VerifyProgress& progress) {
                                                message.set_checked_blobs(progress.checkedBlobs);
                                                message.set_total_blobs(progress.totalBlobs);
                                                message.set_checked_bytes(progress.checkedBytes);
                                                writer->Write(message);
                                              }));
      message.mutable_problems()->Assign(found.problems.begin(), found.problems.end());
      message.set_contradiction(found.contradiction);
      message.mutable_notes()->Assign(found.notes.begin(), found.notes.end());
      message.set_log_entries(found.entries);
      message.set_finished(true);
      if (!writer->Write(message))
        return Call::clientGone();
      call.sent(message.ByteSizeLong());
      return {};
    });
  }

  grpc::Status GetArchiveStats(grpc::ServerContext* context, const v1::GetArchiveStatsRequest*,
                               v1::ArchiveStats* response) override {
    return handle(*context, "GetArchiveStats", services_.activity, [&](Call&) -> Result<void> {
      ROMLINK_ASSIGN(const store::Stats stats, services_.archive.stats());
      toMessage(stats, *response);
      return {};
    });
  }

  grpc::Status WithdrawRom(grpc::ServerContext* context, const v1::WithdrawRomRequest* request,
                           v1::WithdrawRomResponse* response) override {
    return handle(*context, "WithdrawRom", services_.activity, [&](Call&) -> Result<void> {
      ROMLINK_ASSIGN(const store::Links links, linksOf(request->links()));
      ROMLINK_ASSIGN(const bool recorded,
                     services_.archive.withdraw(request->rom(), {links, request->reason(), {}}));
      ROMLINK_ASSIGN(const store::RomRecord rom, services_.archive.find(request->rom()));
      toMessage(rom, *response->mutable_rom());
      response->set_already_recorded(!recorded);
      return {};
    });
  }

  grpc::Status GetArchiveHead(grpc::ServerContext* context, const v1::GetArchiveHeadRequest*,
                              v1::ArchiveHead* response) override {
    return handle(*context, "GetArchiveHead", services_.activity, [&](Call&) -> Result<void> {
      ROMLINK_ASSIGN(const store::SignedHead head, services_.archive.head());
      toMessage(head, *response);
      return {};
    });
  }

private:
  Result<void> fetch(Call& call, const v1::FetchArtifactRequest& request,
                     grpc::ServerWriter<v1::FetchArtifactResponse>& writer);

  Services& services_;
};

Result<void> ArchiveService::fetch(Call& call, const v1::FetchArtifactRequest& request,
                                   grpc::ServerWriter<v1::FetchArtifactResponse>& writer) {
  ROMLINK_ASSIGN(const store::RomRecord rom, services_.archive.find(request.rom()));
  const auto artifact = std::find_if(rom.artifacts.begin(), rom.artifacts.end(),
                                     [&](const store::Artifact& a) { return a.role == request.role(); });
  if (artifact == rom.artifacts.end())
    return fail(ErrorCode::NotFound, "no such artifact", request.role(),
                rom.name + "@" + rom.version + " has no artifact with this role",
                "`romlink rom show` lists a ROM's artifacts");
  v1::FetchArtifactResponse message;
  bool started = false;
  const auto start = [&] {
    toMessage(*artifact, *message.mutable_artifact());
    started = true;
    return writer.Write(message);
  };
  ROMLINK_TRY(services_.archive.read(artifact->digest, [&](Bytes content) -> Result<void> {
    if (!started && !start())
      return Call::clientGone();
    for (; !content.empty(); content = content.subspan(std::min(kChunk, content.size()))) {
      message.set_chunk(std::string(asText(content.first(std::min(kChunk, content.size())))));
      call.sent(message.chunk().size());
      if (!writer.Write(message))
        return Call::clientGone();
    }
    return {};
  }));
  if (!started && !start()) // an empty artifact
    return Call::clientGone();
  return {};
}

} // namespace

std::unique_ptr<grpc::Service> makeArchiveService(Services& services) {
  return std::make_unique<ArchiveService>(services);
}

} // namespace romlink::server
