#include "relink/plan/script_expression.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>

namespace romlink::relink {
namespace {

bool isNameChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '$';
}

constexpr std::array<std::string_view, 17> kLongOperators = {
    "<<=", ">>=", "<<", ">>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "&=", "|=", "^="};

/// Behind the comment that starts at `i`; `i` itself if none does. "/*" starts one only where a word could
/// start: in *src/*.o it belongs to a file's name.
std::size_t behindComment(std::string_view text, std::size_t i) {
  const bool afterWord = i > 0 && (isNameChar(text[i - 1]) || text[i - 1] == '/' || text[i - 1] == '*');
  if (text.substr(i).starts_with("/*") && !afterWord) {
    const std::size_t end = text.find("*/", i + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  if (text[i] == '#')
    return std::min(text.find('\n', i), text.size());
  return i;
}

/// "4096", "0x1000", "1000h", "4K". A leading 0 is octal for one linker and decimal for the other, so it is
/// no number.
std::optional<std::uint64_t> numberOf(std::string_view token) {
  const auto suffix = [&](char letter) {
    const bool ends = token.size() > 1 && (token.back() | 0x20) == letter;
    token.remove_suffix(ends ? 1 : 0);
    return ends;
  };
  const bool prefixed = token.starts_with("0x") || token.starts_with("0X");
  token.remove_prefix(prefixed ? 2 : 0);
  const std::uint64_t unit = suffix('k') ? 1U << 10 : suffix('m') ? 1U << 20 : 1;
  const bool hexadecimal = prefixed || (unit == 1 && suffix('h'));
  if (!hexadecimal && token.size() > 1 && token[0] == '0')
    return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(token.data(), token.data() + token.size(), value, hexadecimal ? 16 : 10);
  return error == std::errc() && end == token.data() + token.size() ? std::optional(value * unit)
                                                                    : std::nullopt;
}

/// Reads one expression, from left to right. A part that is no constant makes the whole one none, unless ?:
/// leaves it out; a form that is not known makes it none in any case.
class Expression {
public:
  using Value = ScriptValue;

  Expression(const std::vector<std::string>& tokens, std::size_t place, ScriptNames& names, unsigned depth)
      : tokens_(tokens), place_(place), names_(names), depth_(depth) {}

  /// What follows must end a statement, or be the next word where `inMemory`.
  Value whole(bool inMemory) {
    const Value value = ternary();
    const std::string& next = peek();
    const bool ends = next == ";" || next == ")" || next == "," || next == "}" || next.empty() ||
                      (inMemory && isScriptName(next));
    return known_ && ends ? value : std::nullopt;
  }

private:
  struct Operator {
    std::string_view text;
    int rank;
  };
  static constexpr std::array<Operator, 18> kOperators = {{{"||", 1},
                                                           {"&&", 2},
                                                           {"|", 3},
                                                           {"^", 4},
                                                           {"&", 5},
                                                           {"==", 6},
                                                           {"!=", 6},
                                                           {"<", 7},
                                                           {">", 7},
                                                           {"<=", 7},
                                                           {">=", 7},
                                                           {"<<", 8},
                                                           {">>", 8},
                                                           {"+", 9},
                                                           {"-", 9},
                                                           {"*", 10},
                                                           {"/", 10},
                                                           {"%", 10}}};

  const std::string& peek() const {
    static const std::string kEnd;
    return place_ < tokens_.size() ? tokens_[place_] : kEnd;
  }
  bool take(std::string_view token) {
    const bool taken = peek() == token;
    place_ += taken ? 1 : 0;
    return taken;
  }
  Value unknown() {
    known_ = false;
    return std::nullopt;
  }

  Value ternary() {
    if (++depth_ > kDeepestScript)
      return unknown();
    const Value condition = binary(1);
    Value value = condition;
    if (take("?")) {
      const Value yes = ternary();
      if (!take(":"))
        return unknown();
      const Value no = ternary();
      value = !condition ? std::nullopt : *condition != 0 ? yes : no;
    }
    --depth_;
    return value;
  }

  Value binary(int lowest) {
    Value left = unary();
    while (known_) {
      const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                       [&](const Operator& o) { return o.text == peek(); });
      if (found == kOperators.end() || found->rank < lowest)
        break;
      ++place_;
      const Value right = binary(found->rank + 1);
      left = left && right ? apply(found->text, *left, *right) : std::nullopt;
    }
    return left;
  }

  static Value apply(std::string_view op, std::uint64_t a, std::uint64_t b) {
    if (op == "||" || op == "&&")
      return op == "||" ? (a != 0 || b != 0) : (a != 0 && b != 0);
    if (op == "==" || op == "!=")
      return (a == b) == (op == "==");
    if (op[0] == '<' && op != "<<")
      return op == "<" ? a < b : a <= b;
    if (op[0] == '>' && op != ">>")
      return op == ">" ? a > b : a >= b;
    switch (op[0]) {
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '&':
      return a & b;
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b == 0 ? Value() : a / b;
    case '%':
      return b == 0 ? Value() : a % b;
    default:
      return b > 63 ? Value() : op == "<<" ? a << b : a >> b;
    }
  }

  Value unary() {
    for (const char op : {'-', '+', '~', '!'})
      if (take(std::string_view(&op, 1))) {
        if (++depth_ > kDeepestScript)
          return unknown();
        const Value value = unary();
        --depth_;
        if (!value)
          return value;
        return op == '-' ? -*value : op == '~' ? ~*value : op == '!' ? Value(*value == 0) : value;
      }
    return primary();
  }

  Value primary() {
    if (take("(")) {
      const Value value = ternary();
      return take(")") ? value : unknown();
    }
    const std::string token = peek();
    if (token.empty() || !isNameChar(token[0]))
      return unknown();
    ++place_;
    if (peek() == "(")
      return call(token);
    if (!isScriptName(token))
      return numberOf(token);
    return token == "." ? std::nullopt : names_.symbol(token, depth_ + 1);
  }

  Value call(const std::string& function) {
    ++place_;
    if (function == "ORIGIN" || function == "LENGTH") {
      const Value value = names_.region(peek(), function == "ORIGIN", depth_ + 1);
      ++place_;
      return take(")") ? value : unknown();
    }
    if (function != "MIN" && function != "MAX" && function != "ABSOLUTE" && function != "ALIGN")
      return unknown();
    const Value first = ternary();
    if (function == "ABSOLUTE")
      return take(")") ? first : unknown();
    if (!take(","))
      return unknown(); // ALIGN(n) starts from the location counter
    const Value second = ternary();
    if (!take(")"))
      return unknown();
    if (!first || !second)
      return std::nullopt;
    if (function == "ALIGN")
      return std::has_single_bit(*second) ? Value((*first + *second - 1) & ~(*second - 1)) : std::nullopt;
    return function == "MIN" ? std::min(*first, *second) : std::max(*first, *second);
  }

  const std::vector<std::string>& tokens_;
  std::size_t place_;
  ScriptNames& names_;
  unsigned depth_;
  bool known_ = true;
};

} // namespace

std::vector<std::string> scriptTokens(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t behind = behindComment(text, i); behind != i) {
      i = behind;
    } else if (isNameChar(text[i])) {
      const auto* last = std::find_if_not(text.begin() + i, text.end(), isNameChar);
      tokens.emplace_back(text.begin() + i, last);
      i += tokens.back().size();
    } else if (text[i] == '"') {
      const std::size_t close = std::min(text.find('"', i + 1), text.size());
      tokens.emplace_back(text.substr(i + 1, close - i - 1));
      i = close + 1;
    } else if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else {
      const auto* found =
          std::find_if(kLongOperators.begin(), kLongOperators.end(),
                       [&](std::string_view known) { return text.substr(i).starts_with(known); });
      tokens.emplace_back(text.substr(i, found == kLongOperators.end() ? 1 : found->size()));
      i += tokens.back().size();
    }
  }
  return tokens;
}

bool isScriptName(std::string_view token) {
  return !token.empty() && isNameChar(token[0]) && std::isdigit(static_cast<unsigned char>(token[0])) == 0;
}

ScriptValue evaluateScript(const std::vector<std::string>& tokens, std::size_t place, ScriptNames& names,
                           unsigned depth, bool inMemory) {
  return Expression(tokens, place, names, depth).whole(inMemory);
}

} // namespace romlink::relink
