// Links that were made against archived ROMs: plain data (archive.h has the functions).
//
// A release's id is the SHA-256 of what was linked and what came out, time aside, so the same link is one
// release however often it is made (releaseId()).
#pragma once

#include "base/error.h"
#include "store/advisory.h"

#include <filesystem>
#include <map>

namespace romlink::store {

struct ReleaseInput {
  std::string path;
  Digest digest; ///< SHA-256 of its content, which is not archived
};

/// A symbol that the firmware takes from the ROM.
struct ReleaseShare {
  std::uint32_t address = 0; ///< in the ROM, without the Thumb bit
  std::string name;          ///< the firmware's
  auto operator<=>(const ReleaseShare&) const = default;
};

struct Release {
  Digest id;
  std::int64_t number = 0; ///< releases are numbered as they come; set by the archive
  std::string linkedAt;    ///< RFC 3339, UTC; of the first time; set by the archive
  std::vector<RomTitle>
      roms;         ///< as the link named them; the image hash counts, the archive fills in the rest
  Digest imageHash; ///< SHA-256 of the linked ELF file
  std::string toolVersion;
  std::map<std::string, std::string> labels;
  std::vector<ReleaseInput> inputs; ///< by path
  std::vector<std::string> arguments;
  std::optional<Digest> policy; ///< absent: the default policy
  Digest report;                ///< of the report's JSON form without timing, which read() gives
  std::uint32_t sharedSymbols = 0;
  std::int32_t savedBytes = 0; ///< of flash
};

/// A release on its way in. `id`, `policy`, `report` and `sharedSymbols` are computed.
struct ReleaseSource {
  Release release;
  std::filesystem::path policy; ///< empty: the default policy
  std::filesystem::path report;
  std::vector<ReleaseShare> shares;
};

struct ArchivedRelease {
  Release release;
  bool alreadyArchived = false;
};

/// Usage: a label without a name, or one that cannot be shown on every terminal.
Result<void> checkLabels(const std::map<std::string, std::string>& labels);

} // namespace romlink::store
