// Turns DWARF's description of types into a TypeGraph. Part of reading it (debug_types.h).
//
// Works off a list instead of recursing, as types may nest deeply. A declaration stands for the complete
// definition of the same name in its unit, if there is one and only one. Without one it is an opaque type in
// C; in C++ it may as well be one that the compiler describes in another unit, so it is not known.
#pragma once

#include "relink/compat/type_graph.h"

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace romlink::relink {

class DwarfTypes {
public:
  explicit DwarfTypes(TypeGraph& graph) : graph_(graph) {}

  /// The Function or Object of a DW_TAG_subprogram or DW_TAG_variable. The graph holds what it is made of
  /// after readAll().
  TypeId add(const llvm::DWARFDie& symbol);
  void readAll();

private:
  using Definitions = std::map<std::string, llvm::DWARFDie>;

  TypeRef referenceTo(llvm::DWARFDie type);
  TypeRef typeOf(const llvm::DWARFDie& die);
  TypeRef unreadable(std::string why);
  TypeId nodeOf(const llvm::DWARFDie& type);
  llvm::DWARFDie definitionOf(const llvm::DWARFDie& type);

  void refuseIncompleteValues();
  void read(TypeId id, const llvm::DWARFDie& type);
  TypeNode readType(const llvm::DWARFDie& type);
  TypeNode readBase(const llvm::DWARFDie& type);
  TypeNode readStruct(const llvm::DWARFDie& type);
  void readMember(const llvm::DWARFDie& member, TypeNode& node);
  TypeNode readEnum(const llvm::DWARFDie& type);
  TypeNode readArray(const llvm::DWARFDie& type);
  TypeNode readFunction(const llvm::DWARFDie& type);
  void readParameters(const llvm::DWARFDie& function, TypeNode& node);

  TypeGraph& graph_;
  std::unordered_map<std::uint64_t, TypeId> known_; ///< by the place of the DIE
  std::vector<std::pair<TypeId, llvm::DWARFDie>> unread_;
  std::map<const llvm::DWARFUnit*, Definitions> definitions_;
};

} // namespace romlink::relink
