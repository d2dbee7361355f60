#include "client/json.h"

#include "client/console.h"

#include <google/protobuf/util/json_util.h>
#include <string>

namespace romlink::client {

Result<void> printJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok())
    return fail(ErrorCode::Internal, "cannot print the answer as JSON", {}, status.ToString());
  while (text.ends_with('\n'))
    text.pop_back();
  printLine(text);
  return {};
}

} // namespace romlink::client
