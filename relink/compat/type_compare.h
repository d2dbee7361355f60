// Says how two types differ that are not the same (type_hash.h): the first difference as a path, or that all
// differences are of a kind that breaks no call.
//
// Walks both graphs at once from the two symbols. A pair of types that is met again is taken for equal: if it
// is not, its first visit finds out (the greatest fixpoint, so recursive types end). Pairs of equal hash are
// not entered. Within a struct places come before types, because a moved member says more than the array
// before it:
//
//   mbedtls_sha256_context.is224: offset 0x68 -> 0x6c (buffer[64] -> buffer[68])
//   verify(parameter 2 hash_len): unsigned int -> unsigned short
//   enum color.BLUE: 2 -> 3
//   struct s: size 8 -> 12 (member c added at 0x8)
//
// The ROM's side comes first. What is no difference, a note, or a break: docs/design.md, "Types".
#pragma once

#include "relink/compat/type_graph.h"

#include <cstdint>
#include <string>
#include <vector>

namespace romlink::relink {

struct TypeDifference {
  std::string path;               ///< of the first difference that breaks; empty: none does
  std::vector<std::string> notes; ///< of differences that do not; in order, each once
};

/// A graph with its typeHashes(). REQUIRES: both outlive it.
struct HashedTypes {
  const TypeGraph& graph;
  const std::vector<std::uint64_t>& hashes;
};

/// `symbol` names both for people. REQUIRES: neither type reaches an Unreadable one.
[[nodiscard]] TypeDifference compareTypes(const HashedTypes& rom, TypeId romType, const HashedTypes& firmware,
                                          TypeId firmwareType, const std::string& symbol);

} // namespace romlink::relink
