// The HTTP side port (`--http ADDR`), for probes that do not speak gRPC.
//
//   GET /healthz   200 "ok" if the archive answers a query now, else 503 and the reason
//
// One thread, asynchronous: a slow client holds nothing up and is dropped after 10 s.
#pragma once

#include "base/error.h"

#include <functional>
#include <memory>
#include <string>

namespace romlink::server {

class HttpServer {
public:
  /// Is the service able to work? Called from the HTTP thread.
  using HealthCheck = std::function<Result<void>()>;

  /// Listens on "HOST:PORT"; port 0 picks one. Usage: a bad address. Unavailable: it cannot be bound.
  static Result<std::unique_ptr<HttpServer>> start(const std::string& address, HealthCheck check);
  virtual ~HttpServer() = default;
  /// "HOST:PORT" with the real port.
  [[nodiscard]] virtual std::string address() const = 0;
};

} // namespace romlink::server
