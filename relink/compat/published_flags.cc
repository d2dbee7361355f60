#include "relink/compat/published_flags.h"

#include "relink/compat/one_line.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <llvm/Support/ConvertUTF.h>
#include <llvm/Support/JSON.h>
#include <set>

namespace romlink::relink {
namespace {

constexpr std::size_t kDeepest = 64; ///< a compilation database has 3 levels
constexpr std::size_t kNamed = 3;    ///< response files that a note names

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
  return word.size() > 1 && word.starts_with('@');
}

/// "arm-none-eabi-gcc", "/opt/bin/clang-19", "armclang", "iccarm", "c++", "ccache".
bool isCompiler(const std::string& word) {
  const std::string_view name = std::string_view(word).substr(word.find_last_of("/\\") + 1);
  return name.find("cc") != std::string_view::npos || name.find("++") != std::string_view::npos ||
         name.find("clang") != std::string_view::npos;
}

bool isAssemblerSource(std::string_view file) {
  return file.ends_with(".s") || file.ends_with(".S") || file.ends_with(".asm");
}

class PublishedFlags {
public:
  explicit PublishedFlags(BuildFacts& facts) : facts_(facts) {}

  Result<void> readLines(std::string_view text, const std::string& where);
  Result<void> readDatabase(std::string_view text, const std::string& where);

  /// Of what the record names and does not hold.
  void note() {
    if (responseFiles_.empty())
      return;
    std::vector<std::string> names(responseFiles_.begin(), responseFiles_.end());
    const std::size_t more = names.size() - std::min(names.size(), kNamed);
    names.resize(names.size() - more);
    facts_.unreadable.push_back(
        oneLine(fmt::format("{}: options in response files are not known: {}{}", source::kPublished,
                            fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more))));
  }

private:
  Result<void> readLine(std::string_view line, const std::string& where);
  Result<void> readCommand(const llvm::json::Value& entry, const std::string& where);
  /// A compiler's name may come first.
  void read(const std::vector<std::string>& words, bool whole);

  BuildFacts& facts_;
  std::set<std::string> responseFiles_;
};

void PublishedFlags::read(const std::vector<std::string>& words, bool whole) {
  Compiler compiler = Compiler::Unknown; // after its launchers
  for (auto word = words.begin(); word != words.end() && !isOption(*word); ++word)
    if (const Compiler known = compilerOf(*word); known != Compiler::Unknown)
      compiler = known;
  std::copy_if(words.begin(), words.end(), std::inserter(responseFiles_, responseFiles_.end()),
               isResponseFile);
  readOptions(words, whole, compiler, source::kPublished, facts_);
}

Result<void> PublishedFlags::readLine(std::string_view line, const std::string& where) {
  const auto words = optionsIn(line);
  const auto option = std::find_if(words.begin(), words.end(), isOption);
  const auto response = std::find_if(words.begin(), words.end(), isResponseFile);
  if (option == words.end() && response == words.end())
    return malformed(where, "no compiler option in this line");
  const auto first = std::min(option, response);
  if (first != words.begin() && std::none_of(words.begin(), first, isCompiler))
    return malformed(where, fmt::format("'{}' is no compiler", words.front()));
  read(words, false);
  return {};
}

Result<void> PublishedFlags::readLines(std::string_view text, const std::string& where) {
  std::size_t number = 0;
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty() || line.starts_with('#'))
      continue;
    ROMLINK_TRY(readLine(line, fmt::format("{}:{}", where, number)));
    any = true;
  }
  return any ? Result<void>() : malformed(where, "no compiler option in it");
}

Result<void> PublishedFlags::readCommand(const llvm::json::Value& entry, const std::string& where) {
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
  const bool response = std::any_of(words.begin(), words.end(), isResponseFile);
  const auto option = std::find_if(words.begin(), words.end(), isOption);
  if (option == words.begin() && !words.empty())
    return malformed(where, fmt::format("'{}' is no compiler", words.front()));
  if (option == words.end() && !response)
    return malformed(where, "no compiler option in its command");
  // What an assembler is told says nothing of code that a compiler made.
  const auto file = object->getString("file");
  if (file && isAssemblerSource({file->data(), file->size()}))
    return {};
  // Another program's options may be named otherwise.
  read(words, !response && std::any_of(words.begin(), option, isCompiler));
  return {};
}

/// The parser goes down one call for each level.
bool isTooDeep(std::string_view json) {
  std::size_t depth = 0;
  bool inText = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (inText && c == '\\')
      ++at;
    else if (c == '"')
      inText = !inText;
    else if (!inText && (c == '[' || c == '{') && ++depth > kDeepest)
      return true;
    else if (!inText && (c == ']' || c == '}') && depth > 0)
      --depth;
  }
  return false;
}

Result<void> PublishedFlags::readDatabase(std::string_view text, const std::string& where) {
  if (isTooDeep(text))
    return malformed(where, fmt::format("it is nested deeper than {} levels", kDeepest));
  auto json = llvm::json::parse({text.data(), text.size()});
  if (!json)
    return malformed(where, llvm::toString(json.takeError()));
  const llvm::json::Array* entries = json->getAsArray();
  if (entries == nullptr)
    return malformed(where, "the compilation database is no array");
  if (entries->empty())
    return malformed(where, "the compilation database has no entry");
  for (std::size_t i = 0; i < entries->size(); ++i)
    ROMLINK_TRY(readCommand((*entries)[i], fmt::format("{}: entry {}", where, i + 1)));
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
  PublishedFlags published(facts);
  ROMLINK_TRY(inner.starts_with('[') || inner.starts_with('{') ? published.readDatabase(inner, where)
                                                               : published.readLines(text, where));
  published.note();
  return {};
}

} // namespace romlink::relink
