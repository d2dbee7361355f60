// ROMs as text for people.
#pragma once

#include <string>
#include <vector>

namespace romlink::v1 {
class Rom;
}

namespace romlink::client {

/// Columns: name@version, hash, size, published; and why it was withdrawn, if one was.
[[nodiscard]] std::string romTable(const std::vector<v1::Rom>& roms);

/// A warning, "boot@1.0 was withdrawn: REASON", if it was.
void warnIfWithdrawn(const v1::Rom& rom);

/// All that is known of one ROM, one fact a line.
[[nodiscard]] std::string romDescription(const v1::Rom& rom);

} // namespace romlink::client
