// What `rom identify` found, as text for people.
#pragma once

#include <string>

namespace romlink::v1 {
class IdentifyImageResponse;
}

namespace romlink::client {

/// One line for each match, the best first, in columns; below each near match the first differences.
[[nodiscard]] std::string identifyTable(const v1::IdentifyImageResponse& found, bool colour);

} // namespace romlink::client
