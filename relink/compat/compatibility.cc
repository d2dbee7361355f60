#include "relink/compat/compatibility.h"

#include <algorithm>

namespace romlink::relink {

Compatibility::Compatibility(const Firmware& firmware, const RomImage& rom)
    : firmware_(firmware), types_(firmware, rom), flags_(firmware, rom) {}

const Compatible& Compatibility::of(SectionId section, Address base) const {
  const auto [known, isNew] = known_.try_emplace({section, base});
  if (isNew)
    known->second = judge(section, base);
  return known->second;
}

std::string Compatible::whyUnchecked() const {
  const auto unchecked = std::find_if(types.begin(), types.end(), [](const TypeVerdict& verdict) {
    return verdict.outcome == TypeVerdict::Outcome::NotChecked;
  });
  return unchecked == types.end() ? std::string() : unchecked->path;
}

Compatible Compatibility::judge(SectionId section, Address base) const {
  const LiveSection& live = firmware_.sections[section];
  Compatible result;
  result.unlessEqual = flags_.objectionUnlessProved(*live.object).value_or("");
  for (std::size_t i = 0; i < live.symbols.size(); ++i) {
    const TypeVerdict& verdict =
        result.types.emplace_back(types_.compare(section, i, base + live.symbols[i].offset));
    if (const auto untyped = flags_.objectionUnlessTyped(*live.object, verdict);
        untyped && result.unlessTyped.empty())
      result.unlessTyped = *untyped + ", and no types tell whether that matters here";
    if (result.reason != Reason::None)
      continue;
    const auto objection = flags_.objection(*live.object, verdict);
    const bool different = verdict.outcome == TypeVerdict::Outcome::Different;
    if (objection) {
      result.reason = Reason::FlagsMismatch;
      result.detail = *objection + (different ? ": " + verdict.path : "");
    } else if (different) {
      result.reason = Reason::ApiMismatch;
      result.detail = verdict.path;
    }
  }
  return result;
}

void Compatibility::report(romlink::v1::LinkReport& report) const {
  flags_.report(report);
}

} // namespace romlink::relink
