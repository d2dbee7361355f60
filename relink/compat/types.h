// Compares the types of a symbol on both sides of the border: the firmware's from its objects' DWARF, the
// ROM's from the ROM index.
#pragma once

#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"

#include <string>
#include <vector>

namespace romlink::relink {

/// What takes part in a call or a use of a symbol. By value: in its parameters and result, or in the object;
/// reached: also through pointers and members.
struct Crossing {
  bool known = false;         ///< the symbol has types
  bool enumeration = false;   ///< reached
  bool wideCharacter = false; ///< reached
  bool time = false;          ///< reached: time_t or a type made of it
  bool floatingPoint = false; ///< by value
  bool aggregate = false;     ///< by value
  bool doubleWord = false;    ///< by value: a type of 8-byte alignment
  bool variadic = false;
};

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

  /// The symbol `index` of the section, if the ROM has it at `address`.
  [[nodiscard]] TypeVerdict compare(SectionId section, std::size_t index, Address address) const;

private:
  const Firmware& firmware_;
  const RomImage& rom_;
};

} // namespace romlink::relink
