// The pages' parts, compiled in from the files beside this one by embed.cmake.
#pragma once

#include <string_view>

namespace romlink::report::embedded {

extern const std::string_view headHtmlMustache;
extern const std::string_view findingsHtmlMustache;
extern const std::string_view treemapHtmlMustache;
extern const std::string_view reportHtmlMustache;
extern const std::string_view auditRomHtmlMustache;
extern const std::string_view auditReleaseHtmlMustache;
extern const std::string_view auditAdvisoryHtmlMustache;
extern const std::string_view auditMatrixHtmlMustache;
extern const std::string_view reportCss;
extern const std::string_view reportJs;

} // namespace romlink::report::embedded
