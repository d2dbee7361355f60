// Asks the service which ROM is in a flash dump; `rom identify` and `check --dump` do.
#pragma once

#include "base/error.h"
#include "client/address_range.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace romlink::v1 {
class IdentifyImageResponse;
}

namespace romlink::client {

class Session;

struct DumpQuestion {
  std::filesystem::path dump;
  std::optional<std::uint32_t> base;        ///< address of the dump's first byte
  std::vector<AddressRange> volatileRanges; ///< that are specific to the device
  bool listNear = false; ///< answer with near matches alone, too: the answer has no `rom` then
};

/// NotFound (exit code 4) if there is none.
Result<v1::IdentifyImageResponse> identifyDump(const Session& session, const DumpQuestion& question);

} // namespace romlink::client
