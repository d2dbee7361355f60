// Errors as gRPC statuses and back.
#include "server/status.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

namespace romlink {
namespace {

TEST(Status, EveryErrorComesBackAsItWas) {
  for (const ErrorCode code :
       {ErrorCode::Refused, ErrorCode::Usage, ErrorCode::Malformed, ErrorCode::NotFound,
        ErrorCode::Unavailable, ErrorCode::Exhausted, ErrorCode::Damaged, ErrorCode::Internal}) {
    const Error error{code, "what", "where", "why", "hint"};
    const grpc::Status status = toStatus(error);
    EXPECT_EQ(status.error_message(), "what: where: why");
    const Error back = toError(status, "peer");
    EXPECT_EQ(back.code, code);
    EXPECT_EQ(back.line(), error.line());
    EXPECT_EQ(back.hint, "hint");
  }
}

TEST(Status, CodesAreThoseOfTheTable) {
  EXPECT_EQ(toStatus({ErrorCode::Refused, {}, {}, {}, {}}).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(toStatus({ErrorCode::Malformed, {}, {}, {}, {}}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(toStatus({ErrorCode::Damaged, {}, {}, {}, {}}).error_code(), grpc::StatusCode::DATA_LOSS);
}

TEST(Status, LongErrorsFitIntoTrailers) {
  const std::string longText(100000, 'x');
  const grpc::Status status = toStatus({ErrorCode::Refused, longText, longText, longText, longText});
  EXPECT_LT(status.error_message().size() + status.error_details().size() * 4 / 3, 8192U);
  EXPECT_EQ(toError(status, {}).code, ErrorCode::Refused);
}

TEST(Status, BytesThatAreNoTextDoNotHarm) {
  const Error back =
      toError(toStatus({ErrorCode::Malformed, "bad \xff\xc3 name", "caf\xc3\xa9", {}, {}}), {});
  EXPECT_EQ(back.what, "bad ?? name");
  EXPECT_EQ(back.where, "caf\xc3\xa9");
}

TEST(Status, TransportErrorsBecomeUnavailable) {
  const Error error = toError({grpc::StatusCode::UNAVAILABLE, "connection refused"}, "localhost:1");
  EXPECT_EQ(error.code, ErrorCode::Unavailable);
  EXPECT_EQ(error.where, "localhost:1");
  EXPECT_FALSE(error.hint.empty());
}

TEST(Status, MissingInputsAreTold) {
  EXPECT_EQ(missingInputOf(missingInputStatus("sha256:00")), "sha256:00");
  EXPECT_EQ(missingInputOf(toStatus({ErrorCode::NotFound, "no such ROM", {}, {}, {}})), "");
}

} // namespace
} // namespace romlink
