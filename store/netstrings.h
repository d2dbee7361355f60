// SHA-256 of a list of fields, each written as a netstring ("3:abc,"), so that no two lists hash alike.
// Numbers are decimal.
#pragma once

#include "base/digest.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace romlink::store {

[[nodiscard]] inline std::string netstring(std::string_view field) {
  return std::to_string(field.size()) + ":" + std::string(field) + ",";
}

class Netstrings {
public:
  Netstrings& add(std::string_view field) {
    hash_.update(asBytes(netstring(field)));
    return *this;
  }
  Netstrings& add(std::uint64_t number) { return add(std::string_view(std::to_string(number))); }
  /// REQUIRES: called once, last.
  Digest finish() { return hash_.finish(); }

private:
  Sha256 hash_;
};

} // namespace romlink::store
