// The policy file: what it keeps, and errors that name their line.

#include "fixture.h"
#include "relink/plan/policy.h"

#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

Result<Policy> read(const std::string& text) {
  Workshop shop;
  shop.write("policy.toml", text);
  return Policy::read(shop.folder() / "policy.toml");
}

std::string errorOf(const std::string& text) {
  const auto policy = read(text);
  return policy ? "no error" : policy.error().where + ": " + policy.error().why;
}

TEST(Policy, DefaultKeepsNothing) {
  EXPECT_EQ(Policy::read({}).value().keeps("f"), nullptr);
  EXPECT_EQ(read("").value().keeps("f"), nullptr);
}

TEST(Policy, KeepsByPatternWithItsReason) {
  const auto policy = read("[[keep]]\nsymbols = [\"memcpy\", \"crc_*\"]\nreason = \"patched\"\n").value();
  ASSERT_NE(policy.keeps("memcpy"), nullptr);
  EXPECT_EQ(policy.keeps("memcpy")->reason, "patched");
  EXPECT_NE(policy.keeps("crc_32"), nullptr);
  EXPECT_EQ(policy.keeps("crc"), nullptr);
  EXPECT_EQ(policy.keeps("memcpy2"), nullptr);
  EXPECT_EQ(policy.keeps("memcpy")->line, 1);
}

TEST(Policy, ErrorsNameTheirLine) {
  EXPECT_EQ(errorOf("\n[[kep]]\nsymbols = [\"f\"]\n"), "policy.toml:2: unknown key 'kep'");
  EXPECT_EQ(errorOf("[[keep]]\nsymbols = [\"f\"]\nreason = \"x\"\nsymbol = 1\n"),
            "policy.toml:4: unknown key 'symbol'");
  EXPECT_EQ(errorOf("[[keep]]\nsymbols = [\"f\"]\n"), "policy.toml:1: 'reason' is missing");
  EXPECT_EQ(errorOf("[[keep]]\nsymbols = \"f\"\nreason = \"x\"\n"),
            "policy.toml:2: 'symbols' must be a list of names");
  EXPECT_EQ(errorOf("[[keep]]\nsymbols = []\nreason = \"x\"\n"),
            "policy.toml:2: 'symbols' must be a list of names");
  EXPECT_EQ(errorOf("[[keep]]\nsymbols = [\"f\",\n  7]\nreason = \"x\"\n"),
            "policy.toml:3: 'symbols' holds something that is no name pattern");
  EXPECT_EQ(errorOf("[keep]\nreason = \"x\"\n"), "policy.toml:1: 'keep' must be written as [[keep]]");
  EXPECT_EQ(errorOf("[defaults]\n\nevidence = \"NAMES\"\n"),
            "policy.toml:3: 'NAMES' is none of IDENTICAL, SAME_SOURCE");
  EXPECT_EQ(errorOf("[defaults]\nstandard_functions = 1\n"),
            "policy.toml:2: 'standard_functions' must be true or false");
  EXPECT_EQ(errorOf("[[waive]]\nsymbol = \"f\"\n"), "policy.toml:1: 'reason' is missing");
  EXPECT_EQ(errorOf("[[state]]\nsymbols = [\"s\"]\naction = \"forget\"\n"),
            "policy.toml:3: 'forget' is none of retain, reinit");
}

TEST(Policy, BrokenTomlNamesItsLine) {
  const auto policy = read("[defaults]\nevidence = \n");
  ASSERT_FALSE(policy.has_value());
  EXPECT_EQ(policy.error().code, ErrorCode::Usage);
  EXPECT_EQ(policy.error().where, "policy.toml:2");
}

TEST(Policy, SaysWhatItDoesNotUse) {
  const auto policy =
      read("[[waive]]\nsymbol = \"f\"\nreason = \"x\"\n[defaults]\nstandard_functions = true\n").value();
  ASSERT_EQ(policy.unused.size(), 2U);
  EXPECT_EQ(policy.unused[1],
            "policy.toml:1 waives a difference of f: not used, only what is proved identical is shared");
}

TEST(Policy, MissingFileIsAnError) {
  EXPECT_FALSE(Policy::read("/nonexistent/policy.toml").has_value());
}

} // namespace
} // namespace romlink::relink
