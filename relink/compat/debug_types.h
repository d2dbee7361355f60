// The types of a file's functions and objects, from its DWARF 4 or 5 (gcc, clang).
//
//   ELF -> DwarfSections -> LLVM's DWARF reader -> where each function and object lies  (dwarf_symbols.h)
//                                               -> the graph of their types             (dwarf_types.h)
//
// A symbol is found by its address, and by its name where several lie there. What cannot be read is not
// guessed: the symbol has no type, and `why` says so. Nothing is said about a file that has been damaged.
#pragma once

#include "relink/compat/crossing.h"
#include "relink/compat/type_graph.h"
#include "relink/image/elf_image.h"

#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

/// What a question for a symbol's type gives: a Function or Object, or a clause that says why not: "gcc -g1
/// records no types".
struct SymbolType {
  TypeId type = kVoid; ///< kVoid: none
  std::string why;
};

class DebugTypes {
public:
  /// Never fails: what is wrong with the file is the answer to questions for its symbols.
  static DebugTypes read(const ElfImage& elf);

  /// Of the symbol that begins here.
  [[nodiscard]] SymbolType at(std::uint32_t section, std::uint32_t offset, bool function,
                              std::string_view name) const;
  /// Of a linked image.
  [[nodiscard]] SymbolType at(Address address, bool function, std::string_view name) const {
    return find(address, function, name);
  }

  [[nodiscard]] const TypeGraph& graph() const { return graph_; }
  [[nodiscard]] const std::vector<std::uint64_t>& hashes() const { return hashes_; } ///< typeHashes(graph())
  [[nodiscard]] const std::vector<Crossing>& crossings() const { return crossings_; }
  [[nodiscard]] const std::string& whyNone() const { return whyNone_; } ///< set: no symbol has a type

private:
  struct Entry {
    std::uint64_t address = 0;
    bool defines = false; ///< without a place, but no mere declaration
    bool function = false;
    std::string name;
    std::string linkageName; ///< may be empty
    TypeId type = kVoid;
  };
  void readFrom(const ElfImage& elf);
  [[nodiscard]] SymbolType find(std::uint64_t address, bool function, std::string_view name) const;
  [[nodiscard]] std::string whyMissing(std::uint64_t address) const;
  [[nodiscard]] SymbolType agreed(const std::vector<const Entry*>& entries, std::string_view name) const;

  TypeGraph graph_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Crossing> crossings_;
  std::vector<TypeId> towardsUnreadable_;
  std::vector<Entry> placed_;   ///< by address
  std::vector<Entry> unplaced_; ///< declarations and alike, by name
  std::vector<AddressRange> assembler_;
  std::vector<std::uint64_t> sectionAddresses_;
  std::string whyNone_;
  std::string whyMissing_;
};

/// The symbol without what compilers append: "count" of "count.0".
[[nodiscard]] std::string_view sourceName(std::string_view symbol);

} // namespace romlink::relink
