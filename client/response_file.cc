#include "client/response_file.h"

#include "base/file.h"

namespace romlink::client {
namespace {

constexpr unsigned kDeepest = 20;

bool isSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

Result<void> expandInto(const std::vector<std::string>& arguments, unsigned depth,
                        std::vector<std::string>& expanded) {
  for (const std::string& argument : arguments) {
    const std::string file = argument.starts_with('@') ? argument.substr(1) : std::string();
    std::error_code status;
    if (file.empty() || !std::filesystem::exists(file, status)) {
      expanded.push_back(argument);
      continue;
    }
    if (depth >= kDeepest)
      return fail(ErrorCode::Usage, "response files are nested too deeply", argument);
    ROMLINK_ASSIGN(const auto content, readFile(file));
    ROMLINK_TRY(expandInto(splitWords(asText(content)), depth + 1, expanded));
  }
  return {};
}

} // namespace

std::vector<std::string> splitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inWord = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && isSpace(c)) {
      if (inWord)
        words.push_back(std::move(word));
      word.clear();
      inWord = false;
      continue;
    }
    inWord = true;
    if (c == '\\' && i + 1 < text.size())
      word += text[++i];
    else if (quote == '\0' && (c == '"' || c == '\''))
      quote = c;
    else if (c == quote)
      quote = '\0';
    else
      word += c;
  }
  if (inWord)
    words.push_back(std::move(word));
  return words;
}

Result<std::vector<std::string>> expandResponseFiles(const std::vector<std::string>& arguments) {
  std::vector<std::string> expanded;
  ROMLINK_TRY(expandInto(arguments, 0, expanded));
  return expanded;
}

} // namespace romlink::client
