// The policy file: what a person allows or forbids. TOML; the keys are those of docs/policy.md.
//
// Unknown keys, wrong types and missing reasons are errors with their line. Names are glob patterns.
#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

struct Policy {
  struct Rule {
    std::vector<std::string> symbols; ///< patterns
    std::string reason;
    int line = 0;

    [[nodiscard]] bool matches(std::string_view symbol) const;
  };
  std::vector<Rule> keep; ///< never share

  /// What the file asks for beyond proof (weaker evidence, waivers, reinit): romlink shares on proof only, so
  /// each such request has no effect, and the report says so.
  std::vector<std::string> unused;

  /// The rule that keeps `symbol`, or nullptr.
  [[nodiscard]] const Rule* keeps(std::string_view symbol) const;

  /// An empty path gives the default policy. Usage: the file breaks the rules above. Malformed: it cannot be
  /// read.
  static Result<Policy> read(const std::filesystem::path& file);
};

} // namespace romlink::relink
