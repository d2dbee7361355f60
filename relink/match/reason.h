// Why a symbol stays local: the words of the report. docs/design.md explains each.
#pragma once

#include <string_view>

namespace romlink::relink {

enum class Reason {
  None, ///< it is shared
  NotInRom,
  Changed,
  DependsOnChanged,
  Fixed,
  ApiMismatch,
  FlagsMismatch,
  StateNotShared,
  AddressIdentity,
  NotSeparable,
  NoGain,
  EntryPoint,
  Unwind,
  RomUnreachable,
  Policy,
};

/// "NOT_IN_ROM", ...; empty for None.
[[nodiscard]] std::string_view nameOf(Reason reason);

} // namespace romlink::relink
