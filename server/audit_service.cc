// romlink.v1.AuditService: what was linked against which ROM, and the audits over it (audits.h).
#include "romlink/v1/audit.grpc.pb.h"
#include "server/audits.h"
#include "server/call.h"
#include "server/convert.h"
#include "store/archive.h"

#include <grpcpp/server_context.h>

namespace romlink::server {
namespace {

constexpr std::uint32_t kUsualPage = 1000;
/// A page ends before gRPC's usual limit for a message, 4 MiB.
constexpr std::size_t kPageBytes = std::size_t{2} << 20;

class AuditService final : public v1::AuditService::Service {
public:
  explicit AuditService(Services& services) : services_(services) {}

  grpc::Status ListReleases(grpc::ServerContext* context, const v1::ListReleasesRequest* request,
                            v1::ListReleasesResponse* response) override {
    return handle(*context, "ListReleases", services_.activity,
                  [&](Call& call) { return list(call, *request, *response); });
  }

  grpc::Status AuditRom(grpc::ServerContext* context, const v1::AuditRomRequest* request,
                        v1::RomAudit* response) override {
    return handle(*context, "AuditRom", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_TRY(auditRom(services_, call, *request, *response));
      call.sent(response->ByteSizeLong());
      return {};
    });
  }

  grpc::Status AuditRelease(grpc::ServerContext* context, const v1::AuditReleaseRequest* request,
                            v1::ReleaseAudit* response) override {
    return handle(*context, "AuditRelease", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_TRY(auditRelease(services_, call, *request, *response));
      call.sent(response->ByteSizeLong());
      return {};
    });
  }

  grpc::Status AuditAdvisory(grpc::ServerContext* context, const v1::AuditAdvisoryRequest* request,
                             v1::AdvisoryAudit* response) override {
    return handle(*context, "AuditAdvisory", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_TRY(auditAdvisory(services_, call, *request, *response));
      call.sent(response->ByteSizeLong());
      return {};
    });
  }

  grpc::Status AuditMatrix(grpc::ServerContext* context, const v1::AuditMatrixRequest* request,
                           grpc::ServerWriter<v1::MatrixRow>* writer) override {
    return handle(*context, "AuditMatrix", services_.activity, [&](Call& call) {
      return auditMatrix(services_, call, *request, [&](const v1::MatrixRow& row) {
        call.sent(row.ByteSizeLong());
        return writer->Write(row);
      });
    });
  }

private:
  Result<void> list(Call& call, const v1::ListReleasesRequest& request, v1::ListReleasesResponse& response);

  Services& services_;
};

Result<void> AuditService::list(Call& call, const v1::ListReleasesRequest& request,
                                v1::ListReleasesResponse& response) {
  std::optional<Digest> rom;
  if (!request.rom().empty()) {
    ROMLINK_ASSIGN(const store::RomRecord record, services_.archive.find(request.rom()));
    rom = record.imageHash;
  }
  ROMLINK_ASSIGN(const auto page,
                 services_.archive.releases(rom, request.page_size() > 0 ? request.page_size() : kUsualPage,
                                            request.page_token()));
  response.set_next_page_token(page.nextToken);
  std::size_t bytes = 0;
  for (const store::Release& release : page.releases) {
    v1::Release message;
    toMessage(release, message);
    bytes += message.ByteSizeLong();
    if (bytes > kPageBytes && response.releases_size() > 0) {
      const std::string& last = response.releases().rbegin()->id();
      response.set_next_page_token(last.substr(last.find(':') + 1));
      break;
    }
    *response.add_releases() = std::move(message);
  }
  call.sent(response.ByteSizeLong());
  return {};
}

} // namespace

std::unique_ptr<grpc::Service> makeAuditService(Services& services) {
  return std::make_unique<AuditService>(services);
}

} // namespace romlink::server
