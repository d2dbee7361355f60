#include "relink/compat/published_flags.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/Support/ConvertUTF.h>
#include <llvm/Support/JSON.h>

namespace romlink::relink {
namespace {

tl::unexpected<Error> malformed(const std::string& where, std::string why) {
  return fail(ErrorCode::Malformed, "cannot read the published flags", where, std::move(why),
              "give lines of compiler options or a compile_commands.json");
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool isOption(const std::string& word) {
  return word.size() > 1 && word.starts_with('-');
}

/// A response file: more options, which are not here.
bool isResponseFile(const std::string& word) {
  return word.starts_with('@');
}

Result<void> readLines(std::string_view text, const std::string& where, BuildFacts& facts) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty() || line.starts_with('#'))
      continue;
    const auto words = optionsIn(line);
    if (std::none_of(words.begin(), words.end(), isOption))
      return malformed(fmt::format("{}:{}", where, number), "no compiler option in this line");
    readOptions(words, false, compilerOf(words.front()), source::kPublished, facts);
  }
  return {};
}

Result<void> readCommand(const llvm::json::Value& entry, const std::string& where, BuildFacts& facts) {
  std::vector<std::string> words;
  const llvm::json::Object* object = entry.getAsObject();
  if (object == nullptr)
    return malformed(where, "the entry is no object");
  if (const llvm::json::Array* arguments = object->getArray("arguments")) {
    for (const llvm::json::Value& argument : *arguments) {
      const auto text = argument.getAsString();
      if (!text)
        return malformed(where, "\"arguments\" has an entry that is no text");
      words.push_back(text->str());
    }
  } else if (const auto command = object->getString("command")) {
    words = optionsIn({command->data(), command->size()});
  } else {
    return malformed(where, "it has neither \"command\" nor \"arguments\"");
  }
  const bool whole = std::none_of(words.begin(), words.end(), isResponseFile);
  readOptions(words, whole, words.empty() ? Compiler::Unknown : compilerOf(words.front()), source::kPublished,
              facts);
  return {};
}

Result<void> readDatabase(std::string_view text, const std::string& where, BuildFacts& facts) {
  auto json = llvm::json::parse({text.data(), text.size()});
  if (!json)
    return malformed(where, llvm::toString(json.takeError()));
  const llvm::json::Array* entries = json->getAsArray();
  if (entries == nullptr)
    return malformed(where, "the compilation database is no array");
  for (std::size_t i = 0; i < entries->size(); ++i)
    ROMLINK_TRY(readCommand((*entries)[i], fmt::format("{}: entry {}", where, i + 1), facts));
  return {};
}

} // namespace

Result<void> readPublishedFlags(Bytes content, const std::string& where, BuildFacts& facts) {
  const std::string_view text = asText(content);
  const auto* begin = reinterpret_cast<const llvm::UTF8*>(content.data());
  if (text.find('\0') != std::string_view::npos || !llvm::isLegalUTF8String(&begin, begin + content.size()))
    return malformed(where, "it is binary, not text");
  const std::string_view inner = trimmed(text);
  if (inner.empty())
    return malformed(where, "it is empty");
  return inner.starts_with('[') || inner.starts_with('{') ? readDatabase(inner, where, facts)
                                                          : readLines(text, where, facts);
}

} // namespace romlink::relink
