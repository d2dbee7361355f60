// Makes every string of a message UTF-8. Protobuf promises that of its strings: a receiver rejects a message
// that breaks it, and names in object files are arbitrary bytes.
#pragma once

#include <google/protobuf/message.h>
#include <string>
#include <string_view>

namespace romlink::report {

/// The text, each byte that is not part of well-formed UTF-8 (RFC 3629) replaced by U+FFFD.
[[nodiscard]] std::string toUtf8(std::string_view text);

/// Applies toUtf8 to every string field of the message, of its members and so on. Call it before a message
/// that carries names is serialized.
void makeUtf8(google::protobuf::Message& message);

/// Length of the well-formed code point at the start of `text` and its value; length 0 if there is none.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};
[[nodiscard]] CodePoint decodeUtf8(std::string_view text);

} // namespace romlink::report
