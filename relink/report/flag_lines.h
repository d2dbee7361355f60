// How the report shows build attributes and compiler flags in which the ROM and the firmware differ.
#pragma once

#include "relink/report/render.h"
#include "relink/report/text_table.h"

#include <kainjow/mustache.hpp>
#include <string>

namespace romlink::report {

/// A table of what may break calls, and a line that counts the harmless ones. Empty if there is nothing.
[[nodiscard]] std::string flagsText(const romlink::v1::LinkReport& report, const TextStyle& style,
                                    const Pen& pen);

/// One row for each difference, harmless ones too.
[[nodiscard]] kainjow::mustache::data flagData(const romlink::v1::LinkReport& report);

} // namespace romlink::report
