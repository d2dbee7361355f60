// What a person accepts although it is not proved: the policy's waivers, allowances and standard functions,
// as the proof needs to know them.
#pragma once

#include <string>

namespace romlink::relink {

struct Acceptance {
  enum class Rule {
    Waive,             ///< one explained difference; counts as equivalent in the proofs of its dependents
    StandardFunctions, ///< as Waive, for functions whose behaviour a standard fixes
    Allow,             ///< the symbol alone may be shared; its dependents are not proved by it
  };
  Rule rule = Rule::Waive;
  std::string reason;          ///< the person's words
  bool uncheckedTypes = false; ///< holds even where no DWARF tells the types

  [[nodiscard]] bool provesDependents() const { return rule != Rule::Allow; }
};

/// "waive", "standard_functions", "allow": the policy's key.
[[nodiscard]] constexpr const char* nameOf(Acceptance::Rule rule) {
  switch (rule) {
  case Acceptance::Rule::Waive:
    return "waive";
  case Acceptance::Rule::StandardFunctions:
    return "standard_functions";
  case Acceptance::Rule::Allow:
    return "allow";
  }
  return "";
}

} // namespace romlink::relink
