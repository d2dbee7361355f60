#include "relink/compat/type_hash.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/Support/xxhash.h>
#include <unordered_map>
#include <unordered_set>

namespace romlink::relink {
namespace {

using Hash = std::uint64_t;

/// Numbers and text in a row, of which the hash is taken; little-endian whatever the machine.
class Record {
public:
  void number(std::uint64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void text(const std::string& value) {
    number(value.size());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  [[nodiscard]] Hash take() {
    const Hash hash = llvm::xxh3_64bits(llvm::ArrayRef(bytes_));
    bytes_.clear();
    return hash;
  }

private:
  std::vector<std::uint8_t> bytes_;
};

/// Meaning: typedefs are looked through, and a base type is its size and encoding.
enum class Sees { Meaning, Everything };

/// The facts that lie in the node itself.
Hash ownHash(const TypeNode& node, Sees sees) {
  Record record;
  record.number(static_cast<std::uint64_t>(node.kind));
  const bool spelled = node.kind != TypeKind::Base || sees == Sees::Everything;
  record.text(spelled ? node.name : std::string());
  record.number(node.size);
  record.number(sees == Sees::Everything ? node.alignment : 0);
  record.number(std::uint64_t{node.encoding} | std::uint64_t{node.convention} << 8U |
                (node.incomplete ? 1U << 16U : 0U) | (node.isSigned ? 1U << 17U : 0U) |
                (node.isVector ? 1U << 18U : 0U) | (node.isVariadic ? 1U << 19U : 0U) |
                (node.isPrototyped ? 1U << 20U : 0U));
  record.number(static_cast<std::uint64_t>(node.count));
  for (const TypeField& field : node.fields) {
    record.number(static_cast<std::uint64_t>(field.kind));
    record.text(field.name);
    record.number(static_cast<std::uint64_t>(field.value));
    record.number(field.bits | std::uint64_t{field.alignment} << 32U);
  }
  return record.take();
}

/// The graph as step 1 and 2 see it.
struct Shape {
  struct Edge {
    TypeId to = kVoid;
    std::uint8_t qualifiers = 0;
  };
  std::vector<Hash> own;
  std::vector<std::uint32_t> starts; ///< in `edges`, of each node, and the end
  std::vector<Edge> edges;

  [[nodiscard]] std::size_t size() const { return own.size(); }
  template <typename Visit>
  void forEachEdge(TypeId id, Visit visit) const {
    for (std::uint32_t i = starts[id]; i < starts[id + 1]; ++i)
      visit(edges[i]);
  }
};

/// The qualifiers of what is passed or returned by value are no part of a function's type (C11, 6.7.6.3).
std::uint8_t qualifiersOf(const TypeNode& holder, TypeRef ref) {
  return holder.kind == TypeKind::Function ? 0 : ref.qualifiers;
}

Shape shapeOf(const TypeGraph& graph, Sees sees) {
  Shape shape;
  for (const TypeNode& node : graph.nodes) {
    shape.own.push_back(ownHash(node, sees));
    shape.starts.push_back(static_cast<std::uint32_t>(shape.edges.size()));
    forEachReference(node, [&](TypeRef ref) {
      if (sees == Sees::Meaning)
        ref = graph.resolve(ref);
      shape.edges.push_back({ref.type, sees == Sees::Meaning ? qualifiersOf(node, ref) : ref.qualifiers});
    });
  }
  shape.starts.push_back(static_cast<std::uint32_t>(shape.edges.size()));
  return shape;
}

std::size_t distinct(const std::vector<Hash>& hashes) {
  return std::unordered_set<Hash>(hashes.begin(), hashes.end()).size();
}

/// Step 1: equal numbers for types of one class. The numbers depend on the number of rounds, so they mean
/// nothing outside of this graph.
std::vector<Hash> classesOf(const Shape& shape) {
  std::vector<Hash> classes = shape.own;
  Record record;
  for (std::size_t known = 0, now = distinct(classes); now > known; now = distinct(classes)) {
    known = now;
    std::vector<Hash> next(shape.size());
    for (TypeId id = 0; id < shape.size(); ++id) {
      record.number(classes[id]);
      shape.forEachEdge(id, [&](const Shape::Edge& edge) {
        record.number(classes[edge.to]);
        record.number(edge.qualifiers);
      });
      next[id] = record.take();
    }
    classes = std::move(next);
  }
  return classes;
}

/// Of each type the first of its class.
std::vector<TypeId> representatives(const Shape& shape) {
  const std::vector<Hash> classes = classesOf(shape);
  std::unordered_map<Hash, TypeId> first;
  std::vector<TypeId> result;
  result.reserve(classes.size());
  for (TypeId id = 0; id < classes.size(); ++id)
    result.push_back(first.try_emplace(classes[id], id).first->second);
  return result;
}

/// Strongly connected components, those that are referred to first (Tarjan, 1972); without recursion, as
/// types may nest deeply.
class Components {
public:
  explicit Components(const Shape& shape, const std::vector<TypeId>& nodes)
      : shape_(shape), number_(shape.size()), low_(shape.size()), onStack_(shape.size()) {
    for (const TypeId id : nodes)
      if (number_[id] == 0)
        visitFrom(id);
  }
  std::vector<std::vector<TypeId>> all;

private:
  struct Visit {
    TypeId id;
    std::uint32_t edge;
  };
  void enter(TypeId id) {
    number_[id] = low_[id] = ++count_;
    stack_.push_back(id);
    onStack_[id] = true;
    visits_.push_back({id, shape_.starts[id]});
  }
  void visitFrom(TypeId root) {
    enter(root);
    while (!visits_.empty()) {
      const TypeId id = visits_.back().id;
      if (visits_.back().edge < shape_.starts[id + 1]) {
        const TypeId to = shape_.edges[visits_.back().edge++].to;
        if (number_[to] == 0)
          enter(to);
        else if (onStack_[to])
          low_[id] = std::min(low_[id], number_[to]);
        continue;
      }
      visits_.pop_back();
      if (!visits_.empty())
        low_[visits_.back().id] = std::min(low_[visits_.back().id], low_[id]);
      if (low_[id] == number_[id])
        leave(id);
    }
  }
  void leave(TypeId root) {
    std::vector<TypeId>& component = all.emplace_back();
    do {
      component.push_back(stack_.back());
      onStack_[stack_.back()] = false;
      stack_.pop_back();
    } while (component.back() != root);
  }

  const Shape& shape_;
  std::vector<std::uint32_t> number_;
  std::vector<std::uint32_t> low_;
  std::vector<bool> onStack_;
  std::vector<TypeId> stack_;
  std::vector<Visit> visits_;
  std::uint32_t count_ = 0;
};

/// Step 2 for one component. REQUIRES: `hashes` has those of all it refers to.
void hashComponent(const Shape& shape, const std::vector<TypeId>& component, std::vector<Hash>& hashes) {
  std::unordered_map<TypeId, Hash> inside;
  for (const TypeId id : component)
    inside[id] = 0;
  Record record;
  const auto round = [&] {
    std::unordered_map<TypeId, Hash> next;
    for (const TypeId id : component) {
      record.number(inside[id]);
      record.number(shape.own[id]);
      shape.forEachEdge(id, [&](const Shape::Edge& edge) {
        const auto within = inside.find(edge.to);
        record.number(within == inside.end() ? hashes[edge.to] : within->second);
        record.number(edge.qualifiers | (within == inside.end() ? 0U : 0x100U));
      });
      next[id] = record.take();
    }
    inside = std::move(next);
  };
  std::vector<Hash> sorted;
  const auto told = [&] {
    sorted.clear();
    for (const auto& [id, hash] : inside)
      sorted.push_back(hash);
    std::sort(sorted.begin(), sorted.end());
    return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
  };
  // Each round tells at least one more apart, as all are of different classes. One more makes sure that the
  // types they refer to are told apart, too.
  for (std::size_t rounds = 0; rounds == 0 || (!told() && rounds <= component.size()); ++rounds)
    round();
  round();
  told();
  for (const Hash hash : sorted)
    record.number(hash);
  const Hash all = record.take();
  for (const auto& [id, hash] : inside) {
    record.number(hash);
    record.number(all);
    hashes[id] = record.take();
  }
}

} // namespace

std::vector<Hash> typeHashes(const TypeGraph& graph) {
  Shape shape = shapeOf(graph, Sees::Meaning);
  const std::vector<TypeId> first = representatives(shape);
  for (Shape::Edge& edge : shape.edges)
    edge.to = first[edge.to];
  std::vector<TypeId> nodes;
  for (TypeId id = 0; id < first.size(); ++id)
    if (first[id] == id)
      nodes.push_back(id);
  std::vector<Hash> hashes(shape.size());
  for (const std::vector<TypeId>& component : Components(shape, nodes).all)
    hashComponent(shape, component, hashes);
  for (TypeId id = 0; id < first.size(); ++id)
    hashes[id] = hashes[first[id]];
  return hashes;
}

std::vector<TypeId> identicalTypes(const TypeGraph& graph) {
  return representatives(shapeOf(graph, Sees::Everything));
}

std::string typeHashText(Hash hash) {
  return fmt::format("{:016x}", hash);
}

} // namespace romlink::relink
