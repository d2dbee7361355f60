// "ADDR:SIZE" on the command line.
#include "client/address_range.h"

#include <gtest/gtest.h>

namespace romlink::client {
namespace {

TEST(AddressRange, TakesDecimalAndHexadecimal) {
  const auto range = parseAddressRange("0x20000000:256");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->address, 0x20000000U);
  EXPECT_EQ(range->size, 256U);
  EXPECT_EQ(parseAddressRange("4096:0X10")->size, 16U);
  EXPECT_EQ(parseAddressRange("0xFFFFFFFF:1")->address, 0xFFFFFFFFU);
}

TEST(AddressRange, RefusesWhatIsNoRange) {
  for (const char* text :
       {"", ":", "1", "1:", ":1", "0x:1", "1:0", "0xFFFFFFFF:2", "0x100000000:1", "-1:1", "1:2:3", " 1:1"}) {
    const auto range = parseAddressRange(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code, ErrorCode::Usage) << text;
  }
}

} // namespace
} // namespace romlink::client
