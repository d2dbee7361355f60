#include "client/address_range.h"

#include <charconv>
#include <cstdio>
#include <string_view>

namespace romlink::client {

Result<std::uint32_t> parseAddress(const std::string& text) {
  std::string_view digits = text;
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (hex)
    digits.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return fail(ErrorCode::Usage, "not a 32-bit number", text, {},
                "write it decimal, or hexadecimal with 0x");
  return value;
}

Result<AddressRange> parseAddressRange(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos)
    return fail(ErrorCode::Usage, "not an address range", text, {},
                "write ADDR:SIZE, for example 0x20000000:256");
  AddressRange range;
  ROMLINK_ASSIGN(range.address, parseAddress(text.substr(0, colon)));
  ROMLINK_ASSIGN(range.size, parseAddress(text.substr(colon + 1)));
  if (range.size == 0 || std::uint64_t{range.address} + range.size > std::uint64_t{1} << 32)
    return fail(ErrorCode::Usage, "not an address range", text, "it is empty or leaves the address space");
  return range;
}

std::string addressText(std::uint32_t address) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", address);
  return text;
}

} // namespace romlink::client
