// The report as JSON, by protobuf's JSON mapping (https://protobuf.dev/programming-guides/json/).
#include "relink/report/render.h"

#include "relink/report/utf8.h"

#include <google/protobuf/util/json_util.h>

namespace romlink::report {

Result<std::string> renderJson(const romlink::v1::LinkReport& report) {
  // The mapping leaves out absent messages; readers may rely on these.
  romlink::v1::LinkReport complete = report;
  complete.mutable_flash();
  complete.mutable_ram();
  complete.mutable_timing();
  complete.mutable_types();
  for (auto& accepted : *complete.mutable_accepted())
    accepted.mutable_difference();
  makeUtf8(complete);

  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(complete, &json, options);
  if (!status.ok())
    return fail(ErrorCode::Internal, "cannot write the report as JSON", {}, status.ToString());
  return json;
}

} // namespace romlink::report
