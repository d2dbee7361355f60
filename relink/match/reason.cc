#include "relink/match/reason.h"

namespace romlink::relink {

std::string_view nameOf(Reason reason) {
  switch (reason) {
  case Reason::None:
    return "";
  case Reason::NotInRom:
    return "NOT_IN_ROM";
  case Reason::Changed:
    return "CHANGED";
  case Reason::DependsOnChanged:
    return "DEPENDS_ON_CHANGED";
  case Reason::Fixed:
    return "FIXED";
  case Reason::ApiMismatch:
    return "API_MISMATCH";
  case Reason::FlagsMismatch:
    return "FLAGS_MISMATCH";
  case Reason::StateNotShared:
    return "STATE_NOT_SHARED";
  case Reason::AddressIdentity:
    return "ADDRESS_IDENTITY";
  case Reason::NotSeparable:
    return "NOT_SEPARABLE";
  case Reason::NoGain:
    return "NO_GAIN";
  case Reason::EntryPoint:
    return "ENTRY_POINT";
  case Reason::Unwind:
    return "UNWIND";
  case Reason::RomUnreachable:
    return "ROM_UNREACHABLE";
  case Reason::Policy:
    return "POLICY";
  }
  return "";
}

} // namespace romlink::relink
