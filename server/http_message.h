// An HTTP request and its reply as the daemon's handlers see them: neither sockets nor Boost.
#pragma once

#include "server/http_conditions.h"
#include "server/input_cache.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace romlink::server {

/// GET or HEAD: a handler answers both alike, the connection leaves the body out.
struct HttpRequest {
  bool isHead = false;
  std::string path; ///< decoded (http_target.h), without the query
  ConditionalFields conditions;
  std::function<bool()> clientGone; ///< nobody waits for the answer any more; for any thread while it is made
};

/// A checked file of the cache, open for reading. It stays what it is even if the cache drops its name.
class HttpFile {
public:
  /// Internal: it cannot be opened, or is gone.
  static Result<std::shared_ptr<const HttpFile>> open(InputCache::Pin pin);
  HttpFile(InputCache::Pin pin, int fd) : pin_(std::move(pin)), fd_(fd) {}
  HttpFile(const HttpFile&) = delete;
  HttpFile& operator=(const HttpFile&) = delete;
  ~HttpFile();
  [[nodiscard]] int fd() const { return fd_; }

private:
  InputCache::Pin pin_;
  int fd_;
};

struct HttpReply {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> fields; ///< Content-Length is made from the body
  std::string text;                                        ///< the body, if there is no `file`
  std::shared_ptr<const HttpFile> file;
  std::uint64_t first = 0; ///< of the file's bytes
  std::uint64_t size = 0;
};

/// One line as text/plain, not to be stored.
HttpReply textReply(unsigned status, std::string_view line);
/// The status for an error's code, and its line.
HttpReply errorReply(const Error& error);

/// An immutable content that was found, but not read.
struct HttpResource {
  Digest digest;
  std::uint64_t size = 0;
  std::time_t modified = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  /// Called at most once, and not at all where no content is asked for.
  std::function<Result<InputCache::Pin>()> open;
};
/// The reply to a request for it: 200, 206, 304, 412 or 416, or why it cannot be opened. A HEAD opens it,
/// too, so that its 200 means that a GET will succeed.
HttpReply reply(const HttpRequest& request, const HttpResource& resource);

struct HttpHandlers {
  /// Asked first, in the thread of all connections: must not block. nullopt: ask `slow`.
  std::function<std::optional<HttpReply>(const HttpRequest&)> quick;
  /// Asked in a thread of the pool.
  std::function<HttpReply(const HttpRequest&)> slow;
  /// Does `slow` wait for a worker process? Such requests have `jobs` threads of their own, and keep neither
  /// other readers nor other jobs waiting.
  std::function<bool(const HttpRequest&)> isJob;
  unsigned jobs = 1;
};

} // namespace romlink::server
