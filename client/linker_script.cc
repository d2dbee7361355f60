#include "client/linker_script.h"

#include <algorithm>
#include <optional>

namespace romlink::client {
namespace {

constexpr std::string_view kNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$/\\~=+[]*?-!^:";
constexpr std::string_view kSpaces = " \t\r\n\f\v";

struct Token {
  std::string_view text; ///< without quotes
  std::size_t offset;
  std::size_t length;
  bool quoted;
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::optional<Token> next() {
    skipSpaceAndComments();
    if (at_ >= text_.size())
      return std::nullopt;
    const std::size_t start = at_;
    if (text_[at_] == '"') {
      const std::size_t end = std::min(text_.find('"', at_ + 1), text_.size());
      at_ = std::min(end + 1, text_.size());
      return Token{text_.substr(start + 1, end - start - 1), start, at_ - start, true};
    }
    const std::size_t end = std::min(text_.find_first_not_of(kNameCharacters, at_), text_.size());
    at_ = std::max(end, start + 1);
    return Token{text_.substr(start, at_ - start), start, at_ - start, false};
  }

private:
  void skipSpaceAndComments() {
    for (;;) {
      at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size());
      const std::string_view rest = text_.substr(at_);
      if (rest.starts_with("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else if (rest.starts_with('#')) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

class Scanner {
public:
  explicit Scanner(std::string_view text) : lexer_(text) {}

  std::vector<ScriptName> scan() {
    int depth = 0;
    for (auto token = lexer_.next(); token; token = lexer_.next()) {
      if (token->quoted)
        continue;
      if (token->text == "{")
        ++depth;
      else if (token->text == "}")
        --depth;
      else if (token->text == "INCLUDE")
        include();
      else if (depth == 0 && (token->text == "INPUT" || token->text == "GROUP"))
        list(ScriptName::Kind::Input);
      else if (depth == 0 && token->text == "SEARCH_DIR")
        list(ScriptName::Kind::SearchDir);
    }
    return std::move(names_);
  }

private:
  void include() {
    if (const auto token = lexer_.next())
      add(ScriptName::Kind::Include, *token);
  }

  // "(" names ")"; AS_NEEDED( ... ) may stand within.
  void list(ScriptName::Kind kind) {
    auto token = lexer_.next();
    if (!token || token->text != "(")
      return;
    for (int depth = 1; depth > 0 && (token = lexer_.next());) {
      if (!token->quoted && token->text == "(")
        ++depth;
      else if (!token->quoted && token->text == ")")
        --depth;
      else if (token->quoted || (token->text != "," && token->text != "AS_NEEDED"))
        add(kind, *token);
    }
  }

  void add(ScriptName::Kind kind, const Token& token) {
    ScriptName name{kind, std::string(token.text), token.offset, token.length};
    if (kind == ScriptName::Kind::Input && name.name.starts_with("-l")) {
      name.kind = ScriptName::Kind::Library;
      name.name.erase(0, 2);
    }
    names_.push_back(std::move(name));
  }

  Lexer lexer_;
  std::vector<ScriptName> names_;
};

} // namespace

std::vector<ScriptName> scanLinkerScript(std::string_view text) {
  return Scanner(text).scan();
}

std::string editLinkerScript(std::string_view text, const std::vector<ScriptEdit>& edits) {
  std::string result;
  std::size_t at = 0;
  for (const ScriptEdit& edit : edits) {
    result += text.substr(at, edit.offset - at);
    const bool plain = edit.replacement.find_first_not_of(kNameCharacters) == std::string::npos;
    result += plain ? edit.replacement : '"' + edit.replacement + '"';
    at = edit.offset + edit.length;
  }
  result += text.substr(at);
  return result;
}

} // namespace romlink::client
