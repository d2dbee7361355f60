// Veneers as GNU ld and lld really make them, and code that only resembles one.

#include "fixture.h"
#include "relink/image/arm_relocation.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

constexpr const char* kScript = "PHDRS { a PT_LOAD; b PT_LOAD; }\n"
                                "SECTIONS { .near 0x10000000 : { *(.text.near) } :a\n"
                                "           .far 0x18000000 : { *(.text.far) } :b }\n";
constexpr const char* kCode = ".section .text.near, \"ax\", %progbits\n.globl near\n.type near, %function\n"
                              "near:\n  bl far\n  bx lr\n.size near, . - near\n"
                              ".section .text.far, \"ax\", %progbits\n.globl far\n.type far, %function\n"
                              "far:\n  bx lr\n.size far, . - far\n";

ReadImage readerOf(const ElfImage& elf) {
  return [&elf](Address address, std::uint32_t size) -> Bytes {
    for (const Section& section : elf.sections)
      if (section.isAllocated() && address >= section.address &&
          std::uint64_t{address} + size <= std::uint64_t{section.address} + section.data.size())
        return section.data.subspan(address - section.address, size);
    return {};
  };
}

/// Where the first instruction of `near` goes, and on from there.
void expectVeneer(const std::vector<std::uint8_t>& image, const std::string& what) {
  const auto elf = ElfImage::read(image, what).value();
  const ReadImage read = readerOf(elf);
  const Address near = addressOf(elf, "near");
  const Address veneer = targetOf(*relocationKind(10), read(near, 4), near);
  ASSERT_NE(veneer, addressOf(elf, "far")) << what << ": no veneer was needed";
  const auto target = veneerTarget(read, veneer);
  ASSERT_TRUE(target.has_value()) << what;
  EXPECT_EQ(*target, addressOf(elf, "far")) << what;
}

TEST(Veneer, OfGnuLd) {
  Workshop shop;
  shop.write("far.ld", kScript);
  shop.assemble("code", kCode);
  shop.run("arm-none-eabi-ld -e near -T far.ld code.o -o gnu.elf");
  expectVeneer(shop.read("gnu.elf"), "GNU ld, v7-M");
}

TEST(Veneer, OfGnuLdForArmv6M) {
  Workshop shop;
  shop.write("far.ld", kScript);
  shop.write("code.s", std::string(".syntax unified\n.cpu cortex-m0\n.thumb\n") + kCode);
  shop.run("arm-none-eabi-as -mcpu=cortex-m0 code.s -o code.o");
  shop.run("arm-none-eabi-ld -e near -T far.ld code.o -o gnu.elf");
  expectVeneer(shop.read("gnu.elf"), "GNU ld, v6-M");
}

TEST(Veneer, OfLld) {
  Workshop shop;
  shop.write("far.ld", kScript);
  shop.assemble("code", kCode);
  shop.run("ld.lld-19 -e near -T far.ld code.o -o lld.elf");
  expectVeneer(shop.read("lld.elf"), "lld, v7-M");
}

TEST(Veneer, OfLldForArmv6M) {
  Workshop shop;
  shop.write("far.ld", kScript);
  shop.write("code.s", std::string(".syntax unified\n.cpu cortex-m0\n.thumb\n") + kCode);
  shop.run("arm-none-eabi-as -mcpu=cortex-m0 code.s -o code.o");
  shop.run("ld.lld-19 -e near -T far.ld code.o -o lld.elf");
  expectVeneer(shop.read("lld.elf"), "lld, v6-M");
}

/// The target of a veneer that is `code` at `address`.
std::optional<Address> targetIn(const std::string& code, Address address) {
  Workshop shop;
  const auto object = shop.assemble("code", code);
  const auto elf = ElfImage::read(object, "code.o").value();
  const Bytes text = contentOf(elf, ".text");
  return veneerTarget(
      [&](Address from, std::uint32_t size) -> Bytes {
        return from >= address && from - address + size <= text.size() ? text.subspan(from - address, size)
                                                                       : Bytes();
      },
      address);
}

TEST(Veneer, IsNotWhatOnlyResemblesOne) {
  EXPECT_EQ(targetIn("movw r12, #0x101\nmovt r12, #0x1000\nbx r12\n", 0x2000), 0x10000100U);
  EXPECT_FALSE(targetIn("movw r12, #0x100\nmovt r12, #0x1000\nbx r12\n", 0x2000)) << "leads to A32 code";
  EXPECT_FALSE(targetIn("movw r3, #0x101\nmovt r3, #0x1000\nbx r3\n", 0x2000)) << "changes r3";
  EXPECT_FALSE(targetIn("movw r12, #0x101\nmovt r12, #0x1000\nblx r12\n", 0x2000)) << "comes back";
  EXPECT_FALSE(targetIn("movw r12, #0x101\nmovt r12, #0x1000\n", 0x2000)) << "ends too early";
  EXPECT_EQ(targetIn("ldr.w pc, [pc, #-0]\n.word 0x10000101\n", 0x2000), 0x10000100U);
  EXPECT_FALSE(targetIn("ldr.w pc, [pc, #-0]\n.word 0x10000101\n", 0x2002)) << "loads another word there";
  EXPECT_FALSE(targetIn("ldr.w pc, [pc, #4]\n.word 0x10000101\n", 0x2000));
  EXPECT_FALSE(targetIn("bl #16\n", 0x2000));
  EXPECT_EQ(targetIn("b.w #16\n", 0x2000), 0x2014U);
}

} // namespace
} // namespace romlink::relink
