// The words whose meaning is known to be the same to gcc and clang: attributes, built-in functions, pragmas
// and assembler directives. Whatever is not listed here leaves what uses it without a fingerprint.
//
// Sources: GCC manual, "Extensions to the C Language Family"; clang, "Attributes in Clang" and "Language
// Extensions"; GNU as manual, "Assembler Directives".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace romlink::launcher {

enum class WordMeaning { Plain, FloatingPoint, Unstable };

/// Of an identifier in the text: "__builtin_clz" is plain, "__builtin_sqrt" floating point.
[[nodiscard]] WordMeaning meaningOfWord(std::string_view word);

/// Of the name of an attribute, without underscores around it.
[[nodiscard]] WordMeaning meaningOfAttribute(std::string_view name);

enum class PragmaMeaning {
  None,       ///< for people, or for the preprocessor that has run
  Text,       ///< of what follows, to both compilers
  Everything, ///< of the whole unit (weak)
  Options,    ///< of what follows up to pop_options, to gcc only
  Push,
  Pop,
  Unstable ///< of what follows
};
/// `pragma`: without "#pragma".
[[nodiscard]] PragmaMeaning meaningOfPragma(std::string_view pragma);

/// What assembler text does besides being executed where it stands.
struct AssemblerText {
  bool everything = false; ///< it has an effect on other assembler text: sections, symbols
  bool unstable = false;   ///< it reads files, defines macros, or is not understood
  std::vector<std::string> labels;
};
/// `text`: as the assembler gets it, but for operands.
[[nodiscard]] AssemblerText readAssembler(std::string_view text);

/// May a compiler call a function of this name without being told to? C library, run-time ABI.
[[nodiscard]] bool isOfLibrary(std::string_view function);

} // namespace romlink::launcher
