// Which place of one image is which of another: ranges by address, and ranges that were moved by equal
// distances.
#pragma once

#include "relink/verify/confirm.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace romlink::relink {

/// Finds, of items whose `plain` and `size` are ranges that do not overlap, the one that covers an address.
/// REQUIRES: the items outlive it.
template <typename Item>
class RangeIndex {
public:
  explicit RangeIndex(const std::vector<Item>& items) : items_(items) {
    order_.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i)
      if (items[i].size > 0)
        order_.push_back(i);
    std::sort(order_.begin(), order_.end(),
              [&](std::size_t a, std::size_t b) { return items_[a].plain < items_[b].plain; });
  }

  /// Its index.
  [[nodiscard]] std::optional<std::size_t> covering(Address address) const {
    const auto after = firstAfter(address);
    if (after == order_.begin() ||
        address - items_[*std::prev(after)].plain >= items_[*std::prev(after)].size)
      return std::nullopt;
    return *std::prev(after);
  }

  /// Is it so for any item that starts or ends no further than `reach` bytes from the address?
  template <typename Predicate>
  [[nodiscard]] bool anyNear(Address address, std::uint32_t reach, Predicate predicate) const {
    const auto after = firstAfter(address);
    for (auto it = after; it != order_.end() && items_[*it].plain - address <= reach; ++it)
      if (predicate(items_[*it]))
        return true;
    for (auto it = after; it != order_.begin();) {
      const Item& item = items_[*--it];
      if (std::uint64_t{item.plain} + item.size + reach < address)
        return false;
      if (predicate(item))
        return true;
    }
    return false;
  }

private:
  [[nodiscard]] std::vector<std::size_t>::const_iterator firstAfter(Address address) const {
    return std::upper_bound(order_.begin(), order_.end(), address,
                            [&](Address a, std::size_t i) { return a < items_[i].plain; });
  }

  const std::vector<Item>& items_;
  std::vector<std::size_t> order_; ///< by `plain`
};

/// Addresses, as ranges that may overlap.
class RangeSet {
public:
  void add(AddressRange range) { ranges_.push_back(range); }
  /// REQUIRED between the last add() and the first contains().
  void finish() {
    std::sort(ranges_.begin(), ranges_.end());
    std::vector<AddressRange> merged;
    for (const AddressRange& range : ranges_)
      if (!merged.empty() && range.address <= merged.back().end())
        merged.back().size =
            static_cast<std::uint32_t>(std::max(merged.back().end(), range.end()) - merged.back().address);
      else
        merged.push_back(range);
    ranges_ = std::move(merged);
  }
  [[nodiscard]] bool contains(Address address) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                        [](Address a, const AddressRange& r) { return a < r.address; });
    return after != ranges_.begin() && std::prev(after)->contains(address);
  }

private:
  std::vector<AddressRange> ranges_;
};

/// Pieces whose bytes are equal in two images. What lies at the same distance in both counts as one range, so
/// overlapping pieces (strings that share their ends) need no care.
class EqualPieces {
public:
  /// Takes those of `pieces` whose bytes are equal.
  EqualPieces(const std::vector<EqualPiece>& pieces, const ReadBytes& left, const ReadBytes& right) {
    for (const EqualPiece& piece : pieces) {
      const Bytes ours = left(piece.plain, piece.size);
      const Bytes theirs = right(piece.other, piece.size);
      known_.add({piece.plain, piece.size});
      if (ours.size() == piece.size && std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end()))
        byDistance_[piece.other - piece.plain].add({piece.plain, piece.size});
    }
    known_.finish();
    for (auto& [distance, ranges] : byDistance_)
      ranges.finish();
  }

  /// Are these places of equal pieces?
  [[nodiscard]] bool has(Address left, Address right) const {
    const auto found = byDistance_.find(right - left);
    return found != byDistance_.end() && found->second.contains(left);
  }
  /// Is this a place of any piece, equal or not?
  [[nodiscard]] bool isPiece(Address left) const { return known_.contains(left); }

private:
  std::unordered_map<std::uint32_t, RangeSet> byDistance_;
  RangeSet known_;
};

} // namespace romlink::relink
