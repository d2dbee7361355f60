// The one place where romlink's errors become gRPC statuses and gRPC statuses become romlink's errors.
//
// | ErrorCode   | gRPC status         |
// | ----------- | ------------------- |
// | Refused     | FAILED_PRECONDITION |
// | Usage       | INVALID_ARGUMENT    |
// | Malformed   | INVALID_ARGUMENT    |
// | NotFound    | NOT_FOUND           |
// | Unavailable | UNAVAILABLE         |
// | Exhausted   | RESOURCE_EXHAUSTED  |
// | Damaged     | DATA_LOSS           |
// | Internal    | INTERNAL            |
//
// The status message is Error::line(). The details are a google.rpc.Status that holds one
// google.rpc.ErrorInfo with the code's name and the parts of the line, so the client prints exactly what the
// server said. A status travels in HTTP/2 trailers, which most gRPC clients limit to 8 KiB: long parts are
// cut in the middle.
#pragma once

#include "base/error.h"

#include <string>

namespace grpc {
class Status;
}

namespace romlink {

[[nodiscard]] grpc::Status toStatus(const Error& error);

/// As toStatus(), for a link input that the service lacks: the client uploads it and asks again.
[[nodiscard]] grpc::Status missingInputStatus(const std::string& digest);

/// REQUIRES: !status.ok(). `peer` names the service in errors that come from the transport, not from romlink.
[[nodiscard]] Error toError(const grpc::Status& status, const std::string& peer);

/// The digest of the input that the service lacks, if that is what `status` says; otherwise empty.
[[nodiscard]] std::string missingInputOf(const grpc::Status& status);

} // namespace romlink
