// Where DWARF says that functions and objects lie. Part of reading it (debug_types.h).
#pragma once

#include "relink/address_range.h"

#include <cstdint>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <set>
#include <string>
#include <vector>

namespace romlink::relink {

struct DwarfSymbol {
  llvm::DWARFDie die;
  std::uint64_t address = 0;
  bool placed = false; ///< `address` holds; else a declaration, or a definition of which there is no code
  bool defines =
      false; ///< not placed: a global definition all the same. gcc folds equal functions into copies of one
  bool function = false;
  std::string name;
  std::string linkageName; ///< may be empty
  std::string why;         ///< set: its type is not recorded
};

/// What of the file is asked for: the rest is not read.
struct WantedSymbols {
  std::set<std::uint64_t> addresses; ///< as DWARF has them
  std::set<std::string, std::less<>> names;
};

struct DwarfSymbols {
  std::vector<DwarfSymbol> symbols;
  std::vector<AddressRange> assembler; ///< code of units in assembly language
  std::string whyMissing;              ///< why a symbol may have no entry; may be empty
};

[[nodiscard]] DwarfSymbols findSymbols(llvm::DWARFContext& dwarf, const WantedSymbols& wanted);

/// In C a function may be without a prototype, and a type opaque. (LLVM's isC() ends the program on unknown
/// numbers.)
[[nodiscard]] bool isC(llvm::DWARFUnit& unit);

/// Of a DIE or what it completes; empty if it has none. Sets `damaged` if the name is there but not readable.
[[nodiscard]] std::string dwarfName(const llvm::DWARFDie& die, llvm::dwarf::Attribute attribute,
                                    bool& damaged);

/// The DIE that an attribute refers to, in a type unit, too; invalid if there is none.
[[nodiscard]] llvm::DWARFDie referredBy(const llvm::DWARFDie& die, llvm::dwarf::Attribute attribute);

} // namespace romlink::relink
