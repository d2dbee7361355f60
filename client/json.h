// Messages as JSON (protobuf's JSON mapping, indented, zero values included) on standard output.
#pragma once

#include "base/error.h"

namespace google::protobuf {
class Message;
}

namespace romlink::client {

Result<void> printJson(const google::protobuf::Message& message);

} // namespace romlink::client
