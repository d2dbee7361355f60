// Which options of a compiler decide what a program means.
//
// Three kinds. Some only choose among programs of one meaning (optimisation, debug information, warnings), or
// have done their work in the preprocessed text (-D, -I), or show in what the compiler predefines
// (-fshort-enums): they do not count. Some say the same to gcc and clang (-fwrapv): they count by name, the
// last of -fX and -fno-X, unless that is what both do without it. All others count as they are written, in
// their order, together with the compiler's version; so does a family of options that change each other, if
// more than one of it is given, since compilers resolve that in ways of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace romlink::launcher {

struct MeaningOptions {
  std::string always;        ///< text of those that concern everything
  std::string floatingPoint; ///< of those that concern floating point
  std::string assembler;     ///< of those for the assembler
  bool anyAliasing = false;  ///< -fno-strict-aliasing
  bool ownBitFields = false; ///< plain int bit-fields have another sign than int
};

/// `options`: each with its words; `compiler`: its version.
[[nodiscard]] MeaningOptions meaningOptionsOf(const std::vector<std::vector<std::string>>& options,
                                              std::string_view compiler, bool isClang);

/// Is it of the first kind?
[[nodiscard]] bool isWithoutMeaning(std::string_view option);

/// Does it define or undefine macros of the text: -D, -U, -include, -Wp, -undef?
[[nodiscard]] bool changesMacros(std::string_view option);

/// Options with which no text tells what is compiled (-fwhole-program, --config ...); empty: none.
[[nodiscard]] std::string refusedOption(const std::vector<std::vector<std::string>>& options);

} // namespace romlink::launcher
