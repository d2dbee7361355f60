// The page's parts, compiled in from the files beside this one by embed.cmake.
#pragma once

#include <string_view>

namespace romlink::report::embedded {

extern const std::string_view reportHtmlMustache;
extern const std::string_view reportCss;
extern const std::string_view reportJs;

} // namespace romlink::report::embedded
