// Two sources, two compilers: what romlink says of the types of a symbol that both define.
#pragma once

#include "fixture.h"
#include "relink/compat/debug_types.h"
#include "relink/compat/type_compare.h"
#include "relink/compat/type_hash.h"

#include <string>

namespace romlink::relink {

inline constexpr const char* kGcc = "arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -ffunction-sections "
                                    "-fdata-sections -gdwarf-5";
inline constexpr const char* kClang = "clang-19 --target=arm-none-eabi -mcpu=cortex-m3 -mthumb -fshort-enums "
                                      "-Os -ffunction-sections -fdata-sections -gdwarf-5";

/// An object file and its types.
struct CompiledTypes {
  std::vector<std::uint8_t> bytes;
  ElfImage elf;
  DebugTypes types;

  CompiledTypes(Workshop& workshop, const std::string& compiler, const std::string& source,
                const std::string& suffix = ".c");
  explicit CompiledTypes(std::vector<std::uint8_t> object);

  /// Of the symbol of this name. REQUIRES: it exists.
  [[nodiscard]] SymbolType of(const std::string& symbol) const;
  /// Its type hash as text; if it has no type, why.
  [[nodiscard]] std::string hashOf(const std::string& symbol) const;
};

/// "same", the path of the first difference, or "notes: ..." with all of them.
[[nodiscard]] std::string compared(const CompiledTypes& rom, const CompiledTypes& firmware,
                                   const std::string& symbol);

} // namespace romlink::relink
