// Reports for the tests of this folder.
#pragma once

#include "romlink/v1/report.pb.h"

#include <string>

namespace romlink::report::test {

/// Three shared symbols (one an alias), three local ones for two reasons, two blockers (one a set), a
/// finding; an accepted difference, a suggestion of two waivers, a variable of the ROM.
[[nodiscard]] romlink::v1::LinkReport sampleReport();

/// A report with one local symbol of this name, object and detail.
[[nodiscard]] romlink::v1::LinkReport reportNaming(const std::string& text);

romlink::v1::SymbolDecision& addShared(romlink::v1::LinkReport& report, const std::string& name,
                                       std::uint32_t size, const std::string& address);
romlink::v1::SymbolDecision& addLocal(romlink::v1::LinkReport& report, const std::string& name,
                                      std::uint32_t size, const std::string& reason);

} // namespace romlink::report::test
