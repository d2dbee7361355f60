#include "relink/compat/crossing.h"

#include <algorithm>
#include <llvm/BinaryFormat/Dwarf.h>
#include <utility>

namespace romlink::relink {
namespace {

constexpr std::uint32_t kFirst = 1;
constexpr std::uint32_t kKnown = kFirst << 0U, kEnumeration = kFirst << 1U, kWideCharacter = kFirst << 2U,
                        kTime = kFirst << 3U, kFloatingPoint = kFirst << 4U, kAggregate = kFirst << 5U,
                        kDoubleWord = kFirst << 6U, kVariadic = kFirst << 7U;
constexpr std::uint32_t kDoubleWordSize = 8;

/// What the type itself is as a value, without its members.
std::uint32_t ownValue(const TypeNode& node) {
  const bool aligned = node.alignment >= kDoubleWordSize ||
                       std::any_of(node.fields.begin(), node.fields.end(),
                                   [](const TypeField& field) { return field.alignment >= kDoubleWordSize; });
  std::uint32_t bits = aligned ? kDoubleWord : 0;
  if (node.kind == TypeKind::Struct || node.kind == TypeKind::Union)
    bits |= kAggregate;
  if (node.kind == TypeKind::Base && node.size >= kDoubleWordSize &&
      node.encoding != llvm::dwarf::DW_ATE_complex_float)
    bits |= kDoubleWord;
  if (node.kind == TypeKind::Base && node.encoding == llvm::dwarf::DW_ATE_complex_float)
    bits |= kAggregate | (node.size > kDoubleWordSize ? kDoubleWord : 0);
  if (node.kind == TypeKind::Base &&
      (node.encoding == llvm::dwarf::DW_ATE_float || node.encoding == llvm::dwarf::DW_ATE_complex_float))
    bits |= kFloatingPoint;
  if (node.isVector)
    bits |= kDoubleWord | kFloatingPoint; // passed in the same registers, by the same rules
  return bits;
}

/// What the type itself is, wherever it is reached.
std::uint32_t ownReach(const TypeNode& node) {
  const bool named = node.kind == TypeKind::Typedef || node.kind == TypeKind::Base;
  std::uint32_t bits = node.kind == TypeKind::Enum ? kEnumeration : 0;
  if (named && node.name == "wchar_t")
    bits |= kWideCharacter;
  if (named && (node.name == "time_t" || node.name == "__time_t" || node.name == "std::time_t"))
    bits |= kTime;
  if (node.kind == TypeKind::Function && node.isVariadic)
    bits |= kVariadic;
  return bits;
}

bool holdsByValue(TypeKind kind) {
  return kind == TypeKind::Struct || kind == TypeKind::Union || kind == TypeKind::Array ||
         kind == TypeKind::Typedef;
}

/// Repeats step(id), which says whether something changed, until nothing does. Types that others are made of
/// mostly come later in a graph, so it runs from the end, and back for those that come before.
template <typename Step>
void untilStable(const TypeGraph& graph, Step step) {
  const auto size = static_cast<TypeId>(graph.nodes.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (TypeId id = size; id-- > 0;)
      changed |= step(id);
    for (TypeId id = 0; changed && id < size; ++id)
      step(id);
  }
}

} // namespace

std::uint32_t Crossing::bits() const {
  return (known ? kKnown : 0) | (enumeration ? kEnumeration : 0) | (wideCharacter ? kWideCharacter : 0) |
         (time ? kTime : 0) | (floatingPoint ? kFloatingPoint : 0) | (aggregate ? kAggregate : 0) |
         (doubleWord ? kDoubleWord : 0) | (variadic ? kVariadic : 0);
}

Crossing Crossing::fromBits(std::uint32_t bits) {
  const auto has = [&](std::uint32_t bit) { return (bits & bit) != 0; };
  return {has(kKnown),         has(kEnumeration), has(kWideCharacter), has(kTime),
          has(kFloatingPoint), has(kAggregate),   has(kDoubleWord),    has(kVariadic)};
}

std::vector<Crossing> crossingsOf(const TypeGraph& graph) {
  std::vector<std::uint32_t> value(graph.nodes.size());
  untilStable(graph, [&](TypeId id) {
    const TypeNode& node = graph.nodes[id];
    std::uint32_t bits = ownValue(node);
    if (holdsByValue(node.kind))
      forEachReference(node, [&](TypeRef ref) { bits |= value[ref.type]; });
    bits |= value[id];
    return std::exchange(value[id], bits) != bits;
  });
  std::vector<std::uint32_t> reach(graph.nodes.size());
  untilStable(graph, [&](TypeId id) {
    const TypeNode& node = graph.nodes[id];
    std::uint32_t bits = reach[id] | ownReach(node);
    const bool passes = node.kind == TypeKind::Function || node.kind == TypeKind::Object;
    forEachReference(node, [&](TypeRef ref) { bits |= reach[ref.type] | (passes ? value[ref.type] : 0); });
    return std::exchange(reach[id], bits) != bits;
  });
  std::vector<Crossing> crossings;
  crossings.reserve(reach.size());
  for (const std::uint32_t bits : reach)
    crossings.push_back(Crossing::fromBits(bits | kKnown));
  return crossings;
}

std::vector<TypeId> towardsUnreadable(const TypeGraph& graph) {
  std::vector<TypeId> next(graph.nodes.size(), kVoid);
  for (TypeId id = 0; id < next.size(); ++id)
    if (graph.nodes[id].kind == TypeKind::Unreadable)
      next[id] = id;
  untilStable(graph, [&](TypeId id) {
    if (next[id] != kVoid)
      return false;
    forEachReference(graph.nodes[id], [&](TypeRef ref) {
      if (next[id] == kVoid && next[ref.type] != kVoid)
        next[id] = ref.type;
    });
    return next[id] != kVoid;
  });
  return next;
}

} // namespace romlink::relink
