// lld's map, as lld really writes it.

#include "fixture.h"
#include "relink/link/link_map.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

class LinkMap : public testing::Test {
protected:
  void SetUp() override {
    shop_.assemble("a b", ".section .text.main, \"ax\", %progbits\n.globl main\n.type main, %function\n"
                          "main: bl far\nbl member\n.size main, 8\n.data\n.word 1\n.comm room, 8, 4\n"
                          ".section .rodata.str1.1, \"aMS\", %progbits, 1\n.asciz \"text\"\n"
                          ".section .far, \"ax\", %progbits\n.globl far\n.type far, %function\nfar: bx lr\n");
    shop_.assemble("member", ".globl member\n.type member, %function\nmember: bx lr\n.size member, 2\n");
    shop_.run("llvm-ar-19 rc libx.a member.o");
    shop_.write("x.ld",
                "SECTIONS { .text 0x1000 : { start = .; *(.text*) BYTE(7) *(.rodata*) }\n"
                ".far 0x8000000 : { *(.far) } .data 0x20000000 : AT(0x9000000) { *(.data) *(COMMON) } }");
    shop_.run("ld.lld-19 -e main -T x.ld 'a b.o' libx.a -o x.elf -Map=x.map");
    text_ = shop_.read("x.map");
    sections_ = readLinkMap(asText(text_)).value();
  }

  const PlacedSection* find(const std::string& file, const std::string& section) const {
    const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const PlacedSection& s) {
      return s.file == file && s.section == section;
    });
    return found == sections_.end() ? nullptr : &*found;
  }

  Workshop shop_;
  std::vector<std::uint8_t> text_;
  std::vector<PlacedSection> sections_;
};

TEST_F(LinkMap, HasInputSectionsWithTheirPlaces) {
  const PlacedSection* main = find("a b.o", ".text.main");
  ASSERT_NE(main, nullptr) << "a file name with a space";
  EXPECT_EQ(main->address, 0x1000U);
  EXPECT_EQ(main->load, 0x1000U);
  EXPECT_EQ(main->size, 8U);
  EXPECT_EQ(main->output, ".text");
  EXPECT_FALSE(main->isSynthetic());
}

TEST_F(LinkMap, HasArchiveMembersLoadAddressesAndThunks) {
  ASSERT_NE(find("libx.a(member.o)", ".text"), nullptr);
  const PlacedSection* data = find("a b.o", ".data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->address, 0x20000000U);
  EXPECT_EQ(data->load, 0x9000000U);
  EXPECT_TRUE(std::any_of(sections_.begin(), sections_.end(), [](const PlacedSection& s) {
    return s.isSynthetic() && s.section.find("thunk") != std::string::npos && s.size == 10;
  }));
}

TEST_F(LinkMap, LeavesOutSymbolsAssignmentsAndData) {
  for (const PlacedSection& section : sections_) {
    EXPECT_FALSE(section.file.empty());
    EXPECT_EQ(section.section.find('='), std::string::npos);
    EXPECT_NE(section.section, "main");
  }
}

TEST_F(LinkMap, RefusesWhatItDoesNotUnderstand) {
  const std::string text = std::string(asText(text_)) + "not a line of a map\n";
  const auto sections = readLinkMap(text);
  ASSERT_FALSE(sections.has_value());
  EXPECT_EQ(sections.error().code, ErrorCode::Internal);
  EXPECT_EQ(sections.error().why, "unknown line: not a line of a map");
}

TEST(LinkMapOfNothing, IsEmpty) {
  EXPECT_TRUE(readLinkMap("").value().empty());
  EXPECT_TRUE(readLinkMap("     VMA      LMA     Size Align Out     In      Symbol\n").value().empty());
}

} // namespace
} // namespace romlink::relink
