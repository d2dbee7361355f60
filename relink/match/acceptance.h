// What the policy accepts although its machine code is not proved: a person's waivers and allowances,
// standard functions, and equal source, as the proof needs to know them.
#pragma once

#include <string>

namespace romlink::relink {

struct Acceptance {
  enum class Rule {
    Waive,             ///< one explained difference; counts as equivalent in the proofs of its dependents
    StandardFunctions, ///< as Waive, for functions whose behaviour a standard fixes
    SameSource,        ///< both sides were compiled from one source (match/same_source.h)
    Allow,             ///< the symbol alone may be shared; its dependents are not proved by it
  };
  Rule rule = Rule::Waive;
  std::string reason;          ///< the person's words
  bool uncheckedTypes = false; ///< holds even where no DWARF tells the types

  [[nodiscard]] bool provesDependents() const { return rule != Rule::Allow; }
};

/// "waive", "standard_functions", "same_source", "allow": what the report calls it.
[[nodiscard]] constexpr const char* nameOf(Acceptance::Rule rule) {
  switch (rule) {
  case Acceptance::Rule::Waive:
    return "waive";
  case Acceptance::Rule::StandardFunctions:
    return "standard_functions";
  case Acceptance::Rule::SameSource:
    return "same_source";
  case Acceptance::Rule::Allow:
    return "allow";
  }
  return "";
}

} // namespace romlink::relink
