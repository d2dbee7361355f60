#include "launcher/tokens.h"

#include <algorithm>
#include <cctype>
#include <clang/Basic/IdentifierTable.h>
#include <clang/Lex/Lexer.h>
#include <fmt/format.h>
#include <llvm/ADT/APFloat.h>
#include <llvm/ADT/APInt.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/Error.h>
#include <set>

namespace romlink::launcher {
namespace {

bool isWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '.';
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

/// Takes the directives out of the text, which keeps its length: a line marker names a file, a pragma counts.
struct Directives {
  std::string text;    ///< without any
  std::string layouts; ///< with those only that change layouts
  std::vector<std::pair<std::string, std::uint32_t>> pragmas;
  std::set<std::string> files;
  bool hasPrecompiled = false;

  explicit Directives(std::string_view whole) : text(whole), layouts(whole) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = trimmed(whole.substr(begin, end - begin));
      if (line.starts_with('#')) {
        const std::string_view directive = trimmed(line.substr(1));
        take(directive, static_cast<std::uint32_t>(begin));
        blank(text, begin, end);
        if (!directive.starts_with("pragma") || !trimmed(directive.substr(6)).starts_with("pack"))
          blank(layouts, begin, end);
      }
      begin = end + 1;
    }
  }

private:
  static void blank(std::string& text, std::size_t begin, std::size_t end) {
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
              text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
  }

  void take(std::string_view line, std::uint32_t offset) {
    if (line.starts_with("pragma")) {
      const std::string_view pragma = trimmed(line.substr(6));
      hasPrecompiled |= pragma.starts_with("GCC pch_preprocess");
      pragmas.emplace_back(pragma, offset);
      return;
    }
    const std::size_t open = line.find('"');
    const std::size_t close = line.rfind('"');
    if (open != close && !line.substr(open + 1).starts_with('<'))
      files.emplace(line.substr(open + 1, close - open - 1));
  }
};

/// Why a token is of a kind that is not understood; empty: it is.
std::string_view whyNotUnderstood(const clang::Token& token, llvm::StringRef spelling,
                                  const SourceToken* before) {
  if (token.is(clang::tok::comment))
    return "comments in preprocessed text";
  const bool isText = token.isLiteral();
  if (isText && (spelling.contains("R\"") && spelling.find("R\"") < spelling.find('"') + 1))
    return "a raw string literal";
  if (isText && before != nullptr && before->text.ends_with('R') && before->kind == clang::tok::identifier &&
      before->offset + before->text.size() == token.getLocation().getRawEncoding() - 1)
    return "a raw string literal";
  if (!isText && std::any_of(spelling.begin(), spelling.end(),
                             [](char c) { return c == '\\' || static_cast<unsigned char>(c) >= 0x80; }))
    return "names with letters beyond ASCII";
  return {};
}

/// Lexes text; appends to `to`. Returns what in it is not understood; empty: nothing.
std::string lex(std::string_view text, const clang::LangOptions& language,
                clang::IdentifierTable& identifiers, std::vector<SourceToken>& to) {
  const std::string terminated(text); // the lexer needs the zero behind it
  clang::Lexer lexer(clang::SourceLocation::getFromRawEncoding(1), language, terminated.data(),
                     terminated.data(), terminated.data() + terminated.size());
  lexer.SetCommentRetentionState(true);
  std::string notUnderstood;
  clang::Token token;
  for (bool more = true; more;) {
    more = !lexer.LexFromRawLexer(token);
    if (token.is(clang::tok::eof))
      break;
    const std::uint32_t offset = token.getLocation().getRawEncoding() - 1;
    const llvm::StringRef spelling(terminated.data() + offset, token.getLength());
    if (const auto why = whyNotUnderstood(token, spelling, to.empty() ? nullptr : &to.back()); !why.empty())
      notUnderstood = why;
    SourceToken made{token.getKind(), spelling.str(), offset};
    if (token.is(clang::tok::raw_identifier)) {
      made.kind = identifiers.get(spelling).getTokenID();
      if (made.kind == clang::tok::kw___extension__)
        continue; // it only silences warnings
      if (const char* keyword = clang::tok::getKeywordSpelling(made.kind))
        made.text = keyword;
    } else if (token.is(clang::tok::numeric_constant)) {
      made.text = canonicalNumber(made.text, !language.C99);
    }
    to.push_back(std::move(made));
  }
  return notUnderstood;
}

