// What each obstacle costs, alone and in small sets, and which waivers would pay.
//
// Every claim that does not hold fails because of a set of causes: claims that fail by themselves. If the set
// is {c}, the claim is unlocked by removing c alone; if it is {c, d}, only both together pay. The sets are
// computed bottom-up over the strongly connected components of the graph of failed claims, so the cost is
// linear in its size; a claim with more than kMostCauses causes is out of reach for anyone.
#pragma once

#include "relink/match/proof.h"

#include <vector>

namespace romlink::relink {

struct Price {
  std::vector<ClaimId> causes; ///< sorted; all of them have to go
  std::uint32_t bytes = 0;     ///< of the sections that would become shareable
  std::uint32_t symbols = 0;   ///< functions and objects in them
};

class Prices {
public:
  static constexpr std::size_t kMostCauses = 6;
  Prices(const Firmware& firmware, const Proof& proof);

  /// Single causes, and sets of at most 4 that pay more together than each alone; by bytes, highest first.
  [[nodiscard]] std::vector<Price> blockers() const;
  /// Growing sets of causes that a waiver can remove: each the best next step by bytes per waiver.
  [[nodiscard]] std::vector<Price> waivers() const;

private:
  [[nodiscard]] Price priceOf(std::vector<ClaimId> causes) const;

  const Proof& proof_;
  std::vector<Price> groups_; ///< sections by their set of causes; bytes of exactly these
};

} // namespace romlink::relink
