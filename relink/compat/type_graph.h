// The types of one file as plain data: functions, objects and what they are made of, whatever compiler and
// DWARF version described them. Read from DWARF (dwarf_types.h) or from the ROM index (type_table.h).
//
// A graph, because types are recursive: `struct node { struct node *next; }` is one node whose field leads to
// a pointer, which leads back. A reference from one type to another carries the qualifiers, so that `const
// int` needs no node of its own. Arrays have one dimension and no qualifiers: `const int a[3][4]` is an array
// of 3 arrays of 4 `const int`, however the DWARF nests it.
//
// What an ABI or a reader of the source would call the same is written in one way only: char types are
// integers of one byte, `long unsigned int` (gcc) is `unsigned long` (clang), an array of 0 elements is a
// flexible one.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace romlink::relink {

using TypeId = std::uint32_t; ///< index into TypeGraph::nodes
inline constexpr TypeId kVoid = 0;

/// Bits of TypeRef::qualifiers. `_Atomic` is none of them: DWARF 4 does not record it.
inline constexpr std::uint8_t kConst = 1;
inline constexpr std::uint8_t kVolatile = 2;
inline constexpr std::uint8_t kRestrict = 4;

struct TypeRef {
  TypeId type = kVoid;
  std::uint8_t qualifiers = 0;
  auto operator<=>(const TypeRef&) const = default;
};

/// The numbers are part of the type hash and of the ROM index: add at the end, never change.
enum class TypeKind : std::uint8_t {
  Void,
  Base,
  Pointer,
  Reference,
  RvalueReference,
  MemberPointer, ///< `target`, and one field: the class
  Struct,        ///< C++ classes, too
  Union,
  Enum,
  Array, ///< of `target`
  Function,
  Object,      ///< a variable or constant of type `target`
  Typedef,     ///< of `target`; looked through when types are compared
  Unspecified, ///< decltype(nullptr)
  Unreadable,  ///< `name` says why
};

struct TypeField {
  enum class Kind : std::uint8_t { Member, BaseClass, VirtualFunction, Parameter, Enumerator, Class };
  Kind kind = Kind::Member;
  std::string name; ///< may be empty
  TypeRef type;     ///< of an enumerator: void
  /// Member, base class: bits from the start of the type, kVirtualBase for a virtual one. Virtual function:
  /// its slot. Enumerator: its value.
  std::int64_t value = 0;
  std::uint32_t bits = 0; ///< width of a bit-field; 0: it is none
  /// Of a member: bytes, where the source demands more or less than its type does; 0: the type's.
  std::uint32_t alignment = 0;
};
inline constexpr std::int64_t kVirtualBase = -1;

struct TypeNode {
  TypeKind kind = TypeKind::Unreadable;
  std::string name;            ///< tag, typedef name or C spelling; of a C++ type with its namespaces
  TypeRef target;              ///< of pointer and alike, array, object, typedef; a function's result
  std::uint32_t size = 0;      ///< bytes, of a scalar, struct, union or enum
  std::uint32_t alignment = 0; ///< bytes, where the debug information tells it; gcc's mostly does not
  std::uint8_t encoding =
      0; ///< of a base type: DW_ATE_signed, _unsigned, _float, _boolean, ... (DWARF 5, 7.8)
  std::uint8_t convention = 0; ///< of a function: DW_CC_* (DWARF 5, 7.15); 0: the normal one
  std::int64_t count =
      0; ///< of an array: elements, kFlexible or kVariable; of a base type: bits, if not all count
  bool incomplete = false; ///< declared, not defined: an opaque type
  bool isSigned = false;   ///< of an enum
  bool isVector = false;   ///< of an array: a SIMD vector, passed as such
  bool isVariadic = false;
  bool isPrototyped = true; ///< false: `int f()` or a K&R definition, which promotes its arguments
  /// Parameters in their order; members of a struct by kind and place, enumerators by value, then by name.
  std::vector<TypeField> fields;
};
inline constexpr std::int64_t kFlexible = -1; ///< `int a[]`, `int a[0]`
inline constexpr std::int64_t kVariable = -2; ///< a C99 array of variable length

class TypeGraph {
public:
  TypeGraph();

  std::vector<TypeNode> nodes; ///< nodes[kVoid] is void

  TypeId add(TypeNode node);
  /// Brings qualified arrays and typedefs that lead to themselves to normal form. Call it once all is added.
  void finish();

  /// The type behind typedefs, with all qualifiers met on the way. REQUIRES: finish().
  [[nodiscard]] TypeRef resolve(TypeRef ref) const;
  [[nodiscard]] const TypeNode& resolved(TypeRef ref) const { return nodes[resolve(ref).type]; }

  /// Bytes that a value of this type takes; 0 if that is not known. REQUIRES: finish().
  [[nodiscard]] std::uint64_t sizeOf(TypeRef ref) const;

private:
  [[nodiscard]] TypeRef follow(TypeRef ref) const;
  std::vector<TypeRef> behind_; ///< of each node: what resolve() gives for it
};

/// Calls visit(TypeRef&) for each reference of the node to another type.
template <typename Node, typename Visit>
void forEachReference(Node& node, Visit visit) {
  visit(node.target);
  for (auto& field : node.fields)
    visit(field.type);
}

} // namespace romlink::relink
