#include "relink/plan/linker_scripts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <llvm/Support/GlobPattern.h>

namespace romlink::relink {
namespace {

/// Patterns that every linker script has for code, constants and variables in general.
constexpr std::array kGeneral = {
    std::string_view(".text"),
    std::string_view(".text*"),
    std::string_view(".text.*"),
    std::string_view(".text.unlikely"),
    std::string_view(".text.unlikely*"),
    std::string_view(".text.unlikely.*"),
    std::string_view(".text.hot"),
    std::string_view(".text.hot*"),
    std::string_view(".text.hot.*"),
    std::string_view(".text.startup*"),
    std::string_view(".text.startup.*"),
    std::string_view(".text.exit*"),
    std::string_view(".text.sorted.*"),
    std::string_view(".rodata"),
    std::string_view(".rodata*"),
    std::string_view(".rodata.*"),
    std::string_view(".rodata.str*"),
    std::string_view(".rodata.cst*"),
    std::string_view(".rodata1"),
    std::string_view(".constdata"),
    std::string_view(".constdata*"),
    std::string_view(".data"),
    std::string_view(".data*"),
    std::string_view(".data.*"),
    std::string_view(".bss"),
    std::string_view(".bss*"),
    std::string_view(".bss.*"),
};

bool isWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_.$*?[]^-:/\\").find(c) != std::string_view::npos;
}

/// A word of an expression may be several symbols: in "x=b-a" the characters of patterns are operators.
void addSymbols(std::string_view word, std::set<std::string, std::less<>>& symbols) {
  const auto isSymbolChar = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$';
  };
  symbols.emplace(word);
  while (!word.empty()) {
    const auto* end = std::find_if_not(word.begin(), word.end(), isSymbolChar);
    symbols.emplace(word.begin(), end);
    word.remove_prefix(static_cast<std::size_t>(end - word.begin()) + (end == word.end() ? 0 : 1));
  }
}

bool isGeneral(std::string_view pattern) {
  return std::find(kGeneral.begin(), kGeneral.end(), pattern) != kGeneral.end();
}

/// "header.o", "startup" or "*libx.a:header.o" before a parenthesis; not "*", a section or an archive's
/// "*libx.a:*". Keywords pass, but name no object.
bool namesObjects(std::string_view word) {
  if (word == "*" || word[0] == '.')
    return false;
  const std::size_t colon = word.find(':');
  return colon == std::string_view::npos ? !word.ends_with(".a")
                                         : !word.substr(colon + 1).empty() && !word.ends_with(":*");
}

/// Words and single punctuation marks; comments and quotes are gone. As in lld and GNU ld, "/*" starts a
/// comment only where a word could start: in *src/*.o it belongs to the name.
std::vector<std::string> tokensOf(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("/*")) {
      const std::size_t end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 2;
    } else if (isWordChar(text[i])) {
      std::size_t end = i;
      while (end < text.size() && isWordChar(text[end]))
        ++end;
      tokens.emplace_back(text.substr(i, end - i));
      i = end;
    } else {
      if (std::isspace(static_cast<unsigned char>(text[i])) == 0 && text[i] != '"')
        tokens.emplace_back(1, text[i]);
      ++i;
    }
  }
  return tokens;
}

} // namespace

/// "archive:member" or the end of a path, taken as widely as possible: lld writes a member as "libx.a(y.o)".
LinkerScripts::Pattern LinkerScripts::objectPattern(const std::string& file, char colon, const char* end) {
  std::string glob = "*" + file + end;
  std::replace(glob.begin(), glob.end(), ':', colon);
  return {file, glob};
}

LinkerScripts::LinkerScripts(const std::vector<std::string>& scripts,
                             const std::vector<std::string>& arguments)
    : constants_(scripts, arguments) {
  for (const std::string& script : scripts)
    readScript(script);
  readArguments(arguments);
}

