// Arguments of the form KEY=VALUE.
#pragma once

#include "base/error.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace romlink::client {

/// Splits at the first '='. Usage error, naming the option, if there is none or nothing stands before it, or
/// if the text is not UTF-8.
Result<std::pair<std::string, std::string>> splitAtEquals(const std::string& option, const std::string& text);

/// Usage error if a key has two values.
Result<std::map<std::string, std::string>> labelsOf(const std::vector<std::string>& texts);

} // namespace romlink::client
