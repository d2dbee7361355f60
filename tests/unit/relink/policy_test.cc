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
  EXPECT_EQ(policy.keeps("memcpy")->where, "policy.toml:1");
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

TEST(Policy, AllowsSameSourceByNameOrForAll) {
  const auto named = read("[[allow]]\nsymbols = [\"f*\"]\nevidence = \"SAME_SOURCE\"\n").value();
  EXPECT_TRUE(named.allowsSameSource("fast"));
  EXPECT_FALSE(named.allowsSameSource("slow"));
  EXPECT_FALSE(named.accepts("fast", "sha256:00").has_value());
  EXPECT_TRUE(read("[defaults]\nevidence = \"SAME_SOURCE\"\n").value().allowsSameSource("slow"));
  EXPECT_FALSE(read("[defaults]\nevidence = \"IDENTICAL\"\n").value().allowsSameSource("slow"));
  EXPECT_FALSE(
      read("[[allow]]\nsymbols = [\"f\"]\nevidence = \"API_COMPATIBLE\"\n").value().allowsSameSource("f"));
}

TEST(Policy, WaiverNamesSymbolReasonAndRom) {
  const auto policy = read("[[waive]]\nsymbol = \"exp_mod\"\nreason = \"3072 bits at most\"\n"
                           "rom = \"sha256:0123456789abcdef\"\n")
                          .value();
  const auto accepted = policy.accepts("exp_mod", "sha256:0123456789abcdef55");
  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->rule, Acceptance::Rule::Waive);
  EXPECT_EQ(accepted->reason, "3072 bits at most");
  EXPECT_FALSE(policy.accepts("exp_mod", "sha256:ff23456789abcdef55").has_value());
  EXPECT_FALSE(policy.accepts("exp_mod2", "sha256:0123456789abcdef55").has_value());
  EXPECT_EQ(errorOf("[[waive]]\nsymbol = \"f\"\nreason = \"x\"\nrom = \"boot@1\"\n"),
            "policy.toml:4: 'rom' must be sha256: and 8 to 64 lower-case hexadecimal digits");
  EXPECT_EQ(errorOf("[[waive]]\nsymbol = \"f[\"\nreason = \"x\"\n"),
            "policy.toml:2: 'symbol' is no name pattern");
}

TEST(Policy, OnlyAWaiverThatNamesTheAdvisoryAcceptsADefect) {
  const auto policy = read("[defaults]\nstandard_functions = true\n"
                           "[[waive]]\nsymbol = \"mem*\"\nreason = \"one\"\nadvisory = \"CVE-1\"\n"
                           "[[waive]]\nsymbol = \"memcpy\"\nreason = \"two\"\nadvisory = \"CVE-2\"\n"
                           "[[waive]]\nsymbol = \"other\"\nreason = \"none\"\n"
                           "[[allow]]\nsymbols = [\"other\"]\nevidence = \"API_COMPATIBLE\"\n")
                          .value();
  EXPECT_EQ(policy.accepts("memset", "", true, {"CVE-1"})->reason, "one");
  EXPECT_FALSE(policy.accepts("memset", "", true, {"CVE-2"}).has_value());
  EXPECT_FALSE(policy.accepts("memset", "", true, {"CVE-1", "CVE-2"}).has_value());
  EXPECT_EQ(policy.accepts("memcpy", "", true, {"CVE-1", "CVE-2"})->rule, Acceptance::Rule::Waive);
  EXPECT_EQ(policy.accepts("memcpy", "", true, {"CVE-2"})->reason, "two");
  EXPECT_FALSE(policy.accepts("other", "", true, {"CVE-1"}).has_value());
  EXPECT_FALSE(policy.accepts("strlen", "", true, {"CVE-1"}).has_value());
}

TEST(Policy, TypesAreTakenUncheckedOnlyWhereARuleSaysSo) {
  const auto policy = read("[[waive]]\nsymbol = \"a\"\nreason = \"x\"\ntypes = \"unchecked\"\n"
                           "[[waive]]\nsymbol = \"b\"\nreason = \"x\"\n"
                           "[[allow]]\nsymbols = [\"c\"]\nevidence = \"API_COMPATIBLE\"\n"
                           "types = \"unchecked\"\n")
                          .value();
  EXPECT_TRUE(policy.accepts("a", "")->uncheckedTypes);
  EXPECT_FALSE(policy.accepts("b", "")->uncheckedTypes);
  EXPECT_TRUE(policy.accepts("c", "")->uncheckedTypes);
  EXPECT_EQ(errorOf("[[waive]]\nsymbol = \"f\"\nreason = \"x\"\ntypes = \"any\"\n"),
            "policy.toml:4: 'any' is none of checked, unchecked");
}

TEST(Policy, AWaiverGoesBeforeAnAllowance) {
  const auto policy = read("[[allow]]\nsymbols = [\"sha_*\"]\nevidence = \"API_COMPATIBLE\"\n"
                           "[[waive]]\nsymbol = \"sha_1\"\nreason = \"x\"\n")
                          .value();
  EXPECT_EQ(policy.accepts("sha_1", "sha256:00")->rule, Acceptance::Rule::Waive);
  EXPECT_EQ(policy.accepts("sha_2", "sha256:00")->rule, Acceptance::Rule::Allow);
  EXPECT_FALSE(policy.accepts("md5", "sha256:00").has_value());
}

TEST(Policy, StandardFunctionsAreThoseThatAStandardFixes) {
  const auto policy = read("[defaults]\nstandard_functions = true\n").value();
  for (const char* name :
       {"memcpy", "strlen", "__aeabi_uidiv", "__aeabi_memset4", "__aeabi_dadd", "__aeabi_f2iz",
        "__aeabi_ul2d", "__aeabi_uldivmod", "__aeabi_lasr", "__aeabi_uread8", "__aeabi_cdcmple"})
    EXPECT_EQ(policy.accepts(name, "")->rule, Acceptance::Rule::StandardFunctions) << name;
  for (const char* name :
       {"strtok", "strerror", "memcpy_s", "__aeabi_idiv0", "__aeabi_ldiv0", "__aeabi_unwind_cpp_pr0",
        "__aeabi_assert", "__aeabi_read_tp", "__aeabi_JMP_BUF_SIZE", "__aeabi_atexit", "malloc"})
    EXPECT_FALSE(policy.accepts(name, "").has_value()) << name;
  EXPECT_FALSE(Policy{}.accepts("memcpy", "").has_value());
  EXPECT_FALSE(policy.accepts("memcpy", "", false).has_value()) << "a static function or an object";
}

TEST(Policy, StateActionsByNameAndByDefault) {
  const auto policy =
      read("[defaults]\nstate = \"reinit\"\n[[state]]\nsymbols = [\"tick*\"]\naction = \"retain\"\n").value();
  EXPECT_EQ(policy.defaultState, StateAction::Reinit);
  EXPECT_EQ(policy.stateRule("tick_count")->action, StateAction::Retain);
  EXPECT_EQ(policy.stateRule("heap"), nullptr);
  EXPECT_EQ(Policy{}.defaultState, std::nullopt);
}

TEST(Policy, MissingFileIsAnError) {
  EXPECT_FALSE(Policy::read("/nonexistent/policy.toml").has_value());
}

} // namespace
} // namespace romlink::relink
