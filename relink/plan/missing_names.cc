#include "relink/plan/missing_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace romlink::relink {
namespace {

constexpr std::size_t kMostNames = 10;

class Names {
public:
  explicit Names(const Firmware& firmware) {
    for (const LiveSection& live : firmware.sections)
      for (const SectionSymbol& symbol : live.symbols)
        names_.insert(symbol.name);
  }

  /// Those of the rule's patterns for which the firmware has nothing.
  [[nodiscard]] std::vector<std::string> missingOf(const Policy::Rule& rule) const {
    std::vector<std::string> missing;
    for (const std::string& pattern : rule.symbols) {
      Policy::Rule alone;
      alone.symbols = {pattern};
      if (!names_.contains(pattern) && std::none_of(names_.begin(), names_.end(), [&](std::string_view name) {
            return alone.matches(name);
          }))
        missing.push_back(pattern);
    }
    return missing;
  }

private:
  std::set<std::string_view> names_;
};

std::string inWords(std::vector<std::string> names) {
  const std::size_t more = names.size() - std::min(names.size(), kMostNames);
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

} // namespace

std::vector<std::string> missingNames(const Policy& policy, const Firmware& firmware) {
  std::vector<std::string> notes;
  const Names names(firmware);
  const auto look = [&](const auto& rules, const char* what, bool someOnly) {
    for (const Policy::Rule& rule : rules)
      if (const auto missing = names.missingOf(rule);
          !missing.empty() && !(someOnly && missing.size() == rule.symbols.size()))
        notes.push_back(fmt::format("{} {} {}: the firmware has no function or object of this name",
                                    rule.where, what, inWords(missing)));
  };
  look(policy.keep, "keeps", false);
  look(policy.allow, "allows API_COMPATIBLE for", true);
  look(policy.sameSource, "allows SAME_SOURCE for", true);
  look(policy.states, "says what becomes of", false);
  return notes;
}

} // namespace romlink::relink
