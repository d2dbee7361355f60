#include "server/call.h"

#include "server/status.h"

#include <grpcpp/server_context.h>
#include <spdlog/spdlog.h>

namespace romlink::server {
namespace {

Result<void> guarded(Call& call, const std::function<Result<void>(Call&)>& body) {
  try {
    return body(call);
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the service failed", {}, error.what());
  }
}

grpc::Status statusOf(const Call& call, const Result<void>& done) {
  if (done)
    return grpc::Status::OK;
  if (!call.missing().empty())
    return missingInputStatus(call.missing());
  if (call.cancelled())
    return {grpc::StatusCode::CANCELLED, "the call was cancelled"};
  return toStatus(done.error());
}

// Names of grpc::StatusCode in its order.
const char* nameOfStatus(grpc::StatusCode code) {
  constexpr const char* kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT", "DEADLINE",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "EXHAUSTED",        "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",         "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  return kNames[code];
}

} // namespace

bool Call::cancelled() const {
  return context_.IsCancelled();
}

tl::unexpected<Error> Call::clientGone() {
  return fail(ErrorCode::Unavailable, "the client is gone");
}

tl::unexpected<Error> Call::missingInput(std::string digest) {
  missing_ = std::move(digest);
  return fail(ErrorCode::NotFound, "input is not uploaded", missing_);
}

grpc::Status handle(grpc::ServerContext& context, std::string_view method, Activity& activity,
                    const std::function<Result<void>(Call&)>& body) {
  activity.begin();
  const auto start = std::chrono::steady_clock::now();
  Call call(context);
  const Result<void> done = guarded(call, body);
  const grpc::Status status = statusOf(call, done);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  spdlog::log(status.ok() ? spdlog::level::info : spdlog::level::warn, "{} {} {:.1f} ms in={} out={}{}{}",
              method, nameOfStatus(status.error_code()), took.count(), call.receivedBytes(), call.sentBytes(),
              status.ok() ? "" : " ", status.error_message());
  activity.end();
  return status;
}

} // namespace romlink::server
