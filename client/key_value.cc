#include "client/key_value.h"

#include "relink/report/utf8.h"

namespace romlink::client {

Result<std::pair<std::string, std::string>> splitAtEquals(const std::string& option,
                                                          const std::string& text) {
  if (report::toUtf8(text) != text)
    return fail(ErrorCode::Usage, "bad value of " + option, text, "it is not UTF-8");
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return fail(ErrorCode::Usage, "bad value of " + option, text, "expected NAME=VALUE");
  return std::pair(text.substr(0, equals), text.substr(equals + 1));
}

Result<std::map<std::string, std::string>> labelsOf(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> labels;
  for (const std::string& text : texts) {
    ROMLINK_ASSIGN(auto label, splitAtEquals("--label", text));
    const auto [at, added] = labels.insert(label);
    if (!added && at->second != label.second)
      return fail(ErrorCode::Usage, "two values for one label", label.first,
                  at->second + " and " + label.second);
  }
  return labels;
}

} // namespace romlink::client
