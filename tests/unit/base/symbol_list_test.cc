// Lists of shared symbols as armlink, TF-M's build, nm and IAR's tools write them.
#include "base/symbol_list.h"

#include <gmock/gmock.h>

namespace romlink {
namespace {

using testing::ElementsAre;

std::vector<std::string> namesOf(std::string_view text) {
  const auto symbols = readSymbolList(text, "list");
  return symbols ? namesOf(*symbols) : std::vector<std::string>{symbols.error().line()};
}

TEST(SymbolList, AddressesAndLines) {
  const auto symbols = readSymbolList("# nm\n10000af4 T f\n\n0X20000001 D v\nname*\n", "list");
  ASSERT_TRUE(symbols);
  ASSERT_EQ(symbols->size(), 3U);
  EXPECT_EQ(symbols->at(0).address, 0x10000af4U);
  EXPECT_EQ(symbols->at(0).line, 2U);
  EXPECT_EQ(symbols->at(1).address, 0x20000001U);
  EXPECT_EQ(symbols->at(2).address, std::nullopt);
  EXPECT_TRUE(symbols->at(2).isPattern());
  EXPECT_FALSE(symbols->at(1).isPattern());
}

TEST(SymbolList, ArmlinkSymdefs) {
  EXPECT_THAT(namesOf("#<SYMDEFS># ARM Linker, 6030169: Last Updated: Thu Jun 4 12:49:45 2015\n"
                      ";0x00001000 A commented\n"
                      "0x00008000 A __main\n"
                      "0x00008221 T mbedtls_sha256_init\n"
                      "0x20000000 D mbedtls_calloc_func\n"
                      "0x00000001 N BuildAttributes$$THM_ISAv4\n"),
              ElementsAre("__main", "mbedtls_sha256_init", "mbedtls_calloc_func"));
}

TEST(SymbolList, AddressesOfTfM) {
  // The template's order, as the filter of v1.3 leaves nm's lines; duplicates stay in it.
  EXPECT_THAT(
      namesOf("#<SYMDEFS>#\r\n10000af4 T mbedtls_sha256_starts_ret\r\n"
              "10000af4 T mbedtls_sha256_starts_ret\r\n0x10001235 T memcpy\r\n38000008 D mutex_lock\r\n"),
      ElementsAre("mbedtls_sha256_starts_ret", "memcpy", "mutex_lock"));
}

TEST(SymbolList, NamesOfTfM) {
  EXPECT_THAT(namesOf("# comment\n\nmbedtls_asn1_get_alg\n  memcpy \n"),
              ElementsAre("mbedtls_asn1_get_alg", "memcpy"));
  EXPECT_THAT(namesOf("mbedtls_*\nplatform_?\n__aeabi_mem*"),
              ElementsAre("mbedtls_*", "platform_?", "__aeabi_mem*"));
}

TEST(SymbolList, SteeringFileOfIar) {
  EXPECT_THAT(namesOf("hide *\nshow memcpy \nshow mbedtls_free \n"), ElementsAre("memcpy", "mbedtls_free"));
}

TEST(SymbolList, RawOutputOfNm) {
  EXPECT_THAT(namesOf("20000004 B b\n         w opt\n10000001 T f\n         U ext\n         v weak\n"
                      "20000094 ? heap_limit\n"),
              ElementsAre("b", "f", "heap_limit"));
  const auto sized = readSymbolList("20000000 00000004 D d\n10000000 0000001c T f\n         w opt\n", "list");
  ASSERT_TRUE(sized) << sized.error().line();
  ASSERT_EQ(sized->size(), 2U);
  EXPECT_EQ(sized->at(1).name, "f");
  EXPECT_EQ(sized->at(1).address, 0x10000000U);
  EXPECT_EQ(sized->at(1).size, 0x1cU);
  EXPECT_EQ(sized->at(1).type, 'T');
  EXPECT_EQ(sized->at(1).line, 2U);
}

TEST(SymbolList, PosixOutputOfNm) {
  const auto symbols =
      readSymbolList("d D 20000000 4\nadd T 10000101 1c\nbad A f000\nopt w         \nllvm w 0 0\n", "list");
  ASSERT_TRUE(symbols) << symbols.error().line();
  EXPECT_THAT(romlink::namesOf(*symbols), ElementsAre("d", "add", "bad"));
  EXPECT_EQ(symbols->at(1).address, 0x10000101U);
  EXPECT_EQ(symbols->at(1).size, 0x1cU);
  EXPECT_EQ(symbols->at(2).address, 0xf000U);
  // the other way round, where a name is a number, too
  const auto first = readSymbolList("38000008 D add\n", "list");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->at(0).name, "add");
}

TEST(SymbolList, ByteOrderMarkAndComments) {
  EXPECT_THAT(namesOf("\xef\xbb\xbf"
                      "add # the sum\nmul ;and the product\n"),
              ElementsAre("add", "mul"));
}

TEST(SymbolList, WhatIsNoListIsOneLine) {
  EXPECT_THAT(
      namesOf("memcpy\nint main(void)\n"),
      ElementsAre(
          "cannot read the symbol list: list:2: it is neither a name, nor ADDRESS TYPE NAME, nor show NAME"));
  EXPECT_THAT(namesOf("0x1000 Q memcpy\n"), ElementsAre(testing::HasSubstr("list:1: ")));
  for (const char* text : {"T add\n", "0x1 2 3 T add\n", "zz T mul\n", "add zz 1\n", "add mul\n"})
    EXPECT_THAT(namesOf(text), ElementsAre(testing::HasSubstr("list:1: "))) << text;
  EXPECT_THAT(namesOf("na\"me\n"), ElementsAre(testing::HasSubstr("list:1: ")));
  EXPECT_THAT(namesOf("#<SYMDEFS>#\n"), ElementsAre("cannot read the symbol list: list: it names no symbol"));
  EXPECT_THAT(namesOf(""), ElementsAre("cannot read the symbol list: list: it names no symbol"));
  EXPECT_THAT(namesOf("\x7f"
                      "ELF\x01\x01"),
              ElementsAre("cannot read the symbol list: list: it is an ELF file"));
}

} // namespace
} // namespace romlink
