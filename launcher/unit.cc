#include "launcher/unit.h"

#include "launcher/declarations.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <unordered_set>

namespace romlink::launcher {
namespace {

constexpr std::string_view kVersion = "romlink source 2";

using Indexes = std::vector<std::size_t>;

/// Finds what a definition reaches, and digests it.
class Fingerprints {
public:
  Fingerprints(const Declarations& declarations, const Meaning& meaning)
      : declarations_(declarations), meaning_(meaning) {
    const auto& groups = declarations.groups;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (const std::string& name : groups[i].names)
        byName_[name].push_back(i);
      if (groups[i].ofEverything)
        everywhere_.push_back(i);
    }
    std::vector<Indexes> users(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      reaches_.push_back(namedBy(groups[i]));
      for (const std::size_t named : reaches_[i])
        users[named].push_back(i);
      digests_.push_back(sha256Of(groups[i].digest.hex() + orderOf(i)));
    }
    // What may write an object decides what a compiler knows of its value: all that leads to its name.
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].hasState) {
        const Indexes writers = reachedFrom({i}, users);
        reaches_[i].insert(reaches_[i].end(), writers.begin(), writers.end());
      }
  }

  [[nodiscard]] Digest of(const std::string& name, bool function) const {
    const auto own = byName_.find(name);
    Group uses;
    std::string text =
        fmt::format("{}\n{}\n{} {}\n", kVersion, meaning_.always, function ? "function" : "object", name);
    std::unordered_set<std::string_view>
        taken; // a declaration may be made twice, in one unit and not in another
    std::set<std::string> ranks;
    Indexes begin = everywhere_;
    if (own != byName_.end())
      begin.insert(begin.end(), own->second.begin(), own->second.end());
    for (const std::size_t index : reachedFrom(begin, reaches_)) {
      const Group& group = declarations_.groups[index];
      if (group.unstable)
        return {};
      const std::string_view digest(reinterpret_cast<const char*>(digests_[index].bytes.data()),
                                    digests_[index].bytes.size());
      if (taken.insert(digest).second)
        text += digest;
      uses.floatingPoint |= group.floatingPoint;
      uses.enumeration |= group.enumeration;
      uses.wideText |= group.wideText;
      uses.assembler |= group.assembler;
      uses.ints |= group.ints;
      uses.longs |= group.longs;
      uses.bitFields |= group.bitFields;
      if (!group.rank.empty())
        ranks.insert(group.rank);
    }
    text += uses.floatingPoint ? meaning_.floatingPoint + '\n' : "";
    text += uses.enumeration ? meaning_.enumerations + '\n' : "";
    text += uses.wideText ? meaning_.wideText + '\n' : "";
    text += uses.assembler ? meaning_.assembler + '\n' : "";
    text += uses.bitFields ? fmt::format("bit-fields of {}\n", meaning_.isClang ? "clang" : "gcc") : "";
    // If all of these accesses are of one type, it does not matter which.
    if (uses.ints && uses.longs && meaning_.strictAliasing)
      text += fmt::format("int and long: {}\n", fmt::join(ranks, ", "));
    return sha256Of(text);
  }

private:
  [[nodiscard]] Indexes namedBy(const Group& group) const {
    Indexes all;
    for (const std::string& reference : group.references)
      if (const auto declared = byName_.find(reference); declared != byName_.end())
        all.insert(all.end(), declared->second.begin(), declared->second.end());
    return all;
  }

  /// In the order in which they are found.
  [[nodiscard]] static Indexes reachedFrom(const Indexes& begin, const std::vector<Indexes>& edges) {
    Indexes found;
    std::vector<bool> seen(edges.size());
    const auto add = [&](const Indexes& groups) {
      for (const std::size_t group : groups)
        if (!seen[group]) {
          seen[group] = true;
          found.push_back(group);
        }
    };
    add(begin);
    for (std::size_t i = 0; i < found.size(); ++i)
      add(edges[found[i]]);
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
  std::map<std::string, Indexes, std::less<>> byName_;
  Indexes everywhere_;
  std::vector<Indexes> reaches_;
  std::vector<Digest> digests_;
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
