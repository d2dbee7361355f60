// The policy file: what a person allows or forbids. TOML; the keys are those of docs/policy.md.
//
// Unknown keys, wrong types and missing reasons are errors with their line. Names are glob patterns.
#pragma once

#include "base/error.h"
#include "relink/match/acceptance.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

enum class StateAction {
  Retain, ///< the firmware finds what the ROM left
  Reinit, ///< romlink_reinit_shared() restores the initial value
};

struct Policy {
  struct Rule {
    std::vector<std::string> symbols; ///< patterns
    std::string reason;
    std::string where;           ///< "policy.toml:7"
    bool uncheckedTypes = false; ///< of waivers and allowances: they hold where no DWARF tells the types

    [[nodiscard]] bool matches(std::string_view symbol) const;
  };
  struct Waiver : Rule {
    std::string rom; ///< "sha256:" and at least 8 hex digits; empty: any ROM
    std::string advisory;
  };
  struct StateRule : Rule {
    StateAction action = StateAction::Retain;
  };
  std::vector<Rule> keep;           ///< never share
  std::vector<Rule> allow;          ///< may be shared as API_COMPATIBLE
  std::vector<Rule> sameSource;     ///< may be shared if the source is the same
  bool sameSourceByDefault = false; ///< so may all others
  std::vector<Waiver> waivers;
  std::vector<StateRule> states;
  std::optional<StateAction> defaultState; ///< of what no rule names; absent: such variables are not shared
  bool standardFunctions = false;

  /// The rule that keeps `symbol`, or nullptr.
  [[nodiscard]] const Rule* keeps(std::string_view symbol) const;
  /// How a difference of `symbol` is accepted for the ROM `romImageHash` ("sha256:..."), if it is. A standard
  /// speaks of global functions only. A defect is accepted only by waivers that name each of `advisories`.
  [[nodiscard]] std::optional<Acceptance> accepts(std::string_view symbol, std::string_view romImageHash,
                                                  bool globalFunction = true,
                                                  const std::vector<std::string>& advisories = {}) const;
  /// May it be shared because its source is the ROM's?
  [[nodiscard]] bool allowsSameSource(std::string_view symbol) const;
  /// The rule that names the shared object `symbol`; nullptr: the default action.
  [[nodiscard]] const StateRule* stateRule(std::string_view symbol) const;

  /// An empty path gives the default policy. Usage: the file breaks the rules above. Malformed: it cannot be
  /// read.
  static Result<Policy> read(const std::filesystem::path& file);
};

/// Does a standard fix what a function of this name does? The ISO C functions mem* and str* of <string.h>
/// (C17, 7.24) without those that keep state, allocate, or depend on the locale; and the helpers of the
/// "Run-time ABI for the Arm Architecture" (RTABI32, chapter 5) without those that a program may replace.
[[nodiscard]] bool isStandardFunction(std::string_view name);

} // namespace romlink::relink
