// romlinkd: the daemon. Opens the archive, starts the worker program, serves gRPC (and HTTP) until SIGTERM or
// SIGINT.
//
// Start-up order matters: signals are blocked before the first thread exists, so that every thread inherits
// that and only the main thread takes them; the worker program starts before gRPC does.
#include "server/call.h"
#include "server/catalogue.h"
#include "server/config.h"
#include "server/debuginfod.h"
#include "server/exclusive_folder.h"
#include "server/http_server.h"
#include "server/input_cache.h"
#include "server/on_demand.h"
#include "server/services.h"
#include "server/worker_host.h"
#include "store/archive.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <optional>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace romlink::server {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultListen = "127.0.0.1:7420";
/// By these names grpc.health.v1 knows them.
constexpr const char* kServices[] = {"romlink.v1.ArchiveService", "romlink.v1.LinkService",
                                     "romlink.v1.AdvisoryService", "romlink.v1.AuditService",
                                     "romlink.v1.TransferService"};

struct Options {
  std::string archive;
  std::vector<std::string> listen;
  std::string http;
  std::string config;
  std::string signingKey;
  std::string restore;
  bool onDemand = false;
};

void declare(CLI::App& app, Options& options) {
  app.description("romlinkd: archives boot ROMs and links firmware against them, as a gRPC service");
  app.add_option("--archive", options.archive, "the archive's folder; created if missing")->required();
  app.add_option(
         "--listen", options.listen,
         std::string("HOST:PORT (port 0: pick one) or unix:PATH; may be given several times; default ") +
             kDefaultListen)
      ->allow_extra_args(false);
  app.add_option(
      "--http", options.http,
      "HOST:PORT of the HTTP side port: debuginfod's API (/buildid/...) and /healthz; none without it");
  app.add_option("--config", options.config, "TOML file with limits and time-outs");
  app.add_option(
      "--signing-key", options.signingKey,
      "Ed25519 key (PEM) that signs the archive's log; default: signing-key.pem in the archive's folder, "
      "made if missing");
  app.add_option("--restore", options.restore,
                 "make the archive from this backup, verified as a whole, and end; the folder has none yet");
  app.add_flag("--on-demand", options.onDemand,
               "detach, log to the archive's folder, and end when nobody needs the service any more");
  app.set_version_flag("--version", "romlinkd " ROMLINK_VERSION);
  app.footer("Example:\n  romlinkd --archive /srv/roms --listen 127.0.0.1:7420 --http 127.0.0.1:7480");
}

sigset_t blockSignals() {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return ends;
}

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// "HOST:0" with the port that was picked.
std::string realAddress(const std::string& address, int port) {
  return address.starts_with("unix:") ? address
                                      : address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

Result<std::unique_ptr<grpc::Server>> serve(const Options& options,
                                            const std::vector<grpc::Service*>& services,
                                            std::vector<std::string>& addresses) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  std::vector<std::string> listen = options.listen;
  if (listen.empty())
    listen.emplace_back(kDefaultListen);
  std::vector<int> ports(listen.size(), 0);
  for (std::size_t i = 0; i < listen.size(); ++i)
    builder.AddListeningPort(listen[i], grpc::InsecureServerCredentials(), &ports[i]);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                             0); // two daemons on one port are an error, not a lottery
  builder.SetMaxReceiveMessageSize(static_cast<int>(16 * kMiB));
  for (grpc::Service* service : services)
    builder.RegisterService(service);
  auto server = builder.BuildAndStart();
  for (std::size_t i = 0; i < listen.size(); ++i) {
    if (!server || ports[i] == 0)
      return fail(ErrorCode::Unavailable, "cannot listen", listen[i], "the address is bad or in use",
                  "HOST:0 picks a free port");
    addresses.push_back(realAddress(listen[i], ports[i]));
  }
  for (const char* service : kServices)
    server->GetHealthCheckService()->SetServingStatus(service, true);
  return server;
}

HttpHandlers httpHandlers(const store::Archive& archive, Debuginfod& debuginfod, unsigned jobs) {
  static constexpr std::string_view kHealth = "/healthz";
  const auto quick = [&archive](const HttpRequest& request) -> std::optional<HttpReply> {
    if (request.path == kHealth) {
      const auto healthy = archive.list({}, 1, {});
      return healthy ? textReply(200, "ok") : textReply(503, healthy.error().line());
    }
    if (!request.path.starts_with("/buildid/"))
      return textReply(404, "not here; try /buildid/BUILDID/debuginfo or /healthz");
    return std::nullopt;
  };
  return {quick, [&debuginfod](const HttpRequest& request) { return debuginfod.answer(request); },
          Debuginfod::isJob, std::max(1U, jobs / 2)}; // the others are for links and publications
}

