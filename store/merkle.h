// The Merkle tree of a log (RFC 9162, section 2.1; the same as RFC 6962's): one hash for a list of entries,
// and for each state that the list had while it grew.
//
//   leaf   SHA-256(0x00, data)
//   node   SHA-256(0x01, left, right)
//   root   of n leaves: the node over the root of the first k, the largest power of two below n, and that of
//   the rest
//
// A tree that only grows needs the roots of its complete subtrees alone, its peaks: one for each 1 in the
// binary form of its size, the largest first. Adding a leaf completes one node on the average.
#pragma once

#include "base/digest.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace romlink::store {

[[nodiscard]] Digest leafHash(Bytes data);
[[nodiscard]] Digest nodeHash(const Digest& left, const Digest& right);

class MerkleTree {
public:
  /// Told of each node when it is complete: it covers the leaves position * 2^level up to the next position's
  /// first.
  using NodeSink = std::function<void(unsigned level, std::uint64_t position, const Digest& hash)>;

  MerkleTree() = default;
  /// REQUIRES: as many peaks as `size` has bits set.
  MerkleTree(std::uint64_t size, std::vector<Digest> peaks) : size_(size), peaks_(std::move(peaks)) {}

  void add(const Digest& leaf, const NodeSink& completed = {});
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Of an empty tree: the hash of nothing.
  [[nodiscard]] Digest root() const;

private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

} // namespace romlink::store
