#include "relink/report/html_page.h"

#include "base/digest.h"
#include "relink/report/audit_wording.h"
#include "relink/report/embedded.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <cmath>

namespace romlink::report {

using kainjow::mustache::data;
using romlink::v1::Finding;
using Type = data::type;

namespace {

/// RFC 4648, section 4.
std::string base64(Bytes bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= count ? digits[group >> (18 - 6 * i) & 0x3F] : '=';
  }
  return out;
}

/// A part of the page that is a template itself.
data partialOf(std::string_view text) {
  return data(kainjow::mustache::partial([text] { return std::string(text); }));
}

} // namespace

std::string renderPage(std::string_view pageTemplate, data page, const PageFrame& frame) {
  page.set("head", partialOf(embedded::headHtmlMustache));
  page.set("findingsList", partialOf(embedded::findingsHtmlMustache));
  page.set("treemapPicture", partialOf(embedded::treemapHtmlMustache));
  page.set("title", textData(frame.title));
  page.set("css", std::string(embedded::reportCss));
  page.set("js", std::string(frame.script));
  page.set("scriptSource", frame.script.empty() ? std::string("'none'")
                                                : "'sha256-" + base64(sha256Of(frame.script).bytes) + "'");
  kainjow::mustache::mustache html{std::string(pageTemplate)};
  return html.render(page);
}

void setList(data& page, const std::string& name, const data& list) {
  page.set("has" + name, list.is_non_empty_list() ? Type::bool_true : Type::bool_false);
  page.set(name, list);
}

data textData(std::string_view text) {
  if (text.empty())
    return data(Type::bool_false);
  return data(printable(text));
}

std::string number(std::uint64_t value) {
  return withCommas(static_cast<std::int64_t>(value));
}

std::string coordinate(double value) {
  const long long tenths = std::llround(value * 10);
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
}

std::string fitted(const std::string& text, double characters) {
  const auto room = static_cast<std::size_t>(std::max(0.0, characters));
  if (columnsOf(text) <= room)
    return text;
  return room < 5 ? std::string() : cut(text, room - 1, "") + "\u2026";
}

data findingData(const google::protobuf::RepeatedPtrField<Finding>& findings) {
  data rows(Type::list);
  for (const Finding& finding : findings) {
    data row(Type::object);
    row.set("severity", Finding::Severity_Name(finding.severity()));
    row.set("code", textData(finding.code()));
    row.set("message", textData(finding.message()));
    row.set("symbol", textData(finding.symbol()));
    rows.push_back(row);
  }
  return rows;
}

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& names, std::string_view separator) {
  std::string text;
  for (const std::string& name : names) {
    text += text.empty() ? "" : separator;
    text += printable(name);
  }
  return text;
}

data pathData(const google::protobuf::RepeatedPtrField<std::string>& path, bool fromBoot) {
  data boxes(Type::list);
  for (int i = 0; i < path.size(); ++i) {
    data box(Type::object);
    box.set("name", textData(path[i]));
    box.set("class", i + 1 == path.size() ? "defect" : i > 0 ? "step" : fromBoot ? "boot" : "shared");
    boxes.push_back(box);
  }
  return boxes;
}

data releaseListData(const google::protobuf::RepeatedPtrField<romlink::v1::Release>& releases) {
  data rows(Type::list);
  for (const auto& release : releases) {
    data row(Type::object);
    row.set("id", textData(release.id()));
    row.set("shortId", textData(shortHash(release.id())));
    row.set("linkedAt", textData(release.linked_at()));
    row.set("roms", textData(romsText(release)));
    row.set("labels", textData(labelsText(release)));
    row.set("shared", number(release.shared_symbols()));
    row.set("saved", withCommas(release.saved_bytes()));
    rows.push_back(row);
  }
  return rows;
}

} // namespace romlink::report
