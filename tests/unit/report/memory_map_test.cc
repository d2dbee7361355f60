// The memory picture's layout, and the words of the audits.
#include "relink/report/memory_map.h"

#include "relink/report/audit_wording.h"

#include <gmock/gmock.h>

namespace romlink::report::test {
namespace {

TEST(MemoryMap, LinesHoldEveryByteOnce) {
  const std::vector<MapItem> items = {{0x10000000, 0x1000, "", "", ""}, {0x10000123, 0x456, "", "", ""}};
  const MemoryMap map = layOut(items);
  EXPECT_EQ(map.lineBytes, 0x100U);
  EXPECT_EQ(map.lines.size(), 16U);
  std::vector<double> bytes(items.size());
  for (const MapLine& line : map.lines)
    for (const MapBox& box : line.boxes) {
      EXPECT_GE(box.x, 0);
      EXPECT_LE(box.x + box.width, 1.0000001);
      bytes[box.item] += box.width * static_cast<double>(map.lineBytes);
    }
  EXPECT_NEAR(bytes[0], 0x1000, 0.01);
  EXPECT_NEAR(bytes[1], 0x456, 0.01);
}

TEST(MemoryMap, LeavesGapsOut) {
  const MemoryMap map =
      layOut({{0x1000, 64, "", "", ""}, {0x1040, 64, "", "", ""}, {0x38000000, 4, "", "", ""}});
  ASSERT_EQ(map.lines.size(), 3U);
  EXPECT_FALSE(map.lines[0].afterGap);
  EXPECT_FALSE(map.lines[1].afterGap);
  EXPECT_TRUE(map.lines[2].afterGap);
  EXPECT_EQ(map.lines[2].address, 0x38000000U);
}

TEST(MemoryMap, OddSizes) {
  EXPECT_TRUE(layOut({}).lines.empty());
  EXPECT_TRUE(layOut({{0x1000, 0, "", "", ""}}).lines.empty());
  const MemoryMap end = layOut({{0xFFFFFF00, 0xFFFFFFFF, "", "", ""}}); // beyond 32 bits
  EXPECT_LE(end.lines.size(), 18U);
}

v1::Rom rom(const std::string& name, const std::string& version) {
  v1::Rom message;
  message.set_name(name);
  message.set_version(version);
  return message;
}

TEST(AuditWording, VersionsSortByTheirNumbers) {
  const char* sorted[] = {"", "1", "1.2", "1.9", "1.10", "1.10-rc", "2.0", "v1"};
  for (std::size_t i = 0; i < std::size(sorted); ++i)
    for (std::size_t j = 0; j < std::size(sorted); ++j)
      EXPECT_EQ(romBefore(rom("b", sorted[i]), rom("b", sorted[j])), i < j) << sorted[i] << ' ' << sorted[j];
  EXPECT_TRUE(romBefore(rom("a", "9"), rom("b", "1")));
  v1::Rom one = rom("a", "1.0");
  v1::Rom two = rom("a", "1.00"); // the same number: the hash decides
  one.set_image_hash("sha256:2");
  two.set_image_hash("sha256:1");
  EXPECT_TRUE(romBefore(two, one));
  EXPECT_FALSE(romBefore(one, two));
}

TEST(AuditWording, NamesAsTyped) {
  EXPECT_EQ(typedName("_root/usr/lib/libc.a(x.o)"), "/usr/lib/libc.a(x.o)");
  EXPECT_EQ(typedName("_up/_up/a.o"), "../../a.o");
  EXPECT_EQ(typedName("lib/_root/a.o"), "lib/_root/a.o");
}

TEST(AuditWording, Addresses) {
  EXPECT_EQ(addressOf("0x1000abcd"), 0x1000abcdU);
  for (const char* text : {"", "0x", "12", "0x1g", "0x100000000"})
    EXPECT_EQ(addressOf(text), 0U) << text;
  EXPECT_EQ(hexAddress(0x2a), "0x0000002a");
  v1::AddressRange range;
  range.set_address(0xFFFFFFFF);
  range.set_size(0xFFFFFFFF);
  EXPECT_EQ(rangeText(range), "0xffffffff to 0x1fffffffe");
}

} // namespace
} // namespace romlink::report::test
