// May the ROM's copy of a symbol be called and used as the firmware's own is? What it computes is the proof's
// business (match/); this room compares how both sides see the symbol: its types (types.h) and how the code
// on both sides was compiled (flags.h).
//
// An objection keeps a symbol local. It does not make it another function: a symbol that is proved equal and
// has an objection still proves its callers.
#pragma once

#include "relink/compat/flags.h"
#include "relink/compat/types.h"
#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "relink/match/reason.h"
#include "romlink/v1/report.pb.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace romlink::relink {

struct Compatible {
  Reason reason = Reason::None;   ///< ApiMismatch, FlagsMismatch, or None: no objection
  std::string detail;             ///< "sha256_context.is224: offset 0x68 -> 0x6c (buffer[64] -> buffer[68])"
  std::string unlessEqual;        ///< an objection of flags to code that is not proved the same; empty: none
  std::string unlessTyped;        ///< the same, because its types are not known
  std::vector<TypeVerdict> types; ///< of each symbol of the section

  /// Why the types of one of them are not known on both sides; empty: all could be compared.
  [[nodiscard]] std::string whyUnchecked() const;
};

class Compatibility {
public:
  /// REQUIRES: both outlive it.
  Compatibility(const Firmware& firmware, const RomImage& rom);

  /// Of the section, all its symbols together, if the ROM's counterpart begins at `base`.
  [[nodiscard]] const Compatible& of(SectionId section, Address base) const;

  /// Flag differences, findings and counts. REQUIRES: the report has its symbols.
  void report(romlink::v1::LinkReport& report) const;

private:
  [[nodiscard]] Compatible judge(SectionId section, Address base) const;

  const Firmware& firmware_;
  TypeComparison types_;
  FlagComparison flags_;
  mutable std::map<std::pair<SectionId, Address>, Compatible> known_;
};

} // namespace romlink::relink
