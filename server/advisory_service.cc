// romlink.v1.AdvisoryService: what is known to be wrong with ROM code.
//
// An advisory names symbols of one ROM. What is recorded for each is its address, size and body digest, so
// the same code is found in every archived ROM, also in those that are published later.
#include "romlink/v1/audit.grpc.pb.h"
#include "server/affected.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/examine.h"
#include "server/services.h"
#include "store/archive.h"

#include <algorithm>
#include <grpcpp/server_context.h>
#include <set>

namespace romlink::server {
namespace {

constexpr const char* kWhat = "cannot record the advisory";
constexpr int kMostSymbols = 10'000;

class AdvisoryService final : public v1::AdvisoryService::Service {
public:
  explicit AdvisoryService(Services& services) : services_(services) {}

  grpc::Status AddAdvisory(grpc::ServerContext* context, const v1::AddAdvisoryRequest* request,
                           v1::AddAdvisoryResponse* response) override {
    return handle(*context, "AddAdvisory", services_.activity,
                  [&](Call& call) { return add(call, *request, *response); });
  }

  grpc::Status ListAdvisories(grpc::ServerContext* context, const v1::ListAdvisoriesRequest* request,
                              v1::ListAdvisoriesResponse* response) override {
    return handle(*context, "ListAdvisories", services_.activity,
                  [&](Call& call) { return list(call, *request, *response); });
  }

private:
  Result<void> add(Call& call, const v1::AddAdvisoryRequest& request, v1::AddAdvisoryResponse& response);
  Result<void> list(Call& call, const v1::ListAdvisoriesRequest& request,
                    v1::ListAdvisoriesResponse& response);

  Services& services_;
};

/// What the ROM's symbols of these names are; static ones of one name are all meant.
Result<std::vector<store::AdvisoryTarget>> targetsOf(const store::RomRecord& rom,
                                                     const worker::RomExamination& found) {
  std::vector<store::AdvisoryTarget> targets;
  for (const worker::RomExamination::LookUp& lookUp : found.look_ups()) {
    if (lookUp.symbols().empty()) {
      std::string similar;
      for (const std::string& name : lookUp.similar())
        similar += (similar.empty() ? "" : ", ") + name;
      return fail(ErrorCode::NotFound, "the ROM has no such function or object", lookUp.name(),
                  rom.name + "@" + rom.version + " was searched; nothing is recorded",
                  similar.empty() ? "" : "did you mean " + similar + "?");
    }
    for (const worker::RomExamination::NamedSymbol& symbol : lookUp.symbols()) {
      const auto body = Digest::fromBytes(asBytes(symbol.body_digest()));
      targets.push_back({titleOf(rom),
                         symbol.name(),
                         symbol.address(),
                         symbol.size(),
                         body ? std::optional(*body) : std::nullopt,
                         {}});
    }
  }
  return targets;
}

Result<void> AdvisoryService::add(Call& call, const v1::AddAdvisoryRequest& request,
                                  v1::AddAdvisoryResponse& response) {
  if (request.id().empty())
    return fail(ErrorCode::Usage, kWhat, "id", "must not be empty");
  if (request.symbols().empty())
    return fail(ErrorCode::Usage, kWhat, request.id(), "it names no symbol");
  if (request.symbols_size() > kMostSymbols)
    return fail(ErrorCode::Usage, kWhat, request.id(),
                "more than " + std::to_string(kMostSymbols) + " symbols");
  ROMLINK_ASSIGN(const store::RomRecord rom, services_.archive.find(request.rom()));
  worker::ExamineRom question;
  for (const std::string& name : std::set<std::string>(request.symbols().begin(), request.symbols().end()))
    question.add_names(name);
  ROMLINK_ASSIGN(const worker::RomExamination found, examine(services_, call, rom, {}, std::move(question)));
  store::Advisory advisory{request.id(), request.summary(), request.url(), {}, {}};
  ROMLINK_ASSIGN(advisory.targets, targetsOf(rom, found));
  ROMLINK_ASSIGN(const store::RecordedAdvisory recorded, services_.archive.recordAdvisory(advisory));
  toMessage(recorded.advisory, *response.mutable_advisory());
  response.set_already_recorded(recorded.alreadyRecorded);
  ROMLINK_ASSIGN(const auto affected,
                 affectedRoms(services_, call, recorded.advisory, *response.mutable_findings()));
  for (const AffectedRom& one : affected)
    for (const v1::AffectedSymbol& symbol : one.symbols)
      *response.add_affected() = symbol;
  call.sent(response.ByteSizeLong());
  return {};
}

Result<void> AdvisoryService::list(Call& call, const v1::ListAdvisoriesRequest& request,
                                   v1::ListAdvisoriesResponse& response) {
  ROMLINK_ASSIGN(const auto advisories, services_.archive.advisories());
  std::set<std::string> wanted;
  if (!request.rom().empty()) {
    ROMLINK_ASSIGN(const store::RomRecord rom, services_.archive.find(request.rom()));
    ROMLINK_ASSIGN(const auto defects, defectsOf(services_, call, rom));
    for (const worker::Defect& defect : defects)
      wanted.insert(defect.advisory());
  }
  for (const store::Advisory& advisory : advisories)
    if (request.rom().empty() || wanted.contains(advisory.id))
      toMessage(advisory, *response.add_advisories());
  call.sent(response.ByteSizeLong());
  return {};
}

} // namespace

std::unique_ptr<grpc::Service> makeAdvisoryService(Services& services) {
  return std::make_unique<AdvisoryService>(services);
}

} // namespace romlink::server
