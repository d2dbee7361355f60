// A report's symbols, sorted and summed the way people read them. Text and HTML share it, so their sums
// agree.
//
// Invariant: every symbol is in exactly one of `shared` and `local`; the bytes of all reasons add up to
// localBytes. A symbol that is an alias (alias_of) carries no bytes of its own, so no byte counts twice.
#pragma once

#include "romlink/v1/report.pb.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::report {

using Symbol = romlink::v1::SymbolDecision;

struct ReasonSum {
  std::string reason;
  std::uint64_t symbols = 0;
  std::uint64_t bytes = 0;
};

/// Points into the report it was made of. REQUIRES: the report outlives it.
struct Tally {
  std::vector<const Symbol*> shared;   ///< largest first, then by name and object
  std::vector<const Symbol*> accepted; ///< of `shared`, those that the policy took without proof
  std::vector<const Symbol*>
      local;                      ///< in the order of `reasons`, then largest first, then by name and object
  std::vector<ReasonSum> reasons; ///< of `local`, most bytes first
  std::uint64_t sharedBytes = 0;
  std::uint64_t acceptedBytes = 0; ///< of sharedBytes
  std::uint64_t localBytes = 0;
};

[[nodiscard]] Tally tallyOf(const romlink::v1::LinkReport& report);

/// Bytes the symbol accounts for: its size, or 0 for an alias.
[[nodiscard]] std::uint32_t bytesOf(const Symbol& symbol);

/// Shared because the policy says so, not because it is proved.
[[nodiscard]] bool isAccepted(const Symbol& symbol);

/// What the reason column says: the reason, or for a shared symbol its evidence ("IDENTICAL").
[[nodiscard]] std::string reasonOf(const Symbol& symbol);

/// One line of docs/design.md's table for a reason; empty for a reason nobody knows.
[[nodiscard]] std::string_view meaningOf(std::string_view reason);

} // namespace romlink::report
