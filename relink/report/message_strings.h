// All strings of a message, of its members and so on.
#pragma once

#include <functional>
#include <google/protobuf/message.h>
#include <optional>
#include <string>

namespace romlink::report {

/// Each string becomes what `replacement` gives for it, and stays for nullopt. Keys of maps are strings, too.
void replaceStrings(google::protobuf::Message& message,
                    const std::function<std::optional<std::string>(const std::string&)>& replacement);

} // namespace romlink::report
