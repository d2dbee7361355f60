#include "base/signature.h"

#include "base/file.h"
#include "base/signed_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace romlink {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;

// RFC 8410, section 10.3: an Ed25519 key that everybody knows.
constexpr const char* kKnownKey = "-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                                  "-----END PRIVATE KEY-----\n";
constexpr const char* kKnownPublicKey = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

// The example of the Go module that the format comes from (golang.org/x/mod/sumdb/note).
constexpr const char* kGoKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kGoText = "If you think cryptography is the answer to your problem,\n"
                                "then you don't know what your problem is.\n";
constexpr const char* kGoSignature =
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

class SignatureTest : public testing::Test {
protected:
  fs::path write(const std::string& content) {
    const fs::path file = folder() / "key.pem";
    EXPECT_TRUE(writeFile(file, asBytes(content)));
    return file;
  }
  [[nodiscard]] const fs::path& folder() const { return folder_->path(); }

private:
  Result<TemporaryDirectory> folder_ = TemporaryDirectory::create(testing::TempDir(), "signature");
};

TEST_F(SignatureTest, readsTheFormThatOpensslWrites) {
  const auto key = SigningKey::read(write(kKnownKey));
  ASSERT_TRUE(key);
  EXPECT_EQ(toHex(key->publicKey().bytes), kKnownPublicKey);
}

TEST_F(SignatureTest, whatIsSignedVerifiesAndNothingElse) {
  const auto key = SigningKey::generate();
  const auto other = SigningKey::generate();
  ASSERT_TRUE(key && other);
  const Signature signature = key->sign(asBytes("text"));
  EXPECT_TRUE(key->publicKey().verifies(asBytes("text"), signature));
  EXPECT_FALSE(key->publicKey().verifies(asBytes("Text"), signature));
  EXPECT_FALSE(other->publicKey().verifies(asBytes("text"), signature));
  Signature altered = signature;
  altered[40] ^= 1;
  EXPECT_FALSE(key->publicKey().verifies(asBytes("text"), altered));
  EXPECT_FALSE(PublicKey{}.verifies(asBytes("text"), signature));
}

TEST_F(SignatureTest, aNewFileIsPrivateAndReplacesNone) {
  const fs::path file = folder() / "new.pem";
  const auto made = SigningKey::create(file);
  ASSERT_TRUE(made);
  struct stat facts{};
  ASSERT_EQ(::stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  const auto read = SigningKey::read(file);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->publicKey(), made->publicKey());
  const auto again = SigningKey::create(file);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().why, HasSubstr("exists"));
  EXPECT_EQ(SigningKey::read(file)->publicKey(), made->publicKey());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()), 1);
  EXPECT_FALSE(SigningKey::create(folder() / "missing" / "key.pem"));
}

TEST_F(SignatureTest, whatIsNoKeyIsOneClearLine) {
  const std::string key = kKnownKey;
  for (const std::string& content :
       {std::string(), std::string("hello"), key.substr(0, key.size() / 2),
        // X25519, RFC 8410's sister; no key for signatures
        std::string("-----BEGIN PRIVATE KEY-----\n"
                    "MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                    "-----END PRIVATE KEY-----\n")}) {
    const auto read = SigningKey::read(write(content));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::Malformed);
    EXPECT_THAT(read.error().line(), HasSubstr("key.pem"));
  }
  EXPECT_EQ(SigningKey::read(folder() / "none").error().code, ErrorCode::Malformed);
}

TEST(SignedNote, readsWhatGoWrites) {
  const auto key = VerifierKey::parse(kGoKey);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->text(), kGoKey);
  const auto note = SignedNote::parse(std::string(kGoText) + "\n" + kGoSignature);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, kGoText);
  EXPECT_EQ(note->isSignedBy(*key), true);
  const auto altered = SignedNote::parse("Y" + std::string(kGoText) + "\n" + kGoSignature);
  ASSERT_TRUE(altered);
  EXPECT_EQ(altered->isSignedBy(*key), false);
}

TEST(SignedNote, signsAndTellsKeysApart) {
  const auto key = SigningKey::generate();
  const auto other = SigningKey::generate();
  const auto note = SignedNote::parse(signNote("a\nb\n", "archive/1", *key));
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, "a\nb\n");
  EXPECT_EQ(note->isSignedBy({"archive/1", key->publicKey()}), true);
  EXPECT_EQ(note->isSignedBy({"archive/2", key->publicKey()}), std::nullopt);
  EXPECT_EQ(note->isSignedBy({"archive/1", other->publicKey()}), std::nullopt);
}

TEST(SignedNote, ignoresSignaturesOfUnknownForm) {
  const auto key = VerifierKey::parse(kGoKey);
  const auto note =
      SignedNote::parse(std::string(kGoText) + "\n\xe2\x80\x94 witness AAAAAAE=\n" + kGoSignature);
  ASSERT_TRUE(note && key);
  EXPECT_EQ(note->signatures.size(), 2U);
  EXPECT_EQ(note->isSignedBy(*key), true);
}

TEST(SignedNote, malformedNotesAreRefused) {
  const std::string good = std::string(kGoText) + "\n" + kGoSignature;
  const std::string text = kGoText;
  for (const std::string& bad :
       {std::string(), text, text + "\n", good.substr(0, good.size() - 1), good + "x", good + "\n",
        text + kGoSignature, "\t" + good, text + "\n- PeterNeumann AAAAAAE=\n",
        text + "\n\xe2\x80\x94 PeterNeumann\n", text + "\n\xe2\x80\x94 PeterNeumann AAAA\n",
        text + "\n\xe2\x80\x94 PeterNeumann AAAAAAF=\n", text + "\n\xe2\x80\x94  AAAAAAE=\n",
        text + "\n\xe2\x80\x94 a+b AAAAAAE=\n", std::string(2'000'000, 'x')}) {
    const auto note = SignedNote::parse(bad);
    ASSERT_FALSE(note) << bad.substr(0, 200);
    EXPECT_EQ(note.error().code, ErrorCode::Malformed);
  }
}

TEST(SignedNote, malformedKeysAreRefused) {
  for (const char* bad : {"", "a", "a+b", "PeterNeumann+c74f20a3+",
                          "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "Peterneumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                          "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
                          "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"})
    EXPECT_FALSE(VerifierKey::parse(bad)) << bad;
}

TEST(Base64, isStrict) {
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
                                   std::string("\0\xff\0\x10", 4)}) {
    EXPECT_EQ(fromBase64(toBase64(asBytes(bytes))), std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  }
  EXPECT_EQ(toBase64(asBytes("foob")), "Zm9vYg=="); // RFC 4648, section 10
  for (const char* bad : {"Z", "Zm9", "Zm9v ", " Zm9v", "Zm9vYh==", "Zm9vYg=", "Zm9v\n", "====", "Zm9-"})
    EXPECT_FALSE(fromBase64(bad)) << bad;
}

} // namespace
} // namespace romlink
