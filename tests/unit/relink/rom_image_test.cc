// The ROM as a link sees it, read from the index of real linked ROMs.

#include "fixture.h"
#include "relink/image/rom_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

TEST(RomImage, OffersOnlyWhatNeverChanges) {
  Workshop shop;
  shop.assemble(
      "rom", ".text\n.globl f\n.type f, %function\nf: movs r0, #1\nbx lr\n.size f, 4\n.data\n.word 1, 2\n"
             ".section .ramcode, \"ax\", %progbits\nbx lr\n.section .rodata, \"a\", %progbits\n.word 7, 8\n");
  shop.write("rom.ld", "SECTIONS { .text 0x10000000 : { *(.text) } .rodata 0x10000100 : { *(.rodata) }\n"
                       ".data 0x20000000 : AT(0x10000200) { *(.data) }\n"
                       ".ram 0x20000100 : AT(0x10000300) { *(.ramcode) } }");
  shop.run("ld.lld-19 -e 0 -z separate-loadable-segments -T rom.ld rom.o -o rom.elf");
  const auto rom = romOf(shop, "rom.elf", {{0x10000104, 2}});
  EXPECT_EQ(rom.readOnly(0x10000000, 4, true).size(), 4U);
  EXPECT_TRUE(rom.readOnly(0x10000000, 5, true).empty()) << "beyond the section";
  EXPECT_EQ(rom.readOnly(0x10000100, 4, false).size(), 4U);
  EXPECT_TRUE(rom.readOnly(0x10000100, 4, true).empty()) << "constants are no code";
  EXPECT_TRUE(rom.readOnly(0x10000100, 5, false).empty()) << "volatile";
  EXPECT_TRUE(rom.readOnly(0x10000106, 4, false).empty()) << "beyond the section";
  EXPECT_EQ(rom.readOnly(0x10000106, 2, false).size(), 2U);
  EXPECT_TRUE(rom.readOnly(0x20000000, 4, false).empty()) << "initialised data";
  EXPECT_TRUE(rom.readOnly(0x20000100, 2, true).empty()) << "code that is copied to RAM";
  EXPECT_TRUE(rom.readOnly(0xfffffffe, 4, false).empty());
  EXPECT_EQ(rom.loaded(0x20000004, 4).size(), 4U) << "initialised data";
  EXPECT_EQ(rom.loaded(0x20000100, 2).size(), 2U) << "code that is copied to RAM";
  EXPECT_TRUE(rom.loaded(0x20000004, 5).empty()) << "beyond the section";
  EXPECT_TRUE(rom.loaded(0x10000000, 4).empty()) << "runs in place";
  EXPECT_TRUE(rom.isWritable(0x20000007));
  EXPECT_TRUE(rom.isWritable(0x20000100)) << "RAM, whatever the section says";
  EXPECT_FALSE(rom.isWritable(0x10000000));
  EXPECT_EQ(rom.addressesOf("f", true), std::vector<Address>{0x10000000});
  EXPECT_TRUE(rom.addressesOf("f", false).empty());
}

TEST(RomImage, KnowsItsSymbols) {
  Workshop shop;
  shop.assemble("rom", ".globl f\n.type f, %function\nf: bx lr\n.size f, 2\n"
                       ".type g, %function\ng: bx lr\nnop\n"
                       ".section .rodata, \"a\", %progbits\n.type t, %object\nt: .word 7, 8\n.size t, 8\n");
  shop.write("rom.ld", "SECTIONS { .text 0x10000000 : { *(.text) } .rodata : { *(.rodata) } }");
  shop.run("ld.lld-19 -e 0 -T rom.ld rom.o -o rom.elf");
  const auto rom = romOf(shop, "rom.elf");
  ASSERT_EQ(rom.symbols().size(), 3U);
  const RomSymbol* f = rom.symbolAt(0x10000000);
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->name, "f");
  EXPECT_TRUE(f->function && f->thumb && !f->local);
  const RomSymbol* g = rom.symbolAt(0x10000002);
  ASSERT_NE(g, nullptr);
  EXPECT_TRUE(g->function && g->thumb && g->local);
  const RomSymbol* t = rom.symbolAt(0x10000006 + 2);
  ASSERT_NE(t, nullptr);
  EXPECT_TRUE(!t->function && !t->thumb && t->local);
  EXPECT_EQ(t->size, 8U);
}

TEST(RomImage, EntityIsTheSymbolOrWhatLiesBetweenTwo) {
  Workshop shop;
  shop.assemble("rom",
                ".globl f\n.type f, %function\nf: nop\ninside: nop\nbx lr\n.size f, 6\n"
                "nop\n.globl label\n.type label, %function\nlabel: nop\nbx lr\n"
                ".globl last\n.type last, %function\nlast: bx lr\n.size last, 2\n.type inside, %function\n");
  shop.write("rom.ld", "SECTIONS { .text 0x10000000 : { *(.text) } }");
  shop.run("ld.lld-19 -e 0 -T rom.ld rom.o -o rom.elf");
  const auto rom = romOf(shop, "rom.elf");
  EXPECT_EQ(rom.entityAt(0x10000000), (AddressRange{0x10000000, 6}));
  EXPECT_EQ(rom.entityAt(0x10000004), (AddressRange{0x10000000, 6})) << "a label inside of a function";
  EXPECT_EQ(rom.entityAt(0x10000006), (AddressRange{0x10000006, 2})) << "no symbol";
  EXPECT_EQ(rom.entityAt(0x10000008), (AddressRange{0x10000008, 4})) << "no size: up to the next symbol";
  EXPECT_EQ(rom.entityAt(0x1000000a), (AddressRange{0x10000008, 4}));
  EXPECT_EQ(rom.entityAt(0x1000000c), (AddressRange{0x1000000c, 2}));
  EXPECT_FALSE(rom.entityAt(0x1000000e)) << "behind the section";
}

} // namespace
} // namespace romlink::relink
