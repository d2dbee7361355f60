// Compares how the ROM and each firmware object were compiled, as far as it matters to calls between them.
#pragma once

#include "relink/compat/types.h"
#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "romlink/v1/report.pb.h"

#include <optional>
#include <string>

namespace romlink::relink {

class FlagComparison {
public:
  /// REQUIRES: both outlive it.
  FlagComparison(const Firmware& firmware, const RomImage& rom);

  /// Why code of `object` cannot use a ROM symbol whose use takes `crossing`; nullopt: it can.
  [[nodiscard]] std::optional<std::string> objection(const ObjectFile& object,
                                                     const Crossing& crossing) const;

  /// Every difference, with the symbols that the report keeps local for it, and findings.
  void report(romlink::v1::LinkReport& report) const;
};

} // namespace romlink::relink
