// Withdrawn ROMs: plain data (archive.h has the functions).
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace romlink::store {

/// What becomes of new links against a ROM.
enum class Links { Allow, Warn, Refuse };

/// "allow", "warn", "refuse".
[[nodiscard]] std::string_view nameOf(Links links);
/// The inverse. Usage: another word.
Result<Links> linksFromName(std::string_view name);

/// What is archived stays; this says that it shall not be used any more, or (Links::Allow) that it may be
/// again.
struct Withdrawal {
  Links links = Links::Refuse;
  std::string reason;
  std::string withdrawnAt; ///< RFC 3339, UTC; set by the archive
};

} // namespace romlink::store
