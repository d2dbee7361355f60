#include "launcher/unit.h"

#include "launcher/declarations.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <set>

namespace romlink::launcher {
namespace {

constexpr std::string_view kVersion = "romlink source 1";

/// Finds what a definition reaches, and digests it.
class Fingerprints {
public:
  Fingerprints(const Declarations& declarations, const Meaning& meaning)
      : declarations_(declarations), meaning_(meaning) {
    for (std::size_t i = 0; i < declarations.groups.size(); ++i) {
      const Group& group = declarations.groups[i];
      for (const std::string& name : group.names)
        byName_[name].push_back(i);
      if (group.ofEverything)
        everywhere_.push_back(i);
    }
  }

  [[nodiscard]] Digest of(const std::string& name, bool function) const {
    std::deque<std::size_t> queue(everywhere_.begin(), everywhere_.end());
    const auto own = byName_.find(name);
    if (own != byName_.end())
      queue.insert(queue.end(), own->second.begin(), own->second.end());
    std::set<std::size_t> seen(queue.begin(), queue.end());
    std::set<Digest> taken; // the same declaration may be made twice, in one unit and not in another
    Group uses;
    std::string text = fmt::format("{}\n{}\n{}\n{} {}\n", kVersion, meaning_.always,
                                   declarations_.pragmas.hex(), function ? "function" : "object", name);
    for (; !queue.empty(); queue.pop_front()) {
      const Group& group = declarations_.groups[queue.front()];
      if (group.unstable)
        return {};
      if (taken.insert(group.digest).second)
        text += group.digest.hex() + '\n';
      uses.floatingPoint |= group.floatingPoint;
      uses.enumeration |= group.enumeration;
      uses.wideText |= group.wideText;
      for (const std::string& reference : group.references)
        if (const auto found = byName_.find(reference); found != byName_.end())
          for (const std::size_t next : found->second)
            if (seen.insert(next).second)
              queue.push_back(next);
    }
    text += uses.floatingPoint ? meaning_.floatingPoint + '\n' : "";
    text += uses.enumeration ? meaning_.enumerations + '\n' : "";
    text += uses.wideText ? meaning_.wideText + '\n' : "";
    return sha256Of(text);
  }

private:
  const Declarations& declarations_;
  const Meaning& meaning_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> byName_;
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
