// Intel HEX and S-records, sound and broken.
#include "server/dump_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMost = 1 << 20;

using Parser = Result<std::vector<DumpRegion>> (*)(Bytes, std::uint64_t);

// "ADDRESS:BYTES" of each region, or the error's line.
std::vector<std::string> read(Parser parse, const std::string& text, std::uint64_t most = kMost) {
  const auto regions = parse(asBytes(text), most);
  if (!regions)
    return {regions.error().where + ": " + regions.error().why};
  std::vector<std::string> texts;
  for (const DumpRegion& region : *regions) {
    char address[16];
    std::snprintf(address, sizeof address, "%x:", region.address);
    texts.push_back(address + toHex(region.bytes));
  }
  return texts;
}

std::vector<std::string> hex(const std::string& text, std::uint64_t most = kMost) {
  return read(readIntelHex, text, most);
}
std::vector<std::string> srec(const std::string& text) {
  return read(readSRecords, text);
}

// A record with its length and checksum, from "AAAATT<data>".
std::string hexRecord(const std::string& body) {
  std::string record = "00" + body;
  char pair[3];
  std::snprintf(pair, sizeof pair, "%02X", static_cast<unsigned>(body.size() / 2 - 3));
  record.replace(0, 2, pair);
  unsigned sum = 0;
  for (std::size_t i = 0; i < record.size(); i += 2)
    sum += static_cast<unsigned>(std::stoul(record.substr(i, 2), nullptr, 16));
  std::snprintf(pair, sizeof pair, "%02X", -sum & 0xFF);
  return ":" + record + pair + "\n";
}

// From "T" and "<address><data>".
std::string sRecord(char type, const std::string& body) {
  char pair[3];
  std::snprintf(pair, sizeof pair, "%02X", static_cast<unsigned>(body.size() / 2 + 1));
  std::string record = pair + body;
  unsigned sum = 0;
  for (std::size_t i = 0; i < record.size(); i += 2)
    sum += static_cast<unsigned>(std::stoul(record.substr(i, 2), nullptr, 16));
  std::snprintf(pair, sizeof pair, "%02X", ~sum & 0xFF);
  return std::string("S") + type + record + pair + "\n";
}

const std::string kEnd = ":00000001FF\n";
const std::string kLast = "S9030000FC\n";

TEST(DumpFormat, IsRecognisedByItsContent) {
  const auto of = [](const std::string& text) { return formatOf(asBytes(text)); };
  EXPECT_EQ(of(":00000001FF\n"), DumpFormat::IntelHex);
  EXPECT_EQ(of("\r\n:0000 broken, but meant to be one"), DumpFormat::IntelHex);
  EXPECT_EQ(of("S00600004844521B\r\n"), DumpFormat::SRecord);
  EXPECT_EQ(of("\xEF\xBB\xBF:00000001FF\n"), DumpFormat::IntelHex);
  EXPECT_EQ(of(" \t\n# made by a tool\n; at noon\n// and so on\n :00000001FF\n"), DumpFormat::IntelHex);
  EXPECT_EQ(of("s00600004844521B\n"), DumpFormat::SRecord);
  EXPECT_EQ(of("# a comment\n"), DumpFormat::Binary);
  EXPECT_EQ(of("#"), DumpFormat::Binary);
  EXPECT_EQ(of("Some text"), DumpFormat::Binary);
  EXPECT_EQ(of(std::string(":00\0", 4)), DumpFormat::Binary);
  EXPECT_EQ(of("S"), DumpFormat::Binary);
  EXPECT_EQ(of(""), DumpFormat::Binary);
}

// The examples of the specifications, not made by the functions above.
TEST(DumpFormat, ReadsPublishedExamples) {
  EXPECT_THAT(hex(":10010000214601360121470136007EFE09D2190140\n:00000001FF\n"),
              ElementsAre("100:214601360121470136007efe09d21901"));
  EXPECT_THAT(srec("S00F000068656C6C6F202020202000003C\n"
                   "S11F00007C0802A6900100049421FFF07C6C1B787C8C23783C6000003863000026\n"
                   "S5030001FB\nS9030000FC\n"),
              ElementsAre("0:7c0802a6900100049421fff07c6c1b787c8c23783c60000038630000"));
}

