// What it means that the ROM and an object of the firmware are compiled with different flags: the table of
// all flags, the worst first. docs/design.md has it in words.
//
// A call between both sides works if they agree on who holds what in which register, on the sizes and places
// of what they pass, and on the processor's state. Most flags therefore touch some calls only:
// those that a certain type crosses, or those of code that is not proved to be the same. Identical machine
// code needs the same surroundings on both sides, since the firmware's own copy would have run in them.
#pragma once

#include "relink/compat/build_facts.h"
#include "relink/compat/types.h"
#include "romlink/v1/report.pb.h"

#include <span>

namespace romlink::relink {

struct FlagRule {
  enum class Breaks {
    EveryCall,
    Crossing,  ///< calls that `touches` says yes to
    Layout,    ///< the same, unless the types were compared and are the same
    Types,     ///< calls whose types differ
    NotProved, ///< calls of code whose body is not proved the same
    Nothing,
  };
  std::string_view flag;
  Breaks breaks = Breaks::Nothing;
  bool (*touches)(const Crossing&) = nullptr; ///< of Crossing and Layout
  std::string_view why;                       ///< what a difference does, one sentence

  [[nodiscard]] romlink::v1::FlagDifference::Effect effect() const;
  /// Does it keep a symbol local whatever its evidence?
  [[nodiscard]] bool objectsTo(const TypeVerdict& types) const;
  /// Would the types that are not known tell whether it does?
  [[nodiscard]] bool mayObjectTo(const TypeVerdict& types) const;
  /// A contradiction inside the ROM matters: its objects cannot call each other, either.
  [[nodiscard]] bool concernsAbi() const;
};

/// Every flag that is compared, the worst effect first.
[[nodiscard]] std::span<const FlagRule> flagRules();

/// May firmware of this value of a flag not work with ROM code of that one? Equal values always do; others
/// may, too, in this direction.
[[nodiscard]] bool conflict(std::string_view flag, std::string_view rom, std::string_view firmware);

} // namespace romlink::relink
