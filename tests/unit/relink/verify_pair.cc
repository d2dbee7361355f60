#include "verify_pair.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

std::uint32_t read32le(const std::uint8_t* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}
void write16le(std::uint8_t* bytes, std::uint32_t value) {
  bytes[0] = static_cast<std::uint8_t>(value);
  bytes[1] = static_cast<std::uint8_t>(value >> 8);
}

constexpr const char* kMacros = R"(.syntax unified
.thumb
.macro FUNC name
  .section .text.\name, "ax", %progbits
  .p2align 2
  .globl \name
  .type \name, %function
\name:
.endm
.macro CONST name
  .section .rodata.\name, "a", %progbits
  .p2align 2
  .globl \name
  .type \name, %object
\name:
.endm
.macro ROOM name
  .section .bss.\name, "aw", %nobits
  .p2align 2
  .globl \name
  .type \name, %object
\name: .space 4
  .size \name, 4
.endm
.macro END name
  .size \name, . - \name
.endm
)";

// What both have. -defsym SPOIL_... makes the ROM's another one in one place.
constexpr const char* kLibrary = R"(
.ifdef SPOIL_LAYOUT
FUNC first
  bx lr
  END first
.endif
FUNC leaf
  muls r0, r1, r0
.ifdef SPOIL_INSTRUCTION
  adds r0, #2
.else
  adds r0, #1
.endif
  eors r0, r1
  bx lr
  END leaf
FUNC other
  muls r0, r1, r0
  subs r0, #1
  eors r0, r1
  bx lr
  END other
FUNC caller
  push {r4, lr}
.ifdef SPOIL_CALL
  bl other
.else
  bl leaf
.endif
  pop {r4, pc}
  END caller
FUNC upper
  cbz r0, 1f
.ifdef SPOIL_TAIL_CALL
  b.w leaf
.else
  b.w caller
.endif
1: bx lr
  END upper
FUNC reader
  ldr r0, 1f
  ldr r1, 2f
  bx lr
  .p2align 2
.ifdef SPOIL_LITERAL
1: .word table + 4
.else
1: .word table
.endif
.ifdef SPOIL_NUMBER
2: .word 43
.else
2: .word 42
.endif
  END reader
FUNC halves
  ldr r2, 1f
  movw r1, #:lower16:table + 4
  movw r0, #:lower16:caller
.ifdef SPOIL_HALF
  movt r1, #:upper16:ticks
.else
  movt r1, #:upper16:table + 4
.endif
  movt r0, #:upper16:caller
  bx lr
  .p2align 2
1: .word 0x10100000
  END halves
FUNC texter
  ldr r0, 1f
  bx lr
  .p2align 2
1: .word text
  END texter
FUNC counting
  ldr r0, 1f
  bx lr
  .p2align 2
1: .word counter
  END counting
FUNC self
  adr r0, self
  bx lr
  END self
FUNC until
  ldr r0, 1f
  bx lr
  .p2align 2
.ifdef SPOIL_END
1: .word behind + 4
.else
1: .word table + 12
.endif
  END until
CONST table
.ifdef SPOIL_THUMB
  .word leaf + 1 - 1, plain_leaf
.else
  .word leaf, other
.endif
.ifdef SPOIL_ENTRY
  .word 8
.else
  .word 7
.endif
  END table
CONST behind
  .word 1
  END behind
.ifdef SPOIL_THUMB
  .section .text.other
plain_leaf = other - 1
.endif
.section .rodata.str1.1, "aMS", %progbits, 1
.ifdef SPOIL_TEXT
text: .asciz "tale"
.else
text: .asciz "text"
.endif
.ifdef SPOIL_RAM
ROOM ticks
ROOM counter
.else
ROOM counter
ROOM ticks
.endif
)";

constexpr const char* kFirmware = R"(
FUNC main
  push {r4, lr}
  bl caller
  bl local
  bl upper
  bl reader
  bl halves
  bl texter
  bl counting
  bl self
  bl until
  ldr r0, 1f
  movw r1, #:lower16:caller
  movt r1, #:upper16:caller
  pop {r4, pc}
  .p2align 2
1: .word pointers
   .word text2
  END main
