// Asks the service which ROM is in a flash dump; `rom identify` and `check --dump` do.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace romlink::v1 {
class IdentifyImageResponse;
}

namespace romlink::client {

class Session;

/// NotFound (exit code 4) if there is none.
Result<v1::IdentifyImageResponse> identifyDump(const Session& session, const std::filesystem::path& dump,
                                               std::optional<std::uint32_t> base);

} // namespace romlink::client
