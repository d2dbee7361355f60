// A half-open range of addresses, [address, address + size).
#pragma once

#include <compare>
#include <cstdint>

namespace romlink::relink {

using Address = std::uint32_t;

struct AddressRange {
  Address address = 0;
  std::uint32_t size = 0; ///< bytes

  [[nodiscard]] std::uint64_t end() const { return std::uint64_t{address} + size; }
  [[nodiscard]] bool contains(Address a) const { return a >= address && a < end(); }
  [[nodiscard]] bool contains(const AddressRange& o) const {
    return o.address >= address && o.end() <= end();
  }
  [[nodiscard]] bool overlaps(const AddressRange& o) const { return address < o.end() && o.address < end(); }
  auto operator<=>(const AddressRange&) const = default;
};

} // namespace romlink::relink
