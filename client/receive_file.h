// Takes a file that the service streams in parts (romlink.v1.FilePart) and puts it in place whole.
#pragma once

#include "base/error.h"
#include "client/command.h"

#include <cstdint>
#include <string>
#include <vector>

namespace grpc {
template <class R>
class ClientReader;
}
namespace romlink::v1 {
class FilePart;
}

namespace romlink::client {

class OutputFile;
class Session;

struct ReceivedFile {
  std::uint64_t size = 0;
  std::string digest;
  std::vector<std::string> problems;
};

/// Reads the call to its end and shows its progress. `file` appears, or changes, when all of it has arrived,
/// matches its digest, and is on the disk. Finishes the call.
Result<ReceivedFile> receiveFile(const Session& session, grpc::ClientReader<v1::FilePart>& reader,
                                 const std::string& file, const GlobalOptions& global);

/// The file's size and digest, as JSON if that was asked for; the last line is the digest.
void printReceived(const ReceivedFile& received, const std::string& file, const GlobalOptions& global);

} // namespace romlink::client
