#include "relink/compat/type_graph.h"

#include <map>
#include <utility>

namespace romlink::relink {

TypeGraph::TypeGraph() {
  nodes.emplace_back().kind = TypeKind::Void;
}

TypeId TypeGraph::add(TypeNode node) {
  nodes.push_back(std::move(node));
  return static_cast<TypeId>(nodes.size() - 1);
}

/// Ends also on typedefs that lead to themselves: there at one of them.
TypeRef TypeGraph::follow(TypeRef ref) const {
  std::size_t steps = 0;
  while (nodes[ref.type].kind == TypeKind::Typedef && steps++ < nodes.size()) {
    const TypeRef next = nodes[ref.type].target;
    ref = {next.type, static_cast<std::uint8_t>(ref.qualifiers | next.qualifiers)};
  }
  return ref;
}

void TypeGraph::finish() {
  constexpr const char* kEndless = "a typedef that leads to itself";
  for (TypeId id = 0; id < nodes.size(); ++id)
    if (nodes[follow({id, 0}).type].kind == TypeKind::Typedef) {
      nodes[id] = {};
      nodes[id].name = kEndless;
    }
  // Qualifiers of an array are those of its elements (C11, 6.7.3). New arrays are visited in their turn.
  std::map<std::pair<TypeId, std::uint8_t>, TypeId> qualified;
  for (TypeId id = 0; id < nodes.size(); ++id) {
    const auto normal = [&](TypeRef ref) {
      const TypeRef end = follow(ref);
      if (end.qualifiers == 0 || nodes[end.type].kind != TypeKind::Array)
        return ref;
      const auto [known, isNew] = qualified.try_emplace({end.type, end.qualifiers}, kVoid);
      if (isNew) {
        TypeNode array = nodes[end.type];
        array.target.qualifiers |= end.qualifiers;
        known->second = add(std::move(array));
      }
      return TypeRef{known->second, 0};
    };
    for (std::size_t i = 0; i < nodes[id].fields.size(); ++i)
      if (const TypeRef ref = normal(nodes[id].fields[i].type); ref != nodes[id].fields[i].type)
        nodes[id].fields[i].type = ref;
    if (const TypeRef ref = normal(nodes[id].target); ref != nodes[id].target)
      nodes[id].target = ref;
  }
  behind_.clear();
  behind_.reserve(nodes.size());
  for (TypeId id = 0; id < nodes.size(); ++id)
    behind_.push_back(follow({id, 0}));
}

TypeRef TypeGraph::resolve(TypeRef ref) const {
  const TypeRef end = behind_[ref.type];
  return {end.type, static_cast<std::uint8_t>(end.qualifiers | ref.qualifiers)};
}

std::uint64_t TypeGraph::sizeOf(TypeRef ref) const {
  constexpr std::uint64_t kLimit = 0x1'0000'0000;
  std::uint64_t elements = 1;
  for (std::size_t steps = 0; steps <= nodes.size(); ++steps) {
    const TypeNode& node = resolved(ref);
    if (node.kind != TypeKind::Array)
      return elements * node.size;
    if (node.count <= 0 || static_cast<std::uint64_t>(node.count) > kLimit / elements)
      return 0;
    elements *= static_cast<std::uint64_t>(node.count);
    ref = node.target;
  }
  return 0;
}

} // namespace romlink::relink
