#include "relink/compat/compatibility.h"

namespace romlink::relink {

Compatibility::Compatibility(const Firmware& firmware, const RomImage& rom)
    : firmware_(firmware), types_(firmware, rom), flags_(firmware, rom) {}

const Compatible& Compatibility::of(SectionId section, Address base) const {
  const auto [known, isNew] = known_.try_emplace({section, base});
  if (isNew)
    known->second = judge(section, base);
  return known->second;
}

Compatible Compatibility::judge(SectionId section, Address base) const {
  using Outcome = TypeVerdict::Outcome;
  const LiveSection& live = firmware_.sections[section];
  Compatible result;
  for (std::size_t i = 0; i < live.symbols.size(); ++i) {
    TypeVerdict verdict = types_.compare(section, i, base + live.symbols[i].offset);
    const auto objection = flags_.objection(*live.object, verdict.crossing);
    const bool different = verdict.outcome == Outcome::Different;
    if (i == 0 || different || verdict.outcome == Outcome::NotChecked)
      result.types = std::move(verdict);
    if (objection) {
      result.reason = Reason::FlagsMismatch;
      result.detail = *objection;
    }
    if (different) {
      if (!objection)
        result.reason = Reason::ApiMismatch;
      result.detail += (objection ? ": " : "") + result.types.path;
    }
    if (result.reason != Reason::None)
      break;
  }
  return result;
}

void Compatibility::report(romlink::v1::LinkReport& report) const {
  flags_.report(report);
}

} // namespace romlink::relink
