// See merkle.h.
#include "store/merkle.h"

namespace romlink::store {

Digest leafHash(Bytes data) {
  Sha256 hash;
  hash.update(asBytes({"\0", 1}));
  hash.update(data);
  return hash.finish();
}

Digest nodeHash(const Digest& left, const Digest& right) {
  Sha256 hash;
  hash.update(asBytes({"\1", 1}));
  hash.update(left.bytes);
  hash.update(right.bytes);
  return hash.finish();
}

void MerkleTree::add(const Digest& leaf, const NodeSink& completed) {
  Digest hash = leaf;
  unsigned level = 0;
  for (; (size_ >> level & 1) != 0; ++level) {
    hash = nodeHash(peaks_.back(), hash);
    peaks_.pop_back();
    if (completed)
      completed(level + 1, size_ >> (level + 1), hash);
  }
  peaks_.push_back(hash);
  ++size_;
}

Digest MerkleTree::root() const {
  if (peaks_.empty())
    return sha256Of(Bytes());
  Digest root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak)
    root = nodeHash(*peak, root);
  return root;
}

} // namespace romlink::store
