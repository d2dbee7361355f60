#include "server/http_message.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace romlink::server {
namespace {

unsigned statusOf(ErrorCode code) {
  switch (code) {
  case ErrorCode::Usage:
    return 400;
  case ErrorCode::NotFound:
    return 404;
  case ErrorCode::Exhausted:
  case ErrorCode::Unavailable:
    return 503;
  case ErrorCode::Refused:
  case ErrorCode::Malformed:
  case ErrorCode::Damaged:
  case ErrorCode::Internal:
    break;
  }
  return 500;
}

} // namespace

Result<std::shared_ptr<const HttpFile>> HttpFile::open(InputCache::Pin pin) {
  const int fd = ::open(pin.file().c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(ErrorCode::Internal, "cannot read the cache", {}, std::strerror(errno));
  return std::make_shared<const HttpFile>(std::move(pin), fd);
}

HttpFile::~HttpFile() {
  ::close(fd_);
}

HttpReply textReply(unsigned status, std::string_view line) {
  HttpReply made;
  made.status = status;
  made.fields = {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}};
  made.text = std::string(line) + "\n";
  return made;
}

HttpReply errorReply(const Error& error) {
  return textReply(statusOf(error.code), error.line());
}

HttpReply reply(const HttpRequest& request, const HttpResource& resource) {
  const Validators validators{'"' + resource.digest.text() + '"', resource.modified};
  const Precondition precondition = evaluate(request.conditions, validators);
  if (precondition == Precondition::Failed)
    return textReply(412, "the content is not the one that the request's condition names");
  HttpReply made;
  made.fields = {{"ETag", validators.etag},
                 {"Last-Modified", httpDate(resource.modified)},
                 {"Cache-Control", "public, max-age=31536000, immutable"},
                 {"Accept-Ranges", "bytes"}};
  if (precondition == Precondition::NotModified) {
    made.status = 304;
    return made;
  }
  ServedRange range{ServedRange::Whole, 0, resource.size};
  if (!request.isHead)
    range = servedRange(request.conditions, validators, resource.size);
  if (range.kind == ServedRange::Unsatisfiable) {
    made = textReply(416, "the content has " + std::to_string(resource.size) + " bytes");
    made.fields.emplace_back("Content-Range", "bytes */" + std::to_string(resource.size));
    return made;
  }
  auto pin = resource.open();
  if (!pin)
    return errorReply(pin.error());
  auto file = HttpFile::open(std::move(*pin));
  if (!file)
    return errorReply(file.error());
  made.file = std::move(*file);
  made.first = range.first;
  made.size = range.size;
  made.fields.emplace_back("Content-Type", "application/octet-stream");
  made.fields.insert(made.fields.end(), resource.fields.begin(), resource.fields.end());
  if (range.kind == ServedRange::Part) {
    made.status = 206;
    made.fields.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                  std::to_string(range.first + range.size - 1) + "/" +
                                                  std::to_string(resource.size));
  }
  return made;
}

} // namespace romlink::server