FUNC local
  push {r4, lr}
  bl leaf
  pop {r4, pc}
  END local
CONST pointers
  .word caller, local, table, table + 12, 0x10000004, pointers, ticks, behind
  END pointers
.section .rodata.str1.1, "aMS", %progbits, 1
text2: .asciz "text of the firmware"
)";

constexpr const char* kNames[] = {"leaf",   "other",    "caller", "upper", "reader", "halves",
                                  "texter", "counting", "self",   "until", "table",  "behind"};
constexpr const char* kOwn[] = {"main", "local", "pointers"};

std::string scriptFor(Address flash) {
  return fmt::format(
      "SECTIONS {{ .text {:#x} : {{ *(.text.main) *(.text.local) *(.rodata.pointers) *(.text.*) "
      "*(.rodata.*) }} .bss 0x20000000 (NOLOAD) : {{ *(.bss.*) }} }}",
      flash);
}

} // namespace

ElfImage EditableImage::elf() const {
  return ElfImage::read(content_, "image.elf").value();
}

Address EditableImage::at(std::string_view symbol) const {
  return addressOf(elf(), symbol);
}

std::uint32_t EditableImage::sizeOf(std::string_view symbol) const {
  const ElfImage image = elf();
  const auto found = std::find_if(image.symbols.begin(), image.symbols.end(),
                                  [&](const Symbol& s) { return s.name == symbol; });
  EXPECT_NE(found, image.symbols.end()) << symbol;
  return found == image.symbols.end() ? 0 : found->size;
}

Bytes EditableImage::read(Address address, std::uint32_t size) const {
  for (const Section& section : elf().sections)
    if (section.isAllocated() && section.data.size() == section.size &&
        AddressRange{section.address, section.size}.contains(AddressRange{address, size}))
      return section.data.subspan(address - section.address, size);
  return {};
}

std::uint32_t EditableImage::word(Address address) const {
  const Bytes bytes = read(address, 4);
  EXPECT_EQ(bytes.size(), 4U) << std::hex << address;
  return bytes.empty() ? 0 : read32le(bytes.data());
}

void EditableImage::put(Address address, Bytes bytes) {
  const Bytes place = read(address, static_cast<std::uint32_t>(bytes.size()));
  ASSERT_EQ(place.size(), bytes.size()) << std::hex << address;
  std::copy(bytes.begin(), bytes.end(), content_.begin() + (place.data() - content_.data()));
}

void EditableImage::putWord(Address address, std::uint32_t word) {
  std::uint8_t bytes[4];
  write16le(bytes, word);
  write16le(bytes + 2, word >> 16);
  put(address, bytes);
}

void EditableImage::putCall(Address from, Address to) {
  const std::uint32_t distance = to - from - 4;
  const std::uint32_t s = distance >> 31;
  const std::uint32_t j1 = ~((distance >> 23 & 1) ^ s) & 1;
  const std::uint32_t j2 = ~((distance >> 22 & 1) ^ s) & 1;
  std::uint8_t bytes[4];
  write16le(bytes, 0xf000 | s << 10 | (distance >> 12 & 0x3ff));
  write16le(bytes + 2, 0xd000 | j1 << 13 | j2 << 11 | (distance >> 1 & 0x7ff));
  put(from, bytes);
}

VerifyPair::VerifyPair(const std::string& romFlags, Address romBase) : romFlash{romBase, 0x10000} {
  for (std::size_t i = 0; i < hash.bytes.size(); ++i)
    hash.bytes[i] = static_cast<std::uint8_t>(i + 1);
  link(romFlags);
}

