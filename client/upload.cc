#include "client/upload.h"

#include "client/console.h"
#include "client/session.h"
#include "romlink/v1/link.grpc.pb.h"

#include <fstream>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <map>

namespace romlink::client {
namespace {

constexpr std::size_t kPiece = 256 << 10;

using Stub = v1::LinkService::Stub;
using Writer = grpc::ClientWriter<v1::UploadRequest>;

Result<std::vector<const Upload*>> missingOf(const Session& session, Stub& stub,
                                             const std::vector<Upload>& files) {
  std::map<std::string, const Upload*> byDigest;
  v1::FindMissingRequest request;
  for (const Upload& file : files)
    if (byDigest.emplace(file.digest.text(), &file).second)
      request.add_digests(file.digest.text());
  grpc::ClientContext context;
  v1::FindMissingResponse response;
  if (const auto status = stub.FindMissing(&context, request, &response); !status.ok())
    return fail(session.errorOf(status));
  std::vector<const Upload*> missing;
  for (const std::string& digest : response.digests())
    if (const auto found = byDigest.find(digest); found != byDigest.end())
      missing.push_back(found->second);
  return missing;
}

// False when the service does not listen any more; its status says why.
Result<bool> send(Writer& writer, const Upload& file) {
  v1::UploadRequest message;
  message.mutable_start()->set_digest(file.digest.text());
  message.mutable_start()->set_size(file.size);
  bool goesOn = writer.Write(message);
  const auto piece = [&](std::string&& content) {
    message.set_chunk(std::move(content));
    goesOn = goesOn && writer.Write(message);
    return goesOn;
  };
  if (file.content != nullptr) {
    for (std::size_t at = 0; at < file.content->size() && goesOn; at += kPiece)
      piece(file.content->substr(at, kPiece));
    return goesOn;
  }
  ROMLINK_ASSIGN(const std::uint64_t size, readPieces(file.file, piece));
  if (goesOn && size != file.size)
    return fail(ErrorCode::Malformed, "cannot send", file.file.string(), "it changed meanwhile", "try again");
  return goesOn;
}

} // namespace

Result<void> uploadMissing(const Session& session, const std::vector<Upload>& files, Progress& progress) {
  const auto stub = v1::LinkService::NewStub(session.channel());
  ROMLINK_ASSIGN(const auto missing, missingOf(session, *stub, files));
  if (missing.empty())
    return {};
  grpc::ClientContext context;
  v1::UploadResponse response;
  const auto writer = stub->Upload(&context, &response);
  std::size_t done = 0;
  for (const Upload* file : missing) {
    progress.show("uploading " + std::to_string(++done) + " of " + std::to_string(missing.size()) + " files");
    const auto sent = send(*writer, *file);
    if (!sent) {
      context.TryCancel();
      (void)writer->Finish();
      return fail(sent.error());
    }
    if (!*sent)
      break;
  }
  writer->WritesDone();
  if (const auto status = writer->Finish(); !status.ok())
    return fail(session.errorOf(status));
  return {};
}

} // namespace romlink::client
