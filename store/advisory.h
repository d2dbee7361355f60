// What people recorded as wrong with ROM code: plain data (archive.h has the functions).
#pragma once

#include "base/digest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace romlink::store {

/// A ROM as people name it.
struct RomTitle {
  Digest imageHash;
  std::string name;
  std::string version;
  bool operator==(const RomTitle&) const = default;
  /// By name, then version, as ROMs are listed.
  auto operator<=>(const RomTitle& other) const {
    return std::tie(name, version, imageHash) <=> std::tie(other.name, other.version, other.imageHash);
  }
};

/// Defective code of one ROM.
struct AdvisoryTarget {
  RomTitle rom;
  std::string symbol;
  std::uint32_t address = 0;  ///< without the Thumb bit
  std::uint32_t size = 0;     ///< bytes
  std::optional<Digest> body; ///< of the code wherever it lies; absent: not known
  std::string recordedAt;     ///< RFC 3339, UTC; set by the archive
};

struct Advisory {
  std::string id;
  std::string summary;
  std::string url;
  std::string recordedAt;              ///< RFC 3339, UTC; set by the archive
  std::vector<AdvisoryTarget> targets; ///< in the order of their recording
};

struct RecordedAdvisory {
  Advisory advisory;
  bool alreadyRecorded = false; ///< with all of these targets
};

} // namespace romlink::store
