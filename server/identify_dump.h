// IdentifyImage: takes a dump, asks the catalogue which ROMs are in it, and ranks the answers.
//
// What the dump is, its first bytes tell: an ELF file is read by a worker, and its flash image searched like
// a dump, after its notes were asked which ROMs it was linked against; Intel HEX and S-records
// (dump_format.h) are memory with its addresses; anything else is memory as it was read.
#pragma once

#include "base/error.h"
#include "base/file.h"
#include "server/services.h"
#include "store/archive.h"

#include <fstream>
#include <optional>
#include <vector>

namespace romlink::v1 {
class IdentifyImageRequest;
class IdentifyImageResponse;
} // namespace romlink::v1

namespace romlink::server {

class Call;

class DumpUpload {
public:
  static Result<DumpUpload> create(Services& services);

  /// Takes the next message of the stream. Refused: the dump is larger than the service accepts.
  Result<void> accept(const v1::IdentifyImageRequest& message);

  /// REQUIRES: the stream has ended; called once. NotFound: nothing is in the dump, or near matches only and
  /// the client does not ask for them.
  Result<void> identify(Call& call, v1::IdentifyImageResponse& response);

private:
  DumpUpload(Services& services, TemporaryDirectory folder);

  Services& services_;
  TemporaryDirectory folder_;
  std::ofstream out_;
  std::uint64_t size_ = 0;
  std::optional<std::uint32_t> base_;
  std::vector<store::AddressRange> given_;
  bool listNear_ = false;
};

} // namespace romlink::server
