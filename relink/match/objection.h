// What speaks against the ROM's copy of a symbol although it may compute the same: published defects, and
// types or flags that differ (compat/).
#pragma once

#include "relink/address_range.h"
#include "relink/match/reason.h"

#include <string>

namespace romlink::relink {

/// A function or object of the ROM that an advisory names, directly or because its code is the same.
struct Defect {
  std::string advisory; ///< "CVE-2026-0001"
  std::string summary;
  std::string symbol;
  Address address = 0; ///< without the Thumb bit
};

struct Objection {
  Reason reason = Reason::None; ///< None: no objection
  std::string detail;
  bool typesChecked = true; ///< false: no DWARF tells the types on both sides, so only equal code counts
  std::string whyUnchecked;
  std::string unlessEqual; ///< why only equal code counts: a flag that differs (FLAGS_MISMATCH); else empty
  std::string unlessTyped; ///< the same, unless a standard fixes its types, which are not known
};

} // namespace romlink::relink
