#include "relink/compat/flag_rules.h"

namespace romlink::relink {
namespace {

using Breaks = FlagRule::Breaks;
using romlink::v1::FlagDifference;

bool enumerations(const Crossing& crossing) {
  return crossing.enumeration;
}
bool wideCharacters(const Crossing& crossing) {
  return crossing.wideCharacter;
}
bool times(const Crossing& crossing) {
  return crossing.time;
}
bool aggregates(const Crossing& crossing) {
  return crossing.aggregate;
}
bool doubleWords(const Crossing& crossing) {
  return crossing.doubleWord;
}
/// Also of aggregates that have such members. A variadic function takes its arguments as the base standard
/// says for either ABI (AAPCS32, 7.1.2), but a callback that it takes need not be one.
bool floatingPoint(const Crossing& crossing) {
  return crossing.floatingPoint;
}

constexpr FlagRule kRules[] = {
    {flag::kProfile, Breaks::EveryCall, nullptr, "the processors have no common instruction set"},
    {flag::kPcs, Breaks::EveryCall, nullptr, "arguments are passed by another procedure call standard"},
    {flag::kPcsConfig, Breaks::EveryCall, nullptr, "arguments are passed by another procedure call standard"},
    {flag::kR9, Breaks::EveryCall, nullptr,
     "r9 is not the same thing on both sides, also for an interrupt handler that comes in between"},
    {flag::kRegisters, Breaks::EveryCall, nullptr,
     "registers that one side keeps for itself are changed by the other"},
    {flag::kRwData, Breaks::EveryCall, nullptr, "variables are found in different ways"},

    {flag::kFloatAbi, Breaks::Crossing, floatingPoint,
     "floating-point arguments and results are in other registers"},
    {flag::kEnumSize, Breaks::Layout, enumerations, "enumerations have other sizes"},
    {flag::kWideChar, Breaks::Layout, wideCharacters, "wchar_t has another size"},
    {flag::kTime, Breaks::Layout, times, "time_t has another size"},
    {flag::kPackStruct, Breaks::Types, nullptr, "members of structures lie at other offsets"},
    {flag::kStructReturn, Breaks::Crossing, aggregates, "small structures are returned in another place"},
    {flag::kChar, Breaks::Types, nullptr, "plain char is extended in another way"},
    {flag::kStackAlignment, Breaks::Crossing, doubleWords,
     "the stack may not be aligned as a callee needs it"},
    {flag::kHalfFloat, Breaks::Crossing, floatingPoint, "half-precision numbers have another format"},

    {flag::kFpu, Breaks::NotProved, nullptr, "code may use a floating-point unit that is not enabled"},
    {flag::kMve, Breaks::NotProved, nullptr, "code may use vector instructions that are not enabled"},
    {flag::kBti, Breaks::NotProved, nullptr, "a call through a pointer may meet no landing pad"},
    {flag::kPac, Breaks::NotProved, nullptr, "return addresses may not be signed"},
    {flag::kCmse, Breaks::NotProved, nullptr, "the source may take other paths for the secure state"},
    {flag::kStackProtector, Breaks::NotProved, nullptr, "the stack may not be guarded, or by another guard"},
    {flag::kPureCode, Breaks::NotProved, nullptr, "code may read its own memory"},
    {flag::kUnaligned, Breaks::NotProved, nullptr, "code may make unaligned accesses"},
    {flag::kFastMath, Breaks::NotProved, nullptr, "floating-point results may be other ones"},
    {flag::kFpContract, Breaks::NotProved, nullptr, "products may be added without rounding them"},
    {flag::kRounding, Breaks::NotProved, nullptr, "code may not follow the rounding mode"},
    {flag::kOverflow, Breaks::NotProved, nullptr, "overflow of signed integers may have other results"},
    {flag::kAliasing, Breaks::NotProved, nullptr, "accesses through other types may not be seen"},
    {flag::kNullPointers, Breaks::NotProved, nullptr, "code may take address 0 for none"},

    {flag::kLdrdErratum, Breaks::NotProved, nullptr,
     "code may load what early Cortex-M3 load wrongly (erratum 602117)"},
    {flag::kVlldmErratum, Breaks::NotProved, nullptr,
     "floating-point registers may be open to the non-secure state (CVE-2021-35465)"},

    {flag::kArchitecture, Breaks::Nothing, nullptr, "both run on the one processor"},
    {flag::kRoData, Breaks::Nothing, nullptr, "constants are found in different ways"},
    {flag::kGot, Breaks::Nothing, nullptr, "variables are found in different ways"},
    {flag::kLto, Breaks::Nothing, nullptr, "functions may be specialised for their callers"},
    {flag::kOptimisation, Breaks::Nothing, nullptr, "the same source gives other code"},
    {flag::kCompiler, Breaks::Nothing, nullptr, "the same source gives other code"},
};

bool isAapcs(std::string_view pcs) {
  return pcs.starts_with("aapcs");
}

} // namespace

std::span<const FlagRule> flagRules() {
  return kRules;
}

FlagDifference::Effect FlagRule::effect() const {
  switch (breaks) {
  case Breaks::EveryCall:
    return FlagDifference::BREAKS_EVERY_CALL;
  case Breaks::Crossing:
  case Breaks::Layout:
  case Breaks::Types:
  case Breaks::NotProved:
    return FlagDifference::BREAKS_SOME_CALLS;
  case Breaks::Nothing:
    break;
  }
  return FlagDifference::HARMLESS;
}

bool FlagRule::objectsTo(const TypeVerdict& types) const {
  switch (breaks) {
  case Breaks::EveryCall:
    return true;
  case Breaks::Crossing:
    return types.crossing.known && touches(types.crossing);
  case Breaks::Layout:
    return types.crossing.known && types.outcome != TypeVerdict::Outcome::Same && touches(types.crossing);
  case Breaks::Types:
    return types.outcome == TypeVerdict::Outcome::Different;
  case Breaks::NotProved:
  case Breaks::Nothing:
    break;
  }
  return false;
}

bool FlagRule::mayObjectTo(const TypeVerdict& types) const {
  switch (breaks) {
  case Breaks::Crossing:
  case Breaks::Layout:
    return !types.crossing.known;
  case Breaks::Types:
    return types.outcome == TypeVerdict::Outcome::NotChecked;
  case Breaks::EveryCall:
  case Breaks::NotProved:
  case Breaks::Nothing:
    break;
  }
  return false;
}

bool FlagRule::concernsAbi() const {
  return breaks != Breaks::NotProved && breaks != Breaks::Nothing;
}

bool conflict(std::string_view name, std::string_view rom, std::string_view firmware) {
  if (rom == firmware || rom == value::kEither || firmware == value::kEither)
    return false;
  if (name == flag::kPcs)
    return !isAapcs(rom) || !isAapcs(firmware);
  if (name == flag::kStackAlignment)
    return (rom == value::kNeeded || rom == value::kNeededOnly) &&
           (firmware == value::kNotPreserved || firmware == value::kNeededOnly);
  for (const std::string_view asked :
       {flag::kBti, flag::kPac, flag::kPureCode, flag::kStackProtector, flag::kRounding, flag::kOverflow,
        flag::kAliasing, flag::kNullPointers, flag::kLdrdErratum, flag::kVlldmErratum})
    if (name == asked)
      return firmware != value::kNo; // what only the ROM's code has does no harm
  if (name == flag::kFpu || name == flag::kMve || name == flag::kUnaligned)
    return rom != value::kNone && rom != value::kNo; // nor does what it does not use
  if (name == flag::kRwData)                         // both take no register
    return rom == "relative to r9" || firmware == "relative to r9";
  return true;
}

} // namespace romlink::relink