void LinkerScripts::readScript(const std::string& text) {
  const auto tokens = tokensOf(text);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    addSymbols(tokens[i], words_);
    if (tokens[i].size() > 1 &&
        (tokens[i][0] == '.' || tokens[i].find_first_of("*?[") != std::string::npos) && !isGeneral(tokens[i]))
      patterns_.emplace(tokens[i]);
    if (i + 1 < tokens.size() && tokens[i + 1] == "(" && namesObjects(tokens[i]))
      files_.insert(objectPattern(tokens[i], '?', ""));
    if (tokens[i] != "KEEP" || i + 1 >= tokens.size() || tokens[i + 1] != "(")
      continue;
    // KEEP ( FILE ( SECTION... ) ... ): the word before an inner parenthesis is the file, words inside are
    // sections.
    std::string file = "*";
    std::size_t depth = 0;
    for (std::size_t k = i + 1; k < tokens.size(); ++k) {
      if (tokens[k] == "(") {
        if (++depth == 2 && tokens[k - 1] != "(")
          file = tokens[k - 1];
      } else if (tokens[k] == ")") {
        if (--depth == 0)
          break;
      } else if (depth >= 2) {
        keeps_.push_back({objectPattern(file, '*', "*"), Pattern(tokens[k])});
      }
    }
  }
}

void LinkerScripts::readArguments(const std::vector<std::string>& arguments) {
  constexpr std::array kNamesSymbol = {
      std::string_view("-e"),         std::string_view("--entry"),
      std::string_view("-u"),         std::string_view("--undefined"),
      std::string_view("--defsym"),   std::string_view("-defsym"),
      std::string_view("--wrap"),     std::string_view("-wrap"),
      std::string_view("--init"),     std::string_view("-init"),
      std::string_view("--fini"),     std::string_view("-fini"),
      std::string_view("-entry"),     std::string_view("--require-defined"),
      std::string_view("-undefined"), std::string_view("--export-dynamic-symbol")};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string option = argument.substr(0, equals);
    std::string value;
    if (std::find(kNamesSymbol.begin(), kNamesSymbol.end(), option) != kNamesSymbol.end())
      value = equals != std::string::npos ? argument.substr(equals + 1)
              : i + 1 < arguments.size()  ? arguments[i + 1]
                                          : "";
    else if (argument.size() > 2 && argument[0] == '-' && (argument[1] == 'e' || argument[1] == 'u'))
      value = argument.substr(2);
    if (option == "--section-start" || option == "-section-start") {
      const std::string place = equals != std::string::npos ? argument.substr(equals + 1)
                                : i + 1 < arguments.size()  ? arguments[i + 1]
                                                            : "";
      if (const std::string section = place.substr(0, place.find('=')); !isGeneral(section))
        patterns_.emplace(section);
    }
    for (const std::string& word : tokensOf(value))
      addSymbols(word, words_);
  }
}

struct LinkerScripts::Pattern::Glob {
  std::string text; // what `pattern` views into
  llvm::GlobPattern pattern;
};

LinkerScripts::Pattern::Pattern(std::string name, const std::string& glob) : text(std::move(name)) {
  auto made = std::make_shared<Glob>(Glob{glob, {}});
  if (auto pattern = llvm::GlobPattern::create(made->text)) {
    made->pattern = std::move(*pattern);
    compiled = std::move(made);
  } else { // lld would not take it either; only its literal text can be meant
    llvm::consumeError(pattern.takeError());
  }
}

bool LinkerScripts::Pattern::matches(std::string_view other) const {
  return compiled ? compiled->pattern.match({other.data(), other.size()}) : text == other;
}

bool LinkerScripts::keeps(const std::string& object, std::string_view section) const {
  return std::any_of(keeps_.begin(), keeps_.end(), [&](const Keep& keep) {
    return keep.section.matches(section) && keep.file.matches(object);
  });
}

std::string LinkerScripts::placesObject(const std::string& object) const {
  for (const Pattern& pattern : files_)
    if (pattern.matches(object) ||
        (object.ends_with(')') && pattern.matches(object.substr(0, object.size() - 1))))
      return pattern.text;
  return {};
}

std::string LinkerScripts::placedByName(std::string_view section) const {
  for (const Pattern& pattern : patterns_)
    if (pattern.matches(section))
      return pattern.text;
  return {};
}

} // namespace romlink::relink
