// What all pages have: their frame, findings, and text and numbers as mustache data.
//
// Mustache escapes what stands in {{...}}. A section looks its names up in the rows around it too, so every
// row sets every name that its template asks for.
#pragma once

#include "romlink/v1/audit.pb.h"

#include <google/protobuf/repeated_ptr_field.h>
#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>

namespace romlink::report {

struct PageFrame {
  std::string title;
  std::string_view script; ///< JavaScript; empty: the page has none
};

/// Fills a template whose {{>head}} opens the page, up to and without <body>. The page allows its own script
/// by digest and no other (Content-Security-Policy), so that even markup that slipped through the escaping
/// could not run.
[[nodiscard]] std::string renderPage(std::string_view pageTemplate, kainjow::mustache::data page,
                                     const PageFrame& frame);

/// Sets NAME, and hasNAME: whether the list has entries.
void setList(kainjow::mustache::data& page, const std::string& name, const kainjow::mustache::data& list);

/// Text for the page: printable; mustache escapes it. A section over an empty text is left out.
[[nodiscard]] kainjow::mustache::data textData(std::string_view text);

/// With commas.
[[nodiscard]] std::string number(std::uint64_t value);

/// A coordinate with one decimal, whatever the locale.
[[nodiscard]] std::string coordinate(double value);

/// The text if it fits into so many characters, its beginning and an ellipsis if that still tells something.
[[nodiscard]] std::string fitted(const std::string& text, double characters);

/// [{severity, code, message, symbol}]
[[nodiscard]] kainjow::mustache::data
findingData(const google::protobuf::RepeatedPtrField<romlink::v1::Finding>& findings);

/// Printable names, joined.
[[nodiscard]] std::string joined(const google::protobuf::RepeatedPtrField<std::string>& names,
                                 std::string_view separator);

/// A call path as boxes: [{name, class}]; class "defect" for the last one, "boot" for the first of a path
/// from the ROM's entry point, "shared" for the first of others.
[[nodiscard]] kainjow::mustache::data pathData(const google::protobuf::RepeatedPtrField<std::string>& path,
                                               bool fromBoot);

/// [{id, shortId, linkedAt, roms, labels, shared, saved}]
[[nodiscard]] kainjow::mustache::data
releaseListData(const google::protobuf::RepeatedPtrField<romlink::v1::Release>& releases);

} // namespace romlink::report
