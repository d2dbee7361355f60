// A hash of each type that says whether two types are the same: on another machine, in another file, from
// another compiler or DWARF version.
//
// Two types are the same if nothing that can be asked of them tells them apart: sizes, offsets, names of
// tags, members, parameters and enumerators, qualifiers, and the types they are made of, typedefs looked
// through. That is bisimilarity of graphs, found in two steps:
//
//   1. Refine. All types start in one class; in each round the class of a type is its own facts and the
//   classes of
//      the types it refers to. When a round tells no more types apart, types of one class are the same.
//   2. Hash. With one node for each class, the graph is the smallest there is, so its strongly connected
//   components
//      are the same whatever file it came from. From the leaves up: a type outside of any cycle has the hash
//      of its own facts and of its references' hashes. In a cycle the rounds of step 1 run once more, within
//      the cycle, until they have told all its types apart; the hash of each is what it is then and what all
//      others are.
//
// 64-bit XXH3 (xxHash 0.8), which LLVM has.
#pragma once

#include "relink/compat/type_graph.h"

#include <cstdint>
#include <string>
#include <vector>

namespace romlink::relink {

/// Of each type. REQUIRES: graph.finish().
[[nodiscard]] std::vector<std::uint64_t> typeHashes(const TypeGraph& graph);

/// Of each type, a type that cannot be told from it even by typedefs and spellings: the first such one.
[[nodiscard]] std::vector<TypeId> identicalTypes(const TypeGraph& graph);

/// 16 hex digits.
[[nodiscard]] std::string typeHashText(std::uint64_t hash);

} // namespace romlink::relink
