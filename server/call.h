// What every call of the service has in common: its errors become statuses, its end is one line in the log,
// and while it runs the daemon is not idle.
//
//   return handle(*context, "GetRom", services_.activity, [&](Call& call) -> Result<void> { ... });
#pragma once

#include "base/error.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include <grpcpp/support/status.h>

namespace grpc {
class ServerContext;
}

namespace romlink::server {

/// How many calls run, and since when none does. Thread-safe.
class Activity {
public:
  void begin() { ++running_; }
  void end() {
    lastEnd_ = now();
    --running_;
  }
  /// How long nothing has run; zero while something does.
  [[nodiscard]] std::chrono::milliseconds idle() const {
    return running_ > 0 ? std::chrono::milliseconds(0) : std::chrono::milliseconds(now() - lastEnd_);
  }

private:
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  std::atomic<int> running_{0};
  std::atomic<std::int64_t> lastEnd_{now()};
};

/// One running call.
class Call {
public:
  explicit Call(grpc::ServerContext& context) : context_(context) {}

  void received(std::uint64_t bytes) { received_ += bytes; }
  void sent(std::uint64_t bytes) { sent_ += bytes; }
  [[nodiscard]] std::uint64_t receivedBytes() const { return received_; }
  [[nodiscard]] std::uint64_t sentBytes() const { return sent_; }

  /// The client is gone, gave up, or the daemon shuts down.
  [[nodiscard]] bool cancelled() const;
  /// For a stream that cannot be written to any more.
  [[nodiscard]] static tl::unexpected<Error> clientGone();

  /// The input that the client has to upload; makes the call's status say so.
  tl::unexpected<Error> missingInput(std::string digest);
  [[nodiscard]] const std::string& missing() const { return missing_; }

private:
  grpc::ServerContext& context_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  std::string missing_;
};

/// Runs a call's body. No exception passes.
grpc::Status handle(grpc::ServerContext& context, std::string_view method, Activity& activity,
                    const std::function<Result<void>(Call&)>& body);

} // namespace romlink::server
