// C as a sequence of tokens, without comments, white space and line markers, and each token in one form
// however it was spelled: `__inline__` is `inline`, `0xffffffffUL` is `4294967295U` where long and int have
// one size, `0.5f` is `5e-1f`. So the headers of two compilers, which predefine the same limits in their own
// ways, read the same.
#pragma once

#include <clang/Basic/LangOptions.h>
#include <clang/Basic/TokenKinds.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::launcher {

struct SourceToken {
  clang::tok::TokenKind kind = clang::tok::unknown;
  std::string text;         ///< canonical
  std::uint32_t offset = 0; ///< in the text
};

struct Pragma {
  std::string text; ///< without "#pragma"; its tokens
  std::uint32_t offset = 0;
};

struct TokenList {
  std::vector<SourceToken> tokens;
  std::vector<Pragma> pragmas;       ///< all, in their order
  std::vector<std::string> included; ///< files that line markers name, sorted
  std::string notUnderstood;         ///< something that makes the tokens doubtful; empty: nothing
};

/// `text`: preprocessed C.
[[nodiscard]] TokenList tokensOf(std::string_view text, const clang::LangOptions& language);

/// The text, of the same length, with blanks for all directives but "#pragma pack": a parser must not
/// preprocess it again.
[[nodiscard]] std::string withoutDirectives(std::string_view text);

/// A number as C means it for Arm, by value and type; as it stands if it is none. `c90`: large decimal
/// constants are unsigned long.
[[nodiscard]] std::string canonicalNumber(std::string_view spelling, bool c90);

/// Is it what canonicalNumber() makes of an integer?
[[nodiscard]] bool isCanonicalInteger(std::string_view number);

/// What a string literal stands for, without quotation marks and escapes.
[[nodiscard]] std::string textOfLiteral(std::string_view literal);

/// The symbols that text may name: words of letters, digits, `_`, `$` and `.`, and the parts of them between
/// `$` and `.`.
[[nodiscard]] std::vector<std::string> wordsIn(std::string_view text);

} // namespace romlink::launcher
