#include "launcher/unit.h"

#include "launcher/declarations.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

namespace romlink::launcher {
namespace {

constexpr std::string_view kVersion = "romlink source 2";

/// Finds what a definition reaches, and digests it.
class Fingerprints {
public:
  Fingerprints(const Declarations& declarations, const Meaning& meaning)
      : declarations_(declarations), meaning_(meaning) {
    for (std::size_t i = 0; i < declarations.groups.size(); ++i) {
      const Group& group = declarations.groups[i];
      for (const std::string& name : group.names)
        byName_[name].push_back(i);
      for (const std::string& name : group.states)
        states_[name];
      if (group.ofEverything)
        everywhere_.push_back(i);
    }
    for (std::size_t i = 0; i < declarations.groups.size(); ++i)
      for (const std::string& reference : declarations.groups[i].references)
        if (const auto state = states_.find(reference); state != states_.end())
          state->second.push_back(i);
  }

  [[nodiscard]] Digest of(const std::string& name, bool function) const {
    const auto own = byName_.find(name);
    const auto groups = reachedFrom(own == byName_.end() ? std::vector<std::size_t>() : own->second);
    Group uses;
    std::string text =
        fmt::format("{}\n{}\n{} {}\n", kVersion, meaning_.always, function ? "function" : "object", name);
    std::set<Digest> taken; // the same declaration may be made twice, in one unit and not in another
    std::set<std::string> ranks;
    for (const std::size_t index : groups) {
      const Group& group = declarations_.groups[index];
      if (group.unstable)
        return {};
      if (!taken.insert(group.digest).second)
        continue;
      text += fmt::format("{}{}\n", group.digest.hex(), orderOf(index));
      uses.floatingPoint |= group.floatingPoint;
      uses.enumeration |= group.enumeration;
      uses.wideText |= group.wideText;
      uses.assembler |= group.assembler;
      uses.ints |= group.ints;
      uses.longs |= group.longs;
      if (!group.rank.empty())
        ranks.insert(group.rank);
    }
    text += uses.floatingPoint ? meaning_.floatingPoint + '\n' : "";
    text += uses.enumeration ? meaning_.enumerations + '\n' : "";
    text += uses.wideText ? meaning_.wideText + '\n' : "";
    text += uses.assembler ? meaning_.assembler + '\n' : "";
    // If all of these accesses are of one type, it does not matter which.
    if (uses.ints && uses.longs && meaning_.strictAliasing)
      text += fmt::format("int and long: {}\n", fmt::join(ranks, ", "));
    return sha256Of(text);
  }

private:
  /// In the order in which they are found.
  [[nodiscard]] std::vector<std::size_t> reachedFrom(const std::vector<std::size_t>& own) const {
    std::vector<std::size_t> found;
    std::set<std::size_t> seen;
    const auto add = [&](const std::vector<std::size_t>& groups) {
      for (const std::size_t group : groups)
        if (seen.insert(group).second)
          found.push_back(group);
    };
    add(everywhere_);
    add(own);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Group& group = declarations_.groups[found[i]];
      for (const std::string& reference : group.references)
        if (const auto declared = byName_.find(reference); declared != byName_.end())
          add(declared->second);
      for (const std::string& state :
           group.states) // what writes it decides what a compiler knows of its value
        add(states_.at(state));
    }
    return found;
  }

  /// Of each name with several declarations: how many stand before the group.
  [[nodiscard]] std::string orderOf(std::size_t index) const {
    std::string text;
    for (const std::string& reference : declarations_.groups[index].references) {
      const auto declared = byName_.find(reference);
      if (declared == byName_.end() || declared->second.size() < 2)
        continue;
      std::set<Digest> all;
      std::set<Digest> before;
      for (const std::size_t other : declared->second) {
        all.insert(declarations_.groups[other].digest);
        if (other < index)
          before.insert(declarations_.groups[other].digest);
      }
      if (all.size() > 1)
        text += fmt::format(" {}:{}", reference, before.size());
    }
    return text;
  }

  const Declarations& declarations_;
  const Meaning& meaning_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> byName_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> states_; ///< of each: the groups that name it
  std::vector<std::size_t> everywhere_;
};

} // namespace

Result<Unit> readUnit(const std::string& text, const Meaning& meaning) {
  ROMLINK_ASSIGN(Declarations declarations, readDeclarations(text, meaning));
  const Fingerprints fingerprints(declarations, meaning);
  Unit unit;
  unit.included = std::move(declarations.included);
  std::map<std::pair<std::string, std::string>, unsigned> ordinals;
  for (const Declarations::Defined& defined : declarations.defined) {
    Definition& made = unit.definitions.emplace_back();
    made.symbol = defined.symbol;
    made.within = defined.within;
    made.function = defined.function;
    if (defined.within.empty())
      made.digest = fingerprints.of(defined.name, defined.function);
    else
      made.digest = sha256Of(fmt::format("{}\nstatic {} {} {}\n", kVersion, defined.within, defined.symbol,
                                         ordinals[{defined.within, defined.symbol}]++));
  }
  return unit;
}

} // namespace romlink::launcher
