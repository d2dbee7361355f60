// Constant expressions of linker scripts, and the tokens they are made of (GNU ld manual, "Expressions").
//
// Numbers and arithmetic as in lld: unsigned, 64 bits. Knows + - * / % << >> & | ^ ~ ! && || ?: and
// comparisons, ORIGIN, LENGTH, MIN, MAX, ABSOLUTE and ALIGN with two arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

using ScriptValue = std::optional<std::uint64_t>; ///< nullopt: not a constant

/// Words, quoted or not, and operators; comments are gone.
[[nodiscard]] std::vector<std::string> scriptTokens(std::string_view text);

[[nodiscard]] bool isScriptName(std::string_view token);

/// What names in expressions stand for. `depth` grows with each that refers to another.
class ScriptNames {
public:
  virtual ~ScriptNames() = default;
  virtual ScriptValue symbol(const std::string& name, unsigned depth) = 0;
  virtual ScriptValue region(const std::string& name, bool origin, unsigned depth) = 0;
};

/// Expressions, and names that refer to names, are not followed deeper.
inline constexpr unsigned kDeepestScript = 64;

/// The value of the expression that begins at tokens[place] and ends with its statement or, if `inMemory`,
/// where the next word begins.
[[nodiscard]] ScriptValue evaluateScript(const std::vector<std::string>& tokens, std::size_t place,
                                         ScriptNames& names, unsigned depth, bool inMemory);

} // namespace romlink::relink