TEST(IntelHex, AddsBaseAddresses) {
  EXPECT_THAT(hex(hexRecord("00000410") + kEnd),
              ElementsAre(HasSubstr("line 1: the record has another length")));
  EXPECT_THAT(hex(hexRecord("0000041000") + hexRecord("001000AABB") + kEnd), ElementsAre("10000010:aabb"));
  EXPECT_THAT(hex(hexRecord("0000021234") + hexRecord("000100AA") + kEnd), ElementsAre("12341:aa"));
  EXPECT_THAT(hex(hexRecord("00000510000401") + hexRecord("00000312340000") + kEnd), IsEmpty());
}

TEST(IntelHex, JoinsPiecesAndFillsGaps) {
  EXPECT_THAT(
      hex(hexRecord("000400CC") + hexRecord("000000AA") + "\r\n" + hexRecord("000100BB") + kEnd + "\n\n"),
      ElementsAre("0:aabbffffcc"));
  EXPECT_THAT(hex(hexRecord("000000AABB") + hexRecord("000100BBCC") + kEnd), ElementsAre("0:aabbcc"))
      << "the same byte twice";
  EXPECT_THAT(hex(hexRecord("000000AA") + hexRecord("000004F000") + hexRecord("000000BB") + kEnd),
              ElementsAre("0:aa", "f0000000:bb"))
      << "4 GiB are not filled";
  EXPECT_THAT(hex(hexRecord("000000AA") + hexRecord("100000BB") + kEnd, 100), ElementsAre("0:aa", "1000:bb"));
}

TEST(IntelHex, ASmallFileStaysSmall) {
  std::string text;
  for (unsigned i = 1; i < 64; ++i) {
    char base[16];
    std::snprintf(base, sizeof base, "000004%04X", i << 8); // 16 MiB apart
    text += hexRecord(base) + hexRecord("000000AA");
  }
  const auto regions = readIntelHex(asBytes(text + kEnd), std::uint64_t{1} << 30);
  ASSERT_TRUE(regions);
  std::size_t sum = 0;
  for (const DumpRegion& region : *regions)
    sum += region.bytes.size();
  EXPECT_LT(sum, 20U << 20);
  EXPECT_EQ(regions->back().address, 0x3F000000U);
}

TEST(IntelHex, MayNotBeScatteredWidely) {
  std::string text;
  for (unsigned address = 0; address < 10000U << 13; address += 1 << 13) { // 8 KiB apart
    char field[16];
    std::snprintf(field, sizeof field, "000004%04X", address >> 16);
    text += hexRecord(field);
    std::snprintf(field, sizeof field, "%04X00AA", address & 0xFFFF);
    text += hexRecord(field);
  }
  EXPECT_THAT(hex(text + kEnd, 1 << 30), ElementsAre(HasSubstr("its pieces lie too far apart")));
}

TEST(IntelHex, MayHaveAMarkButNoComment) {
  EXPECT_THAT(hex("\xEF\xBB\xBF\n" + hexRecord("000000AA") + kEnd), ElementsAre("0:aa"));
  EXPECT_THAT(hex("# a comment\n" + hexRecord("000000AA") + kEnd),
              ElementsAre(HasSubstr("line 1: a record begins with ':'")));
}

TEST(IntelHex, NamesTheLineThatIsWrong) {
  const std::string good = hexRecord("000000AABB");
  EXPECT_THAT(hex(good + ":020000000102FF\n" + kEnd), ElementsAre(HasSubstr("line 2: the checksum")));
  EXPECT_THAT(hex(good + "020000000102FB\n" + kEnd), ElementsAre(HasSubstr("line 2: a record begins")));
  EXPECT_THAT(hex(good + ":02000000G102FB\n" + kEnd), ElementsAre(HasSubstr("line 2: a character")));
  EXPECT_THAT(hex(good + ":0200000001\n" + kEnd), ElementsAre(HasSubstr("line 2: the record is cut off")));
  EXPECT_THAT(hex(good + ":020000000102FB00\n"), ElementsAre(HasSubstr("line 2: the record is longer")));
  EXPECT_THAT(hex(good + hexRecord("000006")), ElementsAre(HasSubstr("line 2: a record of an unknown type")));
  EXPECT_THAT(hex(good + hexRecord("000100BC") + kEnd),
              ElementsAre(HasSubstr("line 2: another record has another byte for address 0x00000001")));
  EXPECT_THAT(hex(good), ElementsAre(HasSubstr("line 1: the file ends without")));
  EXPECT_THAT(hex(good + kEnd + good), ElementsAre(HasSubstr("line 3: there is more")));
  EXPECT_THAT(hex(hexRecord("000004FFFF") + hexRecord("FFFF00AABB") + kEnd),
              ElementsAre(HasSubstr("line 2: the record reaches beyond")));
  EXPECT_THAT(hex(hexRecord("0000020000") + hexRecord("FFFF00AABB") + kEnd),
              ElementsAre(HasSubstr("line 2: the record wraps")));
  EXPECT_THAT(hex(good + kEnd, 1), ElementsAre(HasSubstr("line 1: it is larger")));
}

