// The types in the ROM index: written when the index is made, read by a link
// (proto/romlink/worker/types.proto).
//
// Symbols carry the hash of their type, so a link whose types are all the same never reads the graph.
#pragma once

#include "relink/compat/crossing.h"
#include "relink/compat/type_graph.h"
#include "relink/image/elf_image.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::worker {
class TypeTable;
class TypedSymbol;
} // namespace romlink::worker

namespace romlink::relink {

/// `symbols` in the order of RomIndex.symbols. The same ELF gives the same table.
void storeTypes(const ElfImage& rom, const std::vector<const Symbol*>& symbols, worker::TypeTable& table);

struct RomSymbolType {
  TypeId type = kVoid; ///< kVoid: none
  std::uint64_t hash = 0;
  Crossing crossing;
  std::string_view why; ///< of no type
};

class RomTypes {
public:
  /// REQUIRES: the table outlives it.
  explicit RomTypes(const worker::TypeTable& table) : table_(table) {}

  /// `symbol`: index into RomIndex.symbols.
  [[nodiscard]] RomSymbolType of(std::size_t symbol) const;

  /// All types; nullptr if the table makes no sense.
  [[nodiscard]] const TypeGraph* graph() const;
  [[nodiscard]] const std::vector<std::uint64_t>& hashes() const { return hashes_; } ///< REQUIRES: graph()

private:
  [[nodiscard]] bool takeTypes(TypeGraph& graph) const;

  const worker::TypeTable& table_;
  mutable bool isRead_ = false;
  mutable std::optional<TypeGraph> graph_;
  mutable std::vector<std::uint64_t> hashes_;
};

} // namespace romlink::relink
