// Compares the types of a symbol on both sides of the border: the firmware's from its objects' DWARF
// (debug_types.h), the ROM's from the ROM index (rom_types.h).
//
// Types of equal hash are the same, and most are; only others are compared one by one (type_compare.h).
#pragma once

#include "relink/compat/crossing.h"
#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"

#include <memory>
#include <string>
#include <vector>

namespace romlink::relink {

struct TypeVerdict {
  enum class Outcome {
    NotChecked, ///< `path` says why
    Same,
    Compatible, ///< they differ as `notes` say, which breaks no call
    Different,  ///< first at `path`
  };
  Outcome outcome = Outcome::NotChecked;
  std::string path;
  std::string hash; ///< of the firmware's type, 16 hex digits; empty: none known
  std::vector<std::string> notes;
  Crossing crossing; ///< of either side
};

class TypeComparison {
public:
  /// REQUIRES: both outlive it. Reads the DWARF of an object when a symbol of it is first asked for.
  TypeComparison(const Firmware& firmware, const RomImage& rom);
  ~TypeComparison();

  /// The symbol `index` of the section, if the ROM has it at `address`.
  [[nodiscard]] TypeVerdict compare(SectionId section, std::size_t index, Address address) const;

private:
  struct Known;
  const Firmware& firmware_;
  const RomImage& rom_;
  std::unique_ptr<Known> known_; ///< what has been read
};

} // namespace romlink::relink
