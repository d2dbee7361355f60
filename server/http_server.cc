#include "server/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <thread>

namespace romlink::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kLargestBody = 4096;

Response answer(const Request& request, const HttpServer::HealthCheck& check) {
  Response response{http::status::ok, request.version()};
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(false);
  const std::string_view target(request.target().data(), request.target().size());
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.body() = "only GET\n";
  } else if (target != "/healthz") {
    response.result(http::status::not_found);
    response.body() = "not here; try /healthz\n";
  } else if (const auto healthy = check(); healthy) {
    response.body() = "ok\n";
  } else {
    response.result(http::status::service_unavailable);
    response.body() = healthy.error().line() + "\n";
  }
  response.content_length(response.body().size());
  if (request.method() == http::verb::head)
    response.body().clear();
  return response;
}

// One connection, one request. Lives as long as one of its operations is under way.
class Session : public std::enable_shared_from_this<Session> {
public:
  Session(tcp::socket socket, const HttpServer::HealthCheck& check)
      : stream_(std::move(socket)), check_(check) {}

  void start() {
    stream_.expires_after(kPatience);
    parser_.body_limit(kLargestBody);
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error)
                         self->respond();
                     });
  }

private:
  void respond() {
    response_ = answer(parser_.get(), check_);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
      beast::error_code ignored;
      (void)self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  const HttpServer::HealthCheck& check_;
  beast::flat_buffer buffer_{16 << 10};
  http::request_parser<http::string_body> parser_;
  Response response_;
};

class BeastServer final : public HttpServer {
public:
  BeastServer(const tcp::endpoint& endpoint, HealthCheck check)
      : acceptor_(context_, endpoint), check_(std::move(check)) {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~BeastServer() override {
    context_.stop();
    thread_.join();
  }
  std::string address() const override {
    const tcp::endpoint local = acceptor_.local_endpoint();
    const std::string host = local.address().to_string();
    return (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
  }

private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error)
        std::make_shared<Session>(std::move(socket), check_)->start();
      if (error != asio::error::operation_aborted)
        accept();
    });
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  HealthCheck check_;
  std::thread thread_;
};

} // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address, HealthCheck check) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (colon == std::string::npos || host.empty())
    return fail(ErrorCode::Usage, "bad HTTP address", address, "expected HOST:PORT");
  if (host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  try {
    asio::io_context context;
    const auto found = tcp::resolver(context).resolve(host, address.substr(colon + 1));
    return std::unique_ptr<HttpServer>(std::make_unique<BeastServer>(*found.begin(), std::move(check)));
  } catch (const boost::system::system_error& error) {
    return fail(ErrorCode::Unavailable, "cannot listen", address, error.code().message());
  }
}

} // namespace romlink::server
