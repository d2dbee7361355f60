// romlink.v1.TransferService: backups and bundles over gRPC. See proto/romlink/v1/transfer.proto for the
// promises.
//
// A file is made in the daemon's own folder for jobs, so on the archive's disk, and streamed from there: for
// a moment the disk holds a backup's content twice.
#include "base/file.h"
#include "romlink/v1/transfer.grpc.pb.h"
#include "server/bundle.h"
#include "server/call.h"
#include "server/config.h"
#include "server/services.h"
#include "store/archive.h"

#include <chrono>
#include <fstream>
#include <grpcpp/server_context.h>

namespace romlink::server {
namespace {
namespace fs = std::filesystem;

using PartWriter = grpc::ServerWriter<v1::FilePart>;

/// Sends progress, but not more often than a person can see.
class ProgressWriter {
public:
  explicit ProgressWriter(PartWriter& writer) : writer_(writer) {}

  void show(const char* doing, std::uint64_t done, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(100))
      return;
    last_ = now;
    v1::FilePart message;
    message.mutable_progress()->set_doing(doing);
    message.mutable_progress()->set_done(done);
    message.mutable_progress()->set_total(total);
    writer_.Write(message);
  }

private:
  PartWriter& writer_;
  std::chrono::steady_clock::time_point last_;
};

/// Start, content, digest.
Result<void> send(Call& call, const fs::path& file, const std::vector<std::string>& problems,
                  PartWriter& writer) {
  v1::FilePart message;
  message.mutable_start()->set_size(fs::file_size(file));
  message.mutable_start()->mutable_problems()->Assign(problems.begin(), problems.end());
  Sha256 hash;
  bool listening = writer.Write(message);
  ROMLINK_TRY(readPieces(file, [&](std::string&& piece) {
    hash.update(asBytes(piece));
    call.sent(piece.size());
    message.set_chunk(std::move(piece));
    return listening = listening && writer.Write(message);
  }));
  message.set_digest(hash.finish().text());
  return listening && writer.Write(message) ? Result<void>() : Call::clientGone();
}

Result<void> checkSound(const std::vector<std::string>& problems) {
  if (problems.empty())
    return {};
  const std::string more =
      problems.size() == 1 ? "" : " (and " + std::to_string(problems.size() - 1) + " more problems)";
  return fail(
      ErrorCode::Damaged, "cannot back up the archive", {}, problems.front() + more,
      "`romlink archive verify` names all that is damaged; --damaged makes the backup in spite of it");
}

class TransferService final : public v1::TransferService::Service {
public:
  explicit TransferService(Services& services) : services_(services) {}

  grpc::Status BackUpArchive(grpc::ServerContext* context, const v1::BackUpArchiveRequest* request,
                             PartWriter* writer) override {
    return handle(*context, "BackUpArchive", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_ASSIGN(const TemporaryDirectory staging, TemporaryDirectory::create(services_.jobs, "backup"));
      const fs::path file = staging.path() / "archive.db";
      ProgressWriter progress(*writer);
      ROMLINK_ASSIGN(const auto problems,
                     services_.archive.backup(
                         file,
                         [&](const store::CopyProgress& copied) {
                           progress.show("copying", copied.copiedPages, copied.totalPages);
                         },
                         [&](const store::VerifyProgress& verified) {
                           progress.show("verifying the copy", verified.checkedBlobs, verified.totalBlobs);
                         }));
      if (!request->damaged())
        ROMLINK_TRY(checkSound(problems));
      return send(call, file, problems, *writer);
    });
  }

  grpc::Status ExportRoms(grpc::ServerContext* context, const v1::ExportRomsRequest* request,
                          PartWriter* writer) override {
    return handle(*context, "ExportRoms", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_ASSIGN(const TemporaryDirectory staging, TemporaryDirectory::create(services_.jobs, "export"));
      const fs::path file = staging.path() / "bundle.db";
      ProgressWriter progress(*writer);
      ROMLINK_TRY(exportBundle(services_, call, {request->roms().begin(), request->roms().end()},
                               staging.path(), file,
                               [&](const char* doing, std::uint64_t done, std::uint64_t total) {
                                 progress.show(doing, done, total);
                               }));
      return send(call, file, {}, *writer);
    });
  }

  grpc::Status ImportRoms(grpc::ServerContext* context, grpc::ServerReader<v1::ImportRomsRequest>* reader,
                          v1::ImportRomsResponse* response) override {
    return handle(*context, "ImportRoms", services_.activity, [&](Call& call) -> Result<void> {
      ROMLINK_ASSIGN(const TemporaryDirectory staging, TemporaryDirectory::create(services_.jobs, "import"));
      ROMLINK_ASSIGN(const auto trusted, receive(call, *reader, staging.path() / "archive.db"));
      return importBundle(services_, call, staging.path(), trusted, *response);
    });
  }

private:
  /// Writes the bundle to `file`; the keys that are trusted.
  Result<std::vector<VerifierKey>> receive(Call& call, grpc::ServerReader<v1::ImportRomsRequest>& reader,
                                           const fs::path& file);

  Services& services_;
};

Result<std::vector<VerifierKey>> TransferService::receive(Call& call,
                                                          grpc::ServerReader<v1::ImportRomsRequest>& reader,
                                                          const fs::path& file) {
  std::vector<VerifierKey> trusted = {{"this archive", services_.archive.signingKey()}};
  const auto trust = [&](const std::string& text) -> Result<void> {
    auto key = VerifierKey::parse(text);
    if (!key) {
      key.error().where = text;
      return fail(std::move(key.error()));
    }
    trusted.push_back(std::move(*key));
    return {};
  };
  for (const std::string& key : services_.config.trustedKeys)
    ROMLINK_TRY(trust(key));
  std::ofstream out(file, std::ios::binary);
  v1::ImportRomsRequest message;
  while (reader.Read(&message)) {
    for (const std::string& key : message.header().trusted_keys())
      ROMLINK_TRY(trust(key));
    call.received(message.chunk().size());
    if (call.receivedBytes() > services_.config.publishBytes)
      return fail(ErrorCode::Refused, "cannot import the bundle", {}, "it is larger than the service accepts",
                  "the limit is publish_limit_mib in the service's configuration file, [uploads]");
    out.write(message.chunk().data(), static_cast<std::streamsize>(message.chunk().size()));
  }
  if (call.cancelled())
    return Call::clientGone();
  out.close();
  if (!out)
    return fail(ErrorCode::Exhausted, "cannot import the bundle", {}, "the archive's disk does not take it");
  return trusted;
}

} // namespace

std::unique_ptr<grpc::Service> makeTransferService(Services& services) {
  return std::make_unique<TransferService>(services);
}

} // namespace romlink::server
