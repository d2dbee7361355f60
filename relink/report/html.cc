// The report as one HTML page.
#include "relink/report/render.h"

#include <kainjow/mustache.hpp>

namespace romlink::report {

std::string renderHtml(const romlink::v1::LinkReport& report) {
  kainjow::mustache::mustache page("<!doctype html><title>{{rom}}</title>");
  return page.render(kainjow::mustache::data("rom", report.rom_name()));
}

} // namespace romlink::report
