// The HTTP side port (`--http ADDR`), for tools that do not speak gRPC: accepts connections for
// http_session.h.
//
// One thread runs all sockets; a pool of HttpLimits::readers threads does what may block, and a pool of
// HttpHandlers::jobs threads what waits for worker processes. Above
// HttpLimits::connections a connection is told 503 and closed.
#pragma once

#include "base/error.h"
#include "server/config.h"
#include "server/http_message.h"

#include <memory>
#include <string>

namespace romlink::server {

class HttpServer {
public:
  /// Listens on "HOST:PORT"; port 0 picks one. Usage: a bad address. Unavailable: it cannot be bound.
  static Result<std::unique_ptr<HttpServer>> start(const std::string& address, const HttpLimits& limits,
                                                   const HttpHandlers& handlers);
  virtual ~HttpServer() = default;
  /// "HOST:PORT" with the real port.
  [[nodiscard]] virtual std::string address() const = 0;
};

} // namespace romlink::server