TEST(SRecords, HaveAddressesOfThreeSizes) {
  EXPECT_THAT(srec(sRecord('1', "0010AA") + sRecord('2', "123456BB") + sRecord('3', "10000000CC") + kLast),
              ElementsAre("10:aa", "123456:bb", "10000000:cc"));
  EXPECT_THAT(srec(sRecord('3', "10000000CC") + sRecord('5', "0001") + "S70510000000EA\n"),
              ElementsAre("10000000:cc"));
}

TEST(SRecords, MayBeginInLowerCase) {
  EXPECT_THAT(srec("s1050010AABB85\n" + kLast), ElementsAre("10:aabb"));
}

TEST(SRecords, NameTheLineThatIsWrong) {
  const std::string good = sRecord('1', "0000AABB");
  EXPECT_THAT(srec(good + "S1050000AABB96\n" + kLast), ElementsAre(HasSubstr("line 2: the checksum")));
  EXPECT_THAT(srec(good + "S1050000AABB\n" + kLast), ElementsAre(HasSubstr("line 2: the record is cut off")));
  EXPECT_THAT(srec(good + sRecord('4', "00")), ElementsAre(HasSubstr("line 2: a record of an unknown type")));
  EXPECT_THAT(srec(good + "T1"), ElementsAre(HasSubstr("line 2: a record begins")));
  EXPECT_THAT(srec(good + "S"), ElementsAre(HasSubstr("line 2: a record of an unknown type")));
  EXPECT_THAT(srec(good + "S1"), ElementsAre(HasSubstr("line 2: the record is cut off")));
  EXPECT_THAT(srec(good + sRecord('3', "0000") + kLast),
              ElementsAre(HasSubstr("line 2: the record has no room")));
  EXPECT_THAT(srec(good + sRecord('5', "0002") + kLast),
              ElementsAre(HasSubstr("line 2: it counts 2 records")));
  EXPECT_THAT(srec(good + sRecord('1', "0001BC") + kLast), ElementsAre(HasSubstr("line 2: another record")));
  EXPECT_THAT(srec(good + sRecord('1', "FFFFAABB") + kLast),
              ElementsAre(HasSubstr("line 2: the record reaches")));
  EXPECT_THAT(srec(good), ElementsAre(HasSubstr("line 1: the file ends without")));
}

// Whatever is cut off or changed, it is an error or the same memory: never other bytes.
TEST(DumpFormat, NoDamageOfOneCharacterGoesUnnoticed) {
  const std::string texts[] = {hexRecord("0000041000") + hexRecord("000000AABBCCDD") +
                                   hexRecord("010000EEFF") + kEnd,
                               sRecord('0', "000048") + sRecord('3', "10000000AABBCCDD") + kLast};
  for (const std::string& text : texts) {
    const Parser parse = text[0] == ':' ? readIntelHex : readSRecords;
    const auto whole = read(parse, text);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto cut = read(parse, text.substr(0, at));
      EXPECT_TRUE(at == 0 || at + 1 == text.size() ? true : cut.at(0).starts_with("line ")) << at;
      for (const char c : std::string("09AF:S \n\x80")) {
        std::string changed = text;
        changed[at] = c;
        const auto found = read(parse, changed);
        EXPECT_TRUE(found == whole || found[0].starts_with("line ")) << at << ": " << changed;
      }
    }
  }
}

} // namespace
} // namespace romlink::server
