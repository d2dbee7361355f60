#include "server/status.h"

#include "google/rpc/error_details.pb.h"

#include <array>
#include <grpcpp/support/status.h>
#include <string_view>

namespace romlink {
namespace {

constexpr std::string_view kDomain = "romlink";
constexpr std::string_view kMissingInput = "missing_input";

struct CodePair {
  ErrorCode error;
  grpc::StatusCode status;
};
// The first pair of a status is the one it turns back into without details.
constexpr std::array kCodes = {
    CodePair{ErrorCode::Refused, grpc::StatusCode::FAILED_PRECONDITION},
    CodePair{ErrorCode::Usage, grpc::StatusCode::INVALID_ARGUMENT},
    CodePair{ErrorCode::Malformed, grpc::StatusCode::INVALID_ARGUMENT},
    CodePair{ErrorCode::NotFound, grpc::StatusCode::NOT_FOUND},
    CodePair{ErrorCode::Unavailable, grpc::StatusCode::UNAVAILABLE},
    CodePair{ErrorCode::Exhausted, grpc::StatusCode::RESOURCE_EXHAUSTED},
    CodePair{ErrorCode::Damaged, grpc::StatusCode::DATA_LOSS},
    CodePair{ErrorCode::Internal, grpc::StatusCode::INTERNAL},
    CodePair{ErrorCode::Exhausted, grpc::StatusCode::DEADLINE_EXCEEDED},
};

grpc::StatusCode statusCodeOf(ErrorCode code) {
  for (const CodePair& pair : kCodes)
    if (pair.error == code)
      return pair.status;
  return grpc::StatusCode::INTERNAL;
}

// Length of the UTF-8 sequence at the start of `text`, 0 if it is none. Overlong forms pass; nothing depends
// on them.
std::size_t utf8Length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80       ? 1
                             : lead >> 5 == 6  ? 2
                             : lead >> 4 == 14 ? 3
                             : lead >> 3 == 30 ? 4
                                               : 0;
  if (length == 0 || length > text.size())
    return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80)
      return 0;
  return length;
}

// Symbol and file names from hostile inputs need not be UTF-8, which protobuf strings and gRPC messages must
// be.
std::string asUtf8(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = utf8Length(text);
    clean += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clean;
}

std::string shortened(const std::string& text, std::size_t limit) {
  if (text.size() <= limit)
    return asUtf8(text);
  const std::string_view all = text;
  return asUtf8(std::string(all.substr(0, limit * 2 / 3)) + " ... " +
                std::string(all.substr(all.size() - limit / 3)));
}

Error fitForTrailers(const Error& error) {
  return Error{error.code, shortened(error.what, 240), shortened(error.where, 480),
               shortened(error.why, 1600), shortened(error.hint, 480)};
}

google::rpc::ErrorInfo infoOf(const Error& error) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(nameOf(error.code)));
  info.set_domain(std::string(kDomain));
  auto& parts = *info.mutable_metadata();
  parts["what"] = error.what;
  parts["where"] = error.where;
  parts["why"] = error.why;
  parts["hint"] = error.hint;
  return info;
}

grpc::Status statusOf(const Error& error, const google::rpc::ErrorInfo& info) {
  const grpc::StatusCode code = statusCodeOf(error.code);
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.add_details()->PackFrom(info);
  return {code, error.line(), details.SerializeAsString()};
}

bool unpackInfo(const grpc::Status& status, google::rpc::ErrorInfo& info) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details()))
    return false;
  for (const auto& any : details.details())
    if (any.UnpackTo(&info) && info.domain() == kDomain)
      return true;
  return false;
}

} // namespace

grpc::Status toStatus(const Error& error) {
  const Error fit = fitForTrailers(error);
  return statusOf(fit, infoOf(fit));
}

grpc::Status missingInputStatus(const std::string& digest) {
  const Error error{ErrorCode::NotFound, "input is not uploaded", digest, {}, {}};
  google::rpc::ErrorInfo info = infoOf(error);
  (*info.mutable_metadata())[std::string(kMissingInput)] = digest;
  return statusOf(error, info);
}

std::string missingInputOf(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  if (status.error_code() != grpc::StatusCode::NOT_FOUND || !unpackInfo(status, info))
    return {};
  const auto found = info.metadata().find(std::string(kMissingInput));
  return found == info.metadata().end() ? std::string() : found->second;
}

Error toError(const grpc::Status& status, const std::string& peer) {
  google::rpc::ErrorInfo info;
  if (unpackInfo(status, info)) {
    const auto part = [&](const char* key) {
      const auto found = info.metadata().find(key);
      return found == info.metadata().end() ? std::string() : found->second;
    };
    return Error{errorCodeFromName(info.reason()), part("what"), part("where"), part("why"), part("hint")};
  }
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE)
    return Error{ErrorCode::Unavailable, "cannot reach the service", peer, status.error_message(),
                 "start it with `romlinkd --archive DIR`, or name the archive's folder with --archive DIR"};
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
    return Error{ErrorCode::Unavailable, "the service does not know this request", peer,
                 status.error_message(), "is it a romlinkd of this version?"};
  for (const CodePair& pair : kCodes)
    if (pair.status == status.error_code())
      return Error{pair.error, "the service reports an error", peer, status.error_message(), {}};
  return Error{ErrorCode::Internal, "the service reports an error", peer, status.error_message(), {}};
}

} // namespace romlink
