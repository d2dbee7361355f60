// What takes part in a call or a use of a symbol: it says which compiler flags matter to the symbol.
#pragma once

#include "relink/compat/type_graph.h"

#include <cstdint>
#include <vector>

namespace romlink::relink {

/// By value: in its parameters and result, in those of a function that is called through a pointer it
/// reaches, or in the object; reached: also through pointers and members.
struct Crossing {
  bool known = false;         ///< the symbol has types
  bool enumeration = false;   ///< reached
  bool wideCharacter = false; ///< reached: wchar_t or a type made of it
  bool time = false;          ///< reached: time_t or a type made of it
  bool floatingPoint = false; ///< by value
  bool aggregate = false;     ///< by value
  bool doubleWord = false;    ///< by value: a type of 8-byte alignment
  bool variadic = false;      ///< a function that is called

  /// As one number, for the ROM index: bit i is the i-th member.
  [[nodiscard]] std::uint32_t bits() const;
  static Crossing fromBits(std::uint32_t bits);
  Crossing& operator|=(const Crossing& other) { return *this = fromBits(bits() | other.bits()); }
  bool operator==(const Crossing&) const = default;
};

/// Of each type of the graph, if it is a symbol's. Time: linear in the graph but for long cycles.
[[nodiscard]] std::vector<Crossing> crossingsOf(const TypeGraph& graph);

/// Of each type the next step towards an Unreadable one: itself if it is one, kVoid if it reaches none.
[[nodiscard]] std::vector<TypeId> towardsUnreadable(const TypeGraph& graph);

} // namespace romlink::relink