void VerifyPair::link(const std::string& romFlags) {
  const std::string mc =
      "llvm-mc-19 -triple=thumbv7m-none-eabi -mcpu=cortex-m3 --arm-add-build-attributes -filetype=obj ";
  shop.write("library.s", std::string(kMacros) + kLibrary);
  shop.write("firmware.s", std::string(kMacros) + kFirmware);
  shop.write("rom.ld", scriptFor(romFlash.address));
  shop.write("fw.ld", scriptFor(0x10100000));
  shop.run(mc + romFlags + " library.s -o rom.o && " + mc + "library.s -o library.o && " + mc +
           "firmware.s -o firmware.o");
  shop.run("ld.lld-19 -e 0 -T rom.ld rom.o -o rom.elf && ld.lld-19 -e main -T fw.ld firmware.o library.o -o "
           "plain.elf");
  rom = EditableImage(shop.read("rom.elf"));
  plain = EditableImage(shop.read("plain.elf"));

  std::string absolute = kMacros;
  for (const char* name : kNames) {
    const bool function = share(name).kind == Share::Kind::Function;
    absolute += fmt::format(".globl {0}\n.type {0}, {1}\n.set {0}, {2:#x}\n", name,
                            function ? "%function" : "%object", rom.at(name) | (function ? 1U : 0U));
  }
  absolute += ".globl hidden\n.type hidden, %function\n.set hidden, " +
              fmt::format("{:#x}\n", romFlash.address + 0x401);
  absolute += "ROOM counter\nROOM ticks\n.section .romlink.note, \"\", %note\n.word 8, 32, 1\n.asciz "
              "\"romlink\"\n";
  for (const std::uint8_t byte : hash.bytes)
    absolute += fmt::format(".byte {}\n", byte);
  shop.write("absolute.s", absolute);
  shop.run(mc + "absolute.s -o absolute.o && ld.lld-19 -e main -T fw.ld firmware.o absolute.o -o output.elf");
  output = EditableImage(shop.read("output.elf"));
}

RomView VerifyPair::romView() const {
  return {[this](Address address, std::uint32_t size, bool) { return rom.read(address, size); },
          [](Address address) { return AddressRange{0x20000000, 0x100}.contains(address); },
          {romFlash}};
}

Share VerifyPair::share(const std::string& name) const {
  Share made;
  made.name = name;
  made.plain = plain.at(name);
  made.size = plain.sizeOf(name);
  made.rom = rom.at(name);
  made.kind = name == "table" || name == "behind" ? Share::Kind::Data : Share::Kind::Function;
  made.entries = {0};
  if (name == "until")
    made.beyond = {{4, plain.at("table")}};
  return made;
}

std::vector<Share> VerifyPair::shares() const {
  std::vector<Share> all;
  for (const char* name : kNames)
    all.push_back(share(name));
  Share& state = all.emplace_back();
  state.name = "counter";
  state.plain = state.rom = plain.at("counter");
  state.size = 4;
  state.kind = Share::Kind::State;
  return all;
}

std::vector<EqualPiece> VerifyPair::pieces() const {
  return {{plain.word(plain.at("texter") + 4), 5, rom.word(rom.at("texter") + 4)}};
}

std::vector<Counterpart> VerifyPair::counterparts() const {
  std::vector<Counterpart> all;
  for (const std::string name : kOwn)
    all.push_back({plain.at(name), plain.sizeOf(name), output.at(name), name != "pointers"});
  for (const char* name : {"counter", "ticks"})
    all.push_back({plain.at(name), plain.sizeOf(name), output.at(name), false});
  return all;
}

std::string VerifyPair::doubts(std::vector<Share> shares) const {
  const ElfImage elf = plain.elf();
  const auto found = confirm({elf, romView(), shares, pieces()});
  if (!found)
    return found.error().line();
  std::string text;
  for (const Doubt& doubt : *found)
    text += shares[doubt.share].name + ": " + doubt.why + "\n";
  return text;
}

std::string VerifyPair::verify(std::vector<Share> shares) const {
  const ElfImage before = plain.elf();
  const ElfImage now = output.elf();
  const std::uint32_t literal = plain.sizeOf("main") - 4;
  const EqualPiece text = {plain.word(plain.at("main") + literal), 21,
                           output.word(output.at("main") + literal)};
  const auto verified = verifyOutput(
      {before, now, romView(), std::move(shares), counterparts(), {text}, fixedEntries, hash, sharedRam});
  return verified ? "" : verified.error().line();
}

Share& named(std::vector<Share>& shares, std::string_view name) {
  return *std::find_if(shares.begin(), shares.end(), [&](const Share& share) { return share.name == name; });
}

} // namespace romlink::relink