/// After these, an opening parenthesis may be that of a call, a condition or an attribute.
bool endsOperand(const SourceToken& token) {
  return token.kind == clang::tok::identifier || token.kind == clang::tok::r_paren ||
         token.kind == clang::tok::r_square || token.kind == clang::tok::r_brace ||
         clang::tok::getKeywordSpelling(token.kind) != nullptr || clang::tok::isStringLiteral(token.kind);
}

/// "(4294967295U)" in an expression is the number: headers differ in such parentheses.
void dropParenthesesOfNumbers(std::vector<SourceToken>& tokens) {
  std::vector<SourceToken> kept;
  kept.reserve(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool wrapped = i + 2 < tokens.size() && tokens[i].kind == clang::tok::l_paren &&
                         tokens[i + 1].kind == clang::tok::numeric_constant &&
                         tokens[i + 2].kind == clang::tok::r_paren && !kept.empty() &&
                         !endsOperand(kept.back());
    kept.push_back(std::move(tokens[wrapped ? i + 1 : i]));
    i += wrapped ? 2 : 0;
  }
  tokens = std::move(kept);
}

struct IntegerSuffix {
  bool isUnsigned = false;
  unsigned longs = 0;
};

bool readSuffix(std::string_view text, IntegerSuffix& suffix) {
  for (const char c : text)
    if (c == 'u' || c == 'U')
      suffix.isUnsigned = true;
    else if (c == 'l' || c == 'L')
      ++suffix.longs;
    else
      return false;
  return suffix.longs <= 2;
}

/// C17, 6.4.4.1, for int and long of 32 bits. Empty: it is no such number.
std::string canonicalInteger(std::string_view spelling, bool c90) {
  unsigned radix = 10;
  std::string_view rest = spelling;
  const auto startsWith = [&](char letter) {
    return rest.size() > 2 && rest[0] == '0' && std::tolower(static_cast<unsigned char>(rest[1])) == letter;
  };
  if (startsWith('x') || startsWith('b')) {
    radix = startsWith('x') ? 16 : 2;
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    radix = 8;
  }
  const std::size_t digits =
      std::min(rest.find_first_not_of(radix == 16 ? "0123456789abcdefABCDEF" : "0123456789"), rest.size());
  IntegerSuffix suffix;
  std::uint64_t value = 0;
  if (digits == 0 || !readSuffix(rest.substr(digits), suffix) ||
      llvm::StringRef(rest).take_front(digits).getAsInteger(radix, value))
    return {};
  const bool wide = suffix.longs == 2;
  const bool mayBeUnsigned = suffix.isUnsigned || radix != 10 || (c90 && !wide);
  if (!wide && !suffix.isUnsigned && value <= INT32_MAX)
    return fmt::format("{}i4", value);
  if (!wide && mayBeUnsigned && value <= UINT32_MAX)
    return fmt::format("{}u4", value);
  if (!suffix.isUnsigned && value <= INT64_MAX)
    return fmt::format("{}i8", value);
  return fmt::format("{}u8", value);
}

/// Exact, as the compiler rounds it; empty: it is no such number.
std::string canonicalFloat(std::string_view spelling) {
  char suffix = 'd';
  if (const char last = static_cast<char>(std::tolower(static_cast<unsigned char>(spelling.back())));
      last == 'l' || (last == 'f' && !spelling.starts_with("0x") && !spelling.starts_with("0X"))) {
    suffix = last;
    spelling.remove_suffix(1);
  }
  llvm::APFloat value(suffix == 'f' ? llvm::APFloat::IEEEsingle() : llvm::APFloat::IEEEdouble());
  auto status =
      value.convertFromString({spelling.data(), spelling.size()}, llvm::APFloat::rmNearestTiesToEven);
  if (!status) {
    llvm::consumeError(status.takeError());
    return {};
  }
  llvm::SmallString<32> bits;
  value.bitcastToAPInt().toStringUnsigned(bits, 16);
  return fmt::format("{}{}", bits.c_str(), suffix == 'f' ? "f4" : suffix == 'l' ? "f8l" : "f8");
}

} // namespace

