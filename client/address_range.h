// "ADDR:SIZE" on the command line: decimal or 0x hexadecimal, 32 bits.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>

namespace romlink::client {

struct AddressRange {
  std::uint32_t address = 0;
  std::uint32_t size = 0;
};

/// Usage error for anything else, for size 0, and for a range that leaves the 32-bit address space.
Result<AddressRange> parseAddressRange(const std::string& text);
Result<std::uint32_t> parseAddress(const std::string& text);

/// "0x10000000"
std::string addressText(std::uint32_t address);

} // namespace romlink::client
