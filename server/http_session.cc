#include "server/http_session.h"

#include "server/http_target.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <memory>
#include <spdlog/spdlog.h>
#include <sys/sendfile.h>

namespace romlink::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t kReadPiece = 4096;
constexpr std::size_t kSendPiece = 1 << 20;
constexpr std::uint64_t kStallBytes = 64 << 10; ///< must go within HttpLimits::stall
constexpr std::size_t kLongestTarget = 8 << 10;
constexpr std::chrono::seconds kFarewell{2};
constexpr std::size_t kFarewellBytes = 1 << 20;

std::string field(const http::fields& fields, http::field name) {
  return std::string(fields[name]);
}

// A list may come in several fields (RFC 9110 section 5.3).
std::string list(const http::fields& fields, http::field name) {
  std::string text;
  const auto [begin, end] = fields.equal_range(name);
  for (auto part = begin; part != end; ++part)
    text += (text.empty() ? "" : ", ") + std::string(part->value());
  return text;
}

// By the other end. While a request is answered nobody else reads from the socket or closes it.
bool isClosed(int socket) {
  char next = 0;
  const ssize_t n = ::recv(socket, &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

// For a log line.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '?';
  return text;
}

class Session : public std::enable_shared_from_this<Session> {
public:
  Session(tcp::socket socket, HttpShared& shared)
      : shared_(shared), socket_(std::move(socket)), timer_(socket_.get_executor()) {
    ++shared_.connections;
  }
  ~Session() { --shared_.connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start(bool refuse) {
    beast::error_code ignored;
    (void)socket_.native_non_blocking(true, ignored); // for sendfile
    (void)socket_.set_option(tcp::no_delay(true), ignored);
    if (refuse) {
      HttpReply busy = textReply(503, "too many connections");
      busy.fields.emplace_back("Retry-After", "1");
      closing_ = true;
      return send(std::move(busy));
    }
    waitForRequest(shared_.limits.request);
  }

private:
  // The client has until then to do what is waited for next.
  void within(std::chrono::seconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this()](beast::error_code) {
      const auto self = weak.lock();
      if (self && self->timer_.expiry() <= asio::steady_timer::clock_type::now())
        self->drop();
    });
  }

  void drop() {
    beast::error_code ignored;
    if (left_ > 0) // or the kernel would keep for minutes what the client does not take
      (void)socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    (void)socket_.close(ignored);
  }

  void waitForRequest(std::chrono::seconds time) {
    parser_ = std::make_unique<http::request_parser<http::empty_body>>();
    parser_->body_limit(boost::none); // none is read: dispatch() refuses them
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.headerBytes));
    buffer_.max_size(shared_.limits.headerBytes + kReadPiece);
    if (buffer_.size() > 0) // sent before the last answer
      return readRequest();
    within(time);
    socket_.async_read_some(buffer_.prepare(kReadPiece),
                            [self = shared_from_this()](beast::error_code error, std::size_t n) {
                              if (error)
                                return;
                              self->buffer_.commit(n);
                              self->readRequest();
                            });
  }

  void readRequest() {
    within(shared_.limits.request);
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (error)
                                self->refuseUnread(error);
                              else
                                self->dispatch();
                            });
  }

  void refuseUnread(beast::error_code error) {
    using http::make_error_code;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(431, "the request's header is too large");
    if (error.category() == make_error_code(http::error::end_of_stream).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
      refuse(400, "not an HTTP request: " + error.message());
  }

  void refuse(unsigned status, const std::string& why) {
    closing_ = true;
    began_ = std::chrono::steady_clock::now();
    send(textReply(status, why));
  }

  void dispatch() {
    const auto& message = parser_->get();
    began_ = std::chrono::steady_clock::now();
    const std::string target(message.target());
    what_ = std::string(message.method_string()) + " " + target;
    version_ = message.version();
    closing_ = !message.keep_alive();
    isHead_ = message.method() == http::verb::head;
    if (message.method() != http::verb::get && !isHead_) {
      closing_ = true;
      HttpReply refusal = textReply(405, "only GET and HEAD");
      refusal.fields.emplace_back("Allow", "GET, HEAD");
      return send(std::move(refusal));
    }
    if (!parser_->is_done()) // with a body, which nobody reads
      return refuse(400, "a GET or HEAD with content");
    if (target.size() > kLongestTarget)
      return refuse(414, "the request target is too long");
    if (version_ >= 11 && message.count(http::field::host) != 1)
      return refuse(400, "a request names its host once");
    auto path = decodedPath(target);
    if (!path)
      return send(errorReply(path.error()));
    answer({isHead_,
            std::move(*path),
            {list(message, http::field::if_match), list(message, http::field::if_none_match),
             field(message, http::field::if_modified_since), field(message, http::field::if_unmodified_since),
             field(message, http::field::if_range), field(message, http::field::range)},
            [fd = socket_.native_handle()] { return isClosed(fd); }});
  }

  void answer(HttpRequest request) {
    timer_.cancel();
    timer_.expires_at(asio::steady_timer::time_point::max());
    if (auto quick = shared_.handlers.quick(request))
      return send(std::move(*quick));
    auto& pool = shared_.handlers.isJob(request) ? shared_.jobs : shared_.pool;
    asio::post(pool, [self = shared_from_this(), request = std::move(request)]() mutable {
      auto made = std::make_shared<HttpReply>(self->slowly(request));
      const auto executor = self->socket_.get_executor();
      asio::post(executor, [self = std::move(self), made] { self->send(std::move(*made)); });
    });
  }

  HttpReply slowly(const HttpRequest& request) {
    try {
      return shared_.handlers.slow(request);
    } catch (const std::exception& error) {
      return errorReply({ErrorCode::Internal, "the service failed", {}, error.what(), {}});
    }
  }

  void send(HttpReply made) {
    reply_ = std::move(made);
    head_ = {};
    head_.version(version_);
    head_.result(reply_.status);
    head_.set(http::field::date, httpDate(std::time(nullptr)));
    head_.set(http::field::server, "romlinkd/" ROMLINK_VERSION);
    for (const auto& [name, value] : reply_.fields)
      head_.set(name, value);
    const std::uint64_t size = reply_.file ? reply_.size : reply_.text.size();
    if (reply_.status != 304)
      head_.content_length(size);
    head_.keep_alive(!closing_);
    head_.body() = isHead_ || reply_.status == 304 ? std::string() : std::move(reply_.text);
    log(isHead_ || reply_.status == 304 ? 0 : size);
    serializer_.emplace(head_);
    within(shared_.limits.stall);
    http::async_write(socket_, *serializer_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error)
                          return;
                        self->left_ = self->isHead_ || !self->reply_.file ? 0 : self->reply_.size;
                        self->offset_ = static_cast<off_t>(self->reply_.first);
                        self->stallLeft_ = kStallBytes;
                        self->sendFile();
                      });
  }

  void sendFile() {
    if (left_ == 0)
      return finish();
    const ssize_t n = ::sendfile(socket_.native_handle(), reply_.file->fd(), &offset_,
                                 static_cast<std::size_t>(std::min<std::uint64_t>(left_, kSendPiece)));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      spdlog::warn("{}: broken off {} bytes before the end: {}", printable(what_), left_,
                   n == 0 ? "the file was cut" : std::strerror(errno));
      return;
    }
    if (n > 0) {
      const auto sent = static_cast<std::uint64_t>(n);
      left_ -= sent;
      stallLeft_ -= std::min(stallLeft_, sent);
    }
    if (stallLeft_ == 0) {
      stallLeft_ = kStallBytes;
      within(shared_.limits.stall);
    }
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](beast::error_code error) {
      if (!error)
        self->sendFile();
    });
  }

  void finish() {
    reply_ = {};
    what_.clear();
    isHead_ = false;
    if (!closing_)
      return waitForRequest(shared_.limits.idle);
    beast::error_code ignored;
    (void)socket_.shutdown(tcp::socket::shutdown_send, ignored);
    within(kFarewell);
    farewellLeft_ = kFarewellBytes;
    sayFarewell();
  }

  void sayFarewell() {
    buffer_.clear();
    socket_.async_read_some(buffer_.prepare(kReadPiece),
                            [self = shared_from_this()](beast::error_code error, std::size_t n) {
                              self->farewellLeft_ -= std::min(self->farewellLeft_, n);
                              if (!error && self->farewellLeft_ > 0)
                                self->sayFarewell();
                            });
  }

  void log(std::uint64_t out) const {
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began_;
    spdlog::log(reply_.status < 500 ? spdlog::level::info : spdlog::level::warn, "{} {} {:.1f} ms out={}",
                what_.empty() ? "HTTP" : printable(what_), reply_.status, took.count(), out);
  }

  HttpShared& shared_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::unique_ptr<http::request_parser<http::empty_body>> parser_;
  // Of the request that is answered:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::string what_; ///< method and target
  unsigned version_ = 11;
  bool isHead_ = false;
  bool closing_ = false; ///< no request is read after it
  HttpReply reply_;
  http::response<http::string_body> head_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::uint64_t left_ = 0;
  off_t offset_ = 0;
  std::uint64_t stallLeft_ = 0;
  std::size_t farewellLeft_ = 0;
};

} // namespace

void serveHttp(tcp::socket socket, HttpShared& shared, bool refuse) {
  std::make_shared<Session>(std::move(socket), shared)->start(refuse);
}

} // namespace romlink::server