// Until a signal comes, or until an on-demand daemon is not needed any more.
void waitForEnd(const sigset_t& signals, std::optional<OnDemand>& onDemand, const Activity& activity) {
  for (;;) {
    const timespec second{1, 0};
    const int signal =
        onDemand ? ::sigtimedwait(&signals, nullptr, &second) : ::sigwaitinfo(&signals, nullptr);
    if (signal > 0) {
      spdlog::info("SIG{}: shutting down", ::sigabbrev_np(signal));
      return;
    }
    if (onDemand && onDemand->isOver(activity)) {
      spdlog::info("nobody needs this daemon: shutting down");
      return;
    }
  }
}

// Whoever lost the key can go on; it must not go unnoticed.
void warnOfNewKey(const store::Archive& archive) {
  if (const auto isNew = archive.signingKeyIsNew(); isNew && *isNew)
    spdlog::warn("the signing key is not the one that signed this archive so far: what is archived from now "
                 "on is signed "
                 "with the new one, and `romlink archive verify` says so");
}

Result<void> restore(const Options& options) {
  ROMLINK_TRY(store::Archive::restore(options.restore, options.archive));
  say("restored " + options.archive + " from " + options.restore);
  return {};
}

Result<void> run(const Options& options) {
  const sigset_t signals = blockSignals();
  Config config;
  if (!options.config.empty()) {
    ROMLINK_ASSIGN(config, readConfig(options.config));
  }
  std::error_code ignored;
  const fs::path folder = fs::absolute(options.archive);
  fs::create_directories(folder, ignored);
  const fs::path workerProgram = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "romlink-worker";
  std::optional<OnDemand> onDemand;
  if (options.onDemand) {
    ROMLINK_ASSIGN(onDemand, OnDemand::start(folder));
  }
  if (!options.signingKey.empty())
    config.signingKey = options.signingKey;
  ROMLINK_ASSIGN(store::Archive archive, store::Archive::open(folder, config.signingKey));
  warnOfNewKey(archive);
  ROMLINK_ASSIGN(InputCache inputs, InputCache::open(folder / "cache" / "inputs", config.inputCacheBytes));
  ROMLINK_ASSIGN(const ExclusiveFolder jobs, ExclusiveFolder::create(folder / "cache" / "jobs"));
  ROMLINK_ASSIGN(const auto workers, WorkerHost::start(workerProgram, config.jobs, config.job));

  Activity activity;
  Catalogue catalogue(archive);
  Services services{config, archive, inputs, *workers, activity, catalogue, jobs.path()};
  const auto archiveService = makeArchiveService(services);
  const auto linkService = makeLinkService(services);
  const auto advisoryService = makeAdvisoryService(services);
  const auto auditService = makeAuditService(services);
  const auto transferService = makeTransferService(services);
  std::vector<std::string> addresses;
  ROMLINK_ASSIGN(const auto server, serve(options,
                                          {archiveService.get(), linkService.get(), advisoryService.get(),
                                           auditService.get(), transferService.get()},
                                          addresses));
  Debuginfod debuginfod(services);
  std::unique_ptr<HttpServer> http;
  if (!options.http.empty()) {
    ROMLINK_ASSIGN(http, HttpServer::start(options.http, config.http,
                                           httpHandlers(archive, debuginfod, workers->slots())));
  }
  for (const std::string& address : addresses)
    say("listening on " + address);
  if (http)
    say("http listening on " + http->address());
  if (onDemand)
    OnDemand::closeOutput();
  spdlog::info("romlinkd {} serves {}", ROMLINK_VERSION, folder.string());

  waitForEnd(signals, onDemand, activity);
  debuginfod.stop();
  server->Shutdown(std::chrono::system_clock::now() + config.drain);
  server->Wait();
  return {};
}

} // namespace
} // namespace romlink::server

int main(int argc, char** argv) {
  using namespace romlink;
  CLI::App app;
  server::Options options;
  server::declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "romlink: error: %s\nhint: see romlinkd --help\n", error.what());
    return exitCodeOf(ErrorCode::Usage);
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("romlinkd"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  const auto done = options.restore.empty() ? server::run(options) : server::restore(options);
  if (done)
    return 0;
  const std::string line = "romlink: error: " + done.error().line() +
                           (done.error().hint.empty() ? "" : "\nhint: " + done.error().hint) + "\n";
  std::fputs(line.c_str(), stderr);
  if (options.onDemand) // standard error is the log by now; this goes to the client that started us
    std::fputs(line.c_str(), stdout);
  return exitCodeOf(done.error().code);
}
