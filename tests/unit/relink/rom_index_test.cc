// The index as a file: the same for the same ROM, and never more or less than what was made. Damaged ones are
// an error, forged ones an error or a reading, neither a crash.

#include "fixture.h"
#include "relink/relinker.h"
#include "romlink/worker/rom_index.pb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace romlink::relink {
namespace {

using testing::HasSubstr;

class RomIndex : public testing::Test {
protected:
  RomIndex() {
    workshop.assemble(
        "rom", ".globl f\n.type f, %function\nf: bl g\nldr r0, =table\nldr r1, =room\nbx lr\n.size f, . - f\n"
               ".type g, %function\ng: bx lr\n.size g, 2\n"
               ".section .rodata, \"a\", %progbits\n.type table, %object\ntable: .word g\n.size table, 4\n"
               ".data\n.type hook, %object\nhook: .word f\n.size hook, 4\n.bss\nroom: .zero 64\n");
    workshop.write("rom.ld", "SECTIONS { .text 0x10000000 : { *(.text) } .rodata : { *(.rodata) }\n"
                             ".data 0x20000000 : AT(0x10000200) { *(.data) } .bss : { *(.bss) } }");
    workshop.run("ld.lld-19 -e 0 -z separate-loadable-segments -T rom.ld rom.o -o rom.elf");
    romQuestion.elf = workshop.folder() / "rom.elf";
    romQuestion.sharedRam = "0x20000000:0x20";
    indexFile = inspectRom(romQuestion).value().index;
  }

  static Result<RomImage> parse(const std::string& index) {
    // An exact copy, so that a read past the end is one past an allocation.
    const std::vector<std::uint8_t> copy(index.begin(), index.end());
    return RomImage::parse(copy, "rom.index", {{0x10000010, 4}});
  }
  static void expectMalformed(const std::string& index, const char* why = "") {
    const auto rom = parse(index);
    ASSERT_FALSE(rom.has_value());
    EXPECT_EQ(rom.error().code, ErrorCode::Malformed);
    EXPECT_EQ(rom.error().where, "rom.index");
    EXPECT_THAT(rom.error().why, HasSubstr(why));
    EXPECT_THAT(rom.error().hint, HasSubstr("archive verify"));
  }
  /// As someone would forge it: with the digest that fits.
  static std::string sealed(const std::string& content) {
    worker::RomIndexFile file;
    file.set_format_version(worker::RomIndex::CURRENT);
    const Digest digest = sha256Of(content);
    file.set_digest(digest.bytes.data(), digest.bytes.size());
    file.set_content(content);
    return file.SerializeAsString();
  }
  [[nodiscard]] std::string content() const {
    worker::RomIndexFile file;
    EXPECT_TRUE(file.ParseFromString(indexFile));
    return file.content();
  }
  /// Asks everything of the ROM.
  static std::size_t use(const RomImage& rom) {
    std::size_t sum = rom.imageSize() + rom.imageHash().bytes[0] + rom.writableRanges().size();
    for (const RomSymbol& symbol : rom.symbols()) {
      sum += symbol.name.size() + rom.addressesOf(symbol.name, symbol.function).size();
      for (const std::uint8_t byte : rom.readOnly(symbol.address, symbol.size, symbol.function))
        sum += byte;
    }
    for (const RomEdge& edge : rom.edges())
      for (const Address address : {edge.place, edge.target}) {
        for (const Bytes bytes : {rom.readOnlyUpTo(address, 64), rom.loaded(address, 4)})
          for (const std::uint8_t byte : bytes)
            sum += byte;
        if (const auto entity = rom.entityAt(address)) {
          EXPECT_TRUE(entity->contains(address));
          sum += rom.edgesIn(*entity).size();
        }
        sum += (rom.isWritable(address) ? 1U : 0U) + (rom.isInRom(address) ? 1U : 0U);
        if (const RomSymbol* symbol = rom.symbolAt(address))
          sum += symbol->size;
      }
    return sum;
  }

