// What is proved and decided for each ROM that the image shall run on.
//
// For one ROM: prove, let types and flags object (compat/), decide; variables whose restoring costs as much
// as it unlocks stay local; what the second proof (verify/confirm) does not confirm stays local, and the rest
// is proved again.
//
// For several ROMs there is one image, so only what every ROM has at the same address can be shared. Each ROM
// is planned for itself; what one of them shares and another does not, or has elsewhere, is kept local for
// all, and all are planned again, until they agree. Each plan is then a sound plan for its own ROM, and all
// share the same. It ends because each round keeps at least one section more.
#pragma once

#include "relink/compat/compatibility.h"
#include "relink/match/proof.h"
#include "relink/plan/linker_scripts.h"
#include "relink/plan/plan.h"
#include "relink/plan/policy.h"
#include "relink/relinker.h"
#include "relink/stopwatch.h"

#include <deque>
#include <memory>

namespace romlink::relink {

/// One ROM of a link and what is planned for it.
struct RomPlan {
  const RomReference* reference = nullptr;
  RomImage rom;
  std::unique_ptr<Compatibility> compatibility; ///< with the plain link
  ProofTerms terms;
  Proof proof;
  Plan plan;

  [[nodiscard]] std::string name() const { return reference->name + "@" + reference->version; }
};
using RomPlans = std::deque<RomPlan>; ///< the first is the one that the report's addresses are of

/// The job's ROMs, nothing planned yet. Malformed: an index. Usage: one ROM twice. REQUIRES: `job` outlives
/// the answer.
Result<RomPlans> readRoms(const LinkJob& job);

struct PlanningInput {
  const LinkJob& job;
  const Firmware& plain;
  const ElfImage& plainElf;
  const LinkerScripts& scripts;
  const Policy& policy;
};

/// Fills each plan. Adds findings, the comparison of several ROMs, and match and verify time to the report.
Result<void> planAll(const PlanningInput& input, RomPlans& roms, Stopwatch& watch,
                     romlink::v1::LinkReport& report);

/// Of each symbol of a section: what holds for its types on every ROM, so the worst of what is known of each
/// ROM, which is named if it is not the first. None if the first has no counterpart.
[[nodiscard]] std::vector<TypeVerdict> typesInAll(const RomPlans& roms, SectionId section);

/// Adds how flags differ: what differs on the first ROM, then, with the ROM's name, what differs otherwise on
/// others.
void reportCompatibility(const RomPlans& roms, romlink::v1::LinkReport& report);

} // namespace romlink::relink
