// SHA-256 against the examples of FIPS 180-4, and the two text forms.
#include "base/digest.h"

#include "base/file.h"

#include <gtest/gtest.h>
#include <string>

namespace romlink {
namespace {

constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, matchesFips180) {
  EXPECT_EQ(sha256Of("abc").hex(), kAbc);
  EXPECT_EQ(sha256Of("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  for (int i = 0; i < 1000; ++i)
    pieces.update(asBytes(std::string(1000, 'a')));
  EXPECT_EQ(pieces.finish().hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, readsBothTextForms) {
  const Digest abc = sha256Of("abc");
  EXPECT_EQ(abc.text(), std::string("sha256:") + kAbc);
  EXPECT_EQ(Digest::parse(abc.text()).value(), abc);
  EXPECT_EQ(Digest::parse(abc.hex()).value(), abc);
  std::string upper = abc.hex();
  for (char& c : upper)
    c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(Digest::parse(upper).value(), abc);
}

TEST(Digest, refusesOtherText) {
  const std::string hex = sha256Of("abc").hex();
  for (const std::string& text : {std::string(), std::string("sha256:"), hex.substr(1), hex + "0",
                                  "sha512:" + hex, hex.substr(0, 63) + "g"}) {
    const auto parsed = Digest::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::Usage);
  }
  EXPECT_EQ(Digest::fromBytes(asBytes("short")).error().code, ErrorCode::Malformed);
}

TEST(Digest, ofAFileIsThatOfItsBytes) {
  const auto folder = TemporaryDirectory::create(testing::TempDir(), "digest");
  ASSERT_TRUE(folder);
  const std::string content(700'000, 'x'); // more than one reading
  ASSERT_TRUE(writeFile(folder->path() / "f", asBytes(content)));
  EXPECT_EQ(sha256OfFile(folder->path() / "f").value(), sha256Of(content));
  EXPECT_EQ(sha256OfFile(folder->path() / "none").error().code, ErrorCode::Malformed);
}

TEST(Hex, isLowerCaseAndKeepsZeros) {
  const std::array<std::uint8_t, 4> bytes{0x00, 0x0f, 0xa0, 0xff};
  EXPECT_EQ(toHex(bytes), "000fa0ff");
}

} // namespace
} // namespace romlink
