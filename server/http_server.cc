#include "server/http_server.h"

#include "server/http_session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <thread>

namespace romlink::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr unsigned kRefusals = 100; ///< that are under way; more connections are closed unheard

// Each connection may have a socket and a file; gRPC and SQLite need some, too.
void allowFiles(unsigned connections) {
  constexpr rlim_t kOthers = 1000;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  const rlim_t wanted = std::min(limit.rlim_max, 2 * rlim_t{connections} + kOthers);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

class BeastServer final : public HttpServer {
public:
  BeastServer(const tcp::endpoint& endpoint, const HttpLimits& limits, const HttpHandlers& handlers)
      : shared_{limits, handlers, {}, asio::thread_pool(limits.readers), asio::thread_pool(handlers.jobs)},
        acceptor_(context_, endpoint), pause_(context_) {
    accept();
    thread_ = std::thread([this] { run(); });
  }
  ~BeastServer() override {
    context_.stop();
    thread_.join();
    shared_.pool.stop();
    shared_.jobs.stop();
    shared_.pool.join();
    shared_.jobs.join();
  }
  std::string address() const override {
    const tcp::endpoint local = acceptor_.local_endpoint();
    const std::string host = local.address().to_string();
    return (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
  }

private:
  // A connection that fails takes no other with it.
  void run() {
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception& error) {
        spdlog::warn("HTTP: {}", error.what());
      }
    }
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted)
        return;
      if (error)
        return waitAndAccept();
      accept();
      const unsigned open = shared_.connections;
      if (open < shared_.limits.connections + kRefusals)
        serveHttp(std::move(socket), shared_, open >= shared_.limits.connections);
    });
  }

  // No files or memory left, perhaps: trying again at once would only burn time.
  void waitAndAccept() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code error) {
      if (!error)
        accept();
    });
  }

  HttpShared shared_; // outlives `context_`, whose end ends the connections
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::thread thread_;
};

} // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address, const HttpLimits& limits,
                                                      const HttpHandlers& handlers) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (colon == std::string::npos || host.empty())
    return fail(ErrorCode::Usage, "bad HTTP address", address, "expected HOST:PORT");
  if (host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  allowFiles(limits.connections);
  try {
    asio::io_context context;
    const auto found = tcp::resolver(context).resolve(host, address.substr(colon + 1));
    return std::unique_ptr<HttpServer>(std::make_unique<BeastServer>(*found.begin(), limits, handlers));
  } catch (const boost::system::system_error& error) {
    return fail(ErrorCode::Unavailable, "cannot listen", address, error.code().message());
  }
}

} // namespace romlink::server
