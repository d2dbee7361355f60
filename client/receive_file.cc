#include "client/receive_file.h"

#include "base/digest.h"
#include "client/console.h"
#include "client/output_file.h"
#include "client/session.h"
#include "romlink/v1/transfer.grpc.pb.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace romlink::client {
namespace {

/// What has arrived so far.
struct Incoming {
  ReceivedFile file;
  std::uint64_t expected = 0;
  Sha256 hash;
};

Result<void> take(const v1::FilePart& part, Incoming& incoming, OutputFile& output, Progress& progress) {
  switch (part.part_case()) {
  case v1::FilePart::kProgress:
    progress.show(fmt::format("{}: {} of {}", part.progress().doing(), part.progress().done(),
                              part.progress().total()));
    return {};
  case v1::FilePart::kStart:
    incoming.expected = part.start().size();
    incoming.file.problems.assign(part.start().problems().begin(), part.start().problems().end());
    return {};
  case v1::FilePart::kChunk:
    incoming.hash.update(asBytes(part.chunk()));
    incoming.file.size += part.chunk().size();
    progress.show(fmt::format("receiving: {} of {} bytes", incoming.file.size, incoming.expected));
    return output.write(asBytes(part.chunk()));
  case v1::FilePart::kDigest:
    incoming.file.digest = part.digest();
    return {};
  case v1::FilePart::PART_NOT_SET:
    break;
  }
  return {};
}

} // namespace

Result<ReceivedFile> receiveFile(const Session& session, grpc::ClientReader<v1::FilePart>& reader,
                                 const std::string& file, const GlobalOptions& global) {
  ROMLINK_ASSIGN(OutputFile output, OutputFile::create(file));
  Progress progress(global.quiet);
  Incoming incoming;
  for (v1::FilePart part; reader.Read(&part);)
    ROMLINK_TRY(take(part, incoming, output, progress)); // leaving ends the call
  if (const grpc::Status status = reader.Finish(); !status.ok())
    return fail(session.errorOf(status));
  if (const std::string actual = incoming.hash.finish().text();
      actual != incoming.file.digest || incoming.file.size != incoming.expected)
    return fail(ErrorCode::Damaged, "what arrived does not match its digest", file,
                "it has " + actual + " instead of " + incoming.file.digest, "try again");
  ROMLINK_TRY(output.sync());
  ROMLINK_TRY(output.commit());
  return std::move(incoming.file);
}

void printReceived(const ReceivedFile& received, const std::string& file, const GlobalOptions& global) {
  if (global.json) {
    const nlohmann::ordered_json json = {{"file", file},
                                         {"size", received.size},
                                         {"digest", received.digest},
                                         {"problems", received.problems}};
    printLine(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return;
  }
  if (!global.quiet)
    printLine(fmt::format("{}: {} bytes", file, received.size));
  printLine(received.digest);
}

} // namespace romlink::client
