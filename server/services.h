// What the services share, and how the daemon makes them. Their classes stay in their own files, away from
// main.cc.
#pragma once

#include <filesystem>
#include <memory>

namespace grpc {
class Service;
}
namespace romlink::store {
class Archive;
}

namespace romlink::server {

class Activity;
class Catalogue;
class InputCache;
class WorkerHost;
struct Config;

/// All outlive the services.
struct Services {
  const Config& config;
  store::Archive& archive;
  InputCache& inputs;
  WorkerHost& workers;
  Activity& activity;
  Catalogue& catalogue;
  std::filesystem::path jobs; ///< this daemon's folder for jobs and uploads, on the archive's disk
};

std::unique_ptr<grpc::Service> makeArchiveService(Services& services);
std::unique_ptr<grpc::Service> makeLinkService(Services& services);
std::unique_ptr<grpc::Service> makeAdvisoryService(Services& services);
std::unique_ptr<grpc::Service> makeAuditService(Services& services);
std::unique_ptr<grpc::Service> makeTransferService(Services& services);

} // namespace romlink::server