std::string canonicalNumber(std::string_view spelling, bool c90) {
  const bool hex = spelling.starts_with("0x") || spelling.starts_with("0X");
  const bool isFloat = spelling.find('.') != std::string_view::npos ||
                       spelling.find_first_of(hex ? "pP" : "eE") != std::string_view::npos;
  std::string canonical = isFloat ? canonicalFloat(spelling) : canonicalInteger(spelling, c90);
  return canonical.empty() ? std::string(spelling) : canonical;
}

bool isCanonicalInteger(std::string_view number) {
  const std::size_t digits = number.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos)
    return false;
  const std::string_view type = number.substr(digits);
  return type == "i4" || type == "u4" || type == "i8" || type == "u8";
}

std::string textOfLiteral(std::string_view literal) {
  std::string text;
  const std::size_t begin = std::min(literal.find('"'), literal.size() - 1) + 1;
  for (std::size_t at = begin; at + 1 < literal.size(); ++at) {
    if (literal[at] != '\\') {
      text += literal[at];
      continue;
    }
    const char letter = literal[++at];
    constexpr std::string_view kLetters = "abfnrtve";
    constexpr std::string_view kCodes = "\a\b\f\n\r\t\v\x1b";
    if (const auto known = kLetters.find(letter); known != std::string_view::npos) {
      text += kCodes[known];
      continue;
    }
    const bool hex = letter == 'x';
    if (!hex && (letter < '0' || letter > '7')) {
      text += letter; // a quotation mark, a backslash
      continue;
    }
    unsigned code = 0;
    std::size_t end = at + (hex ? 1 : 0);
    const std::size_t limit = hex ? literal.size() - 1 : std::min(at + 3, literal.size() - 1);
    for (; end < limit && llvm::hexDigitValue(literal[end]) < (hex ? 16U : 8U); ++end)
      code = code * (hex ? 16 : 8) + llvm::hexDigitValue(literal[end]);
    text += static_cast<char>(code);
    at = end - 1;
  }
  return text;
}

std::vector<std::string> wordsIn(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    while (at < text.size() && isWordCharacter(text[at]))
      ++at;
    if (at == begin) {
      ++at;
      continue;
    }
    const std::string_view word = text.substr(begin, at - begin);
    words.emplace_back(word);
    for (std::string_view rest = word; word.find_first_of("$.") != std::string_view::npos && !rest.empty();) {
      const std::string_view part = rest.substr(0, rest.find_first_of("$."));
      if (!part.empty())
        words.emplace_back(part);
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
  }
  return words;
}

TokenList tokensOf(std::string_view text, const clang::LangOptions& language) {
  clang::IdentifierTable identifiers(language);
  const Directives directives(text);
  TokenList list;
  list.notUnderstood = lex(directives.text, language, identifiers, list.tokens);
  if (directives.hasPrecompiled)
    list.notUnderstood = "a precompiled header";
  dropParenthesesOfNumbers(list.tokens);
  for (const auto& [pragma, offset] : directives.pragmas) {
    std::vector<SourceToken> tokens;
    lex(pragma, language, identifiers, tokens);
    Pragma& made = list.pragmas.emplace_back();
    made.offset = offset;
    for (const SourceToken& token : tokens)
      made.text += (made.text.empty() ? "" : " ") + token.text;
  }
  list.included.assign(directives.files.begin(), directives.files.end());
  return list;
}

std::string withoutDirectives(std::string_view text) {
  return Directives(text).layouts;
}

} // namespace romlink::launcher
