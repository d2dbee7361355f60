// Turns a plan and the two links into romlink.v1.LinkReport. The invariants of the report hold here: every
// live function and data object of the plain link stands in it once, and the flash breakdown adds up to the
// images' sizes.
#pragma once

#include "relink/compat/compatibility.h"
#include "relink/plan/plan.h"
#include "romlink/v1/report.pb.h"

#include <functional>
#include <vector>

namespace romlink::relink {

/// What the report says of an image: its ELF and the map's lines.
struct LinkedImage {
  const ElfImage& elf;
  const std::vector<PlacedSection>& placed;
};

/// Symbols and blockers. `firmware` and `plan` are of the plain link. `types` of each symbol of a section;
/// none if the ROM has no counterpart.
void reportDecisions(const Firmware& firmware, const Plan& plan,
                     const std::function<std::vector<TypeVerdict>(SectionId)>& types,
                     romlink::v1::LinkReport& report);

/// Flash and RAM figures. Without `linked` (a plan only, or an incompatible ROM) the plain link stands for
/// both.
void reportSizes(const LinkedImage& plain, const LinkedImage* linked, romlink::v1::LinkReport& report);

void addFinding(romlink::v1::LinkReport& report, romlink::v1::Finding::Severity severity, std::string code,
                std::string message, std::string symbol = {});

/// The gravest first; of one severity in the order they were added.
void sortFindings(romlink::v1::LinkReport& report);

/// Bytes of all PT_LOAD segments in the file.
[[nodiscard]] std::uint32_t flashBytes(const ElfImage& image);

} // namespace romlink::relink
