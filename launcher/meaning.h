// What, besides the source text, decides what a C program means: the options that change the language
// (options.h), and what the compiler predefines for them. It is part of every fingerprint, as text.
//
// Optimisation levels, code generation for a processor, debug information, warnings and stack protectors are
// no part of it: they choose among programs of one meaning. Whether calls fit the ABI of both sides is judged
// at the link.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace romlink::launcher {

struct Meaning {
  std::string always;         ///< of every function and object
  std::string floatingPoint;  ///< of those that use floating-point types
  std::string enumerations;   ///< of those that declare an enumeration in a body
  std::string wideText;       ///< of those that have wide character or string literals
  std::string assembler;      ///< of those that have assembler text
  bool strictAliasing = true; ///< objects of int and of long are told apart
  bool ownBitFields = false;  ///< a bit-field of int may have another sign than int
  bool isClang = false;
  std::vector<std::string> parserFlags; ///< that make clang read the text as the compiler does
};

/// `options`: those of the command, each with its words; `macros`: what the compiler predefines with them
/// (-E -dM), without those that change macros (options.h).
[[nodiscard]] Meaning meaningOf(const std::vector<std::vector<std::string>>& options,
                                std::string_view macros);

/// Is it a macro that meaningOf() looks at? `macro` may go on: "__STRICT_ANSI__=1".
[[nodiscard]] bool tellsMeaning(std::string_view macro);

} // namespace romlink::launcher