  Workshop workshop;
  RomQuestion romQuestion;
  std::string indexFile;
};

TEST_F(RomIndex, IsTheSameForTheSameRom) {
  EXPECT_EQ(inspectRom(romQuestion).value().index, indexFile);
}

TEST_F(RomIndex, HoldsWhatPublishingSays) {
  const auto answer = inspectRom(romQuestion).value();
  const auto rom = parse(indexFile).value();
  EXPECT_EQ(rom.imageHash(), answer.imageHash);
  EXPECT_EQ(rom.imageSize(), answer.image.size());
  EXPECT_EQ(rom.flashRanges(), answer.flash);
  EXPECT_EQ(rom.sharedRam(), (AddressRange{0x20000000, 0x20}));
  EXPECT_EQ(answer.indexFunctions, 2U);
  EXPECT_EQ(answer.indexReferences, rom.edges().size());
  EXPECT_GT(use(rom), 0U);
}

TEST_F(RomIndex, EveryTruncationIsAnError) {
  for (std::size_t length = 0; length < indexFile.size(); ++length)
    expectMalformed(indexFile.substr(0, length));
}

TEST_F(RomIndex, EveryChangedByteIsAnError) {
  for (std::size_t at = 0; at < indexFile.size(); ++at)
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = indexFile;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      expectMalformed(damaged);
    }
}

TEST_F(RomIndex, ForgedContentIsAnErrorOrAReading) {
  const std::string good = content();
  std::mt19937 random(11);
  int readings = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string forged = good;
    for (unsigned change = 0; change <= random() % 3; ++change)
      forged[random() % forged.size()] = static_cast<char>(random());
    if (const auto rom = parse(sealed(forged))) {
      use(*rom);
      ++readings;
    } else {
      EXPECT_EQ(rom.error().code, ErrorCode::Malformed);
    }
  }
  EXPECT_GT(readings, 100);
}

TEST_F(RomIndex, SaysWhatIsWrong) {
  worker::RomIndexFile file;
  ASSERT_TRUE(file.ParseFromString(indexFile));
  file.set_format_version(99);
  expectMalformed(file.SerializeAsString(), "its format is 99");
  expectMalformed("text", "truncated or no ROM index");
  const auto wrong = [&](const auto& change, const char* why) {
    worker::RomIndex message;
    ASSERT_TRUE(message.ParseFromString(content()));
    change(message);
    expectMalformed(sealed(message.SerializeAsString()), why);
  };
  wrong([](auto& m) { m.mutable_read_only(0)->set_address(0xffffffff); }, "regions");
  wrong([](auto& m) { m.mutable_read_only()->SwapElements(0, 1); }, "regions");
  wrong([](auto& m) { m.mutable_symbols()->SwapElements(0, 2); }, "symbols");
  wrong([](auto& m) { m.mutable_symbols(0)->set_size(0xffffffff); }, "address space");
  wrong([](auto& m) { m.mutable_references()->add_place_steps(1); }, "references");
  wrong([](auto& m) { m.mutable_references()->set_place_steps(1, 0xffffffff); }, "references");
  wrong([](auto& m) { m.mutable_flash(0)->set_size(0xffffffff); }, "ranges");
  wrong([](auto& m) { m.mutable_image_hash()->pop_back(); }, "image hash");
  wrong([](auto& m) { m.mutable_shared_ram()->set_address(0xffffffff); }, "shared RAM");
}

TEST_F(RomIndex, BelongsToOneRom) {
  ASSERT_TRUE(writeFile(workshop.folder() / "rom.index", asBytes(indexFile)).has_value());
  const Digest hash = inspectRom(romQuestion).value().imageHash;
  EXPECT_TRUE(RomImage::read(workshop.folder() / "rom.index", {}, hash).has_value());
  const auto other =
      RomImage::read(workshop.folder() / "rom.index", {}, sha256Of(std::string_view("another")));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::Malformed);
  EXPECT_THAT(other.error().why, HasSubstr("another ROM"));
  EXPECT_EQ(RomImage::read(workshop.folder() / "missing", {}).error().code, ErrorCode::Malformed);
}

} // namespace
} // namespace romlink::relink
