// The parts of the page that a person has to judge, as mustache data: what is shared on somebody's word, and
// which waivers would gain more, each with both listings.
#pragma once

#include "romlink/v1/report.pb.h"

#include <kainjow/mustache.hpp>

namespace romlink::report {

/// [{symbol, rule, reason, bytes, dependentCount, dependentBytes, dependents, summary, rom, firmware}]; `rom`
/// and `firmware` are listings: [{text, differs}].
[[nodiscard]] kainjow::mustache::data acceptedData(const romlink::v1::LinkReport& report);

/// [{names, gain, symbols, differences: [{symbol, summary, rom, firmware}], policy}]
[[nodiscard]] kainjow::mustache::data suggestionData(const romlink::v1::LinkReport& report);

} // namespace romlink::report
