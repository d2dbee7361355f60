// SARIF and OpenVEX: what becomes which result and statement. tests/service validates the documents of the
// real programs against the published schemas.
#include "relink/report/openvex.h"
#include "relink/report/sarif.h"
#include "relink/report/uri.h"

#include "audit_sample.h"
#include "sample.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace romlink::report::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json runOf(const std::string& sarif) {
  return json::parse(sarif).at("runs").at(0);
}

json resultsOf(const std::string& sarif, const std::string& rule) {
  json found = json::array();
  const json run = runOf(sarif);
  for (const json& result : run.at("results"))
    if (result.at("ruleId") == rule)
      found.push_back(result);
  return found;
}

TEST(Sarif, FindingsDecisionsAndBlockers) {
  auto report = sampleReport();
  auto& fixed = addLocal(report, "rsa_verify", 120, "FIXED");
  fixed.set_object("lib/libc rypto.a(rsa.o)");
  fixed.set_detail("CVE-2026-0001 names it");
  const std::string sarif = renderSarif(report);
  const json finding = resultsOf(sarif, "WAIVER_UNUSED").at(0);
  EXPECT_EQ(finding.at("level"), "warning");
  EXPECT_EQ(finding.at("message").at("text"), "the policy waives a symbol that is not there");
  const json decision = resultsOf(sarif, "FIXED").at(0);
  EXPECT_EQ(decision.at("level"), "warning");
  EXPECT_EQ(decision.at("message").at("text"), "rsa_verify stays local: CVE-2026-0001 names it");
  const json place = decision.at("locations").at(0);
  EXPECT_EQ(place.at("physicalLocation").at("artifactLocation").at("uri"), "lib/libc%20rypto.a");
  EXPECT_EQ(place.at("logicalLocations").at(0).at("fullyQualifiedName"),
            "lib/libc rypto.a(rsa.o)::rsa_verify");
  EXPECT_EQ(place.at("logicalLocations").at(0).at("kind"), "function");
  const json blockers = resultsOf(sarif, "CHANGED");
  ASSERT_EQ(blockers.size(), 2U);
  EXPECT_EQ(blockers.at(0).at("level"), "note");
  EXPECT_THAT(blockers.at(0).at("message").at("text").get<std::string>(),
              HasSubstr("mpi_exp_mod keeps 1,000 bytes in 2 symbols local: constant differs"));
  EXPECT_EQ(blockers.at(0).at("properties").at("priceBytes"), 1000);
}

TEST(Sarif, EveryResultHasARule) {
  const json run = runOf(renderSarif(sampleReport()));
  const json& rules = run.at("tool").at("driver").at("rules");
  for (const json& result : run.at("results"))
    EXPECT_EQ(rules.at(result.at("ruleIndex").get<std::size_t>()).at("id"), result.at("ruleId"));
}

TEST(Sarif, FingerprintsTellResultsApartAndOutlastSizes) {
  auto report = sampleReport();
  addLocal(report, "twin", 10, "FIXED");
  addLocal(report, "twin", 10, "FIXED");
  const auto prints = [](const std::string& sarif) {
    std::vector<std::string> all;
    const json run = runOf(sarif);
    for (const json& result : run.at("results"))
      all.push_back(result.at("partialFingerprints").at("romlinkIdentity/v1"));
    return all;
  };
  const auto before = prints(renderSarif(report));
  EXPECT_EQ(std::set<std::string>(before.begin(), before.end()).size(), before.size());
  report.mutable_blockers(0)->set_price_bytes(77);
  EXPECT_EQ(prints(renderSarif(report)), before);
}

TEST(Sarif, RomAuditDrawsTheBootPath) {
  auto audit = sampleRomAudit();
  audit.add_findings()->set_code("DEFECT_IN_BOOT"); // says the same once more
  const json defects = resultsOf(renderSarif(audit), "DEFECT_IN_BOOT");
  ASSERT_EQ(defects.size(), 1U);
  EXPECT_EQ(defects.at(0).at("level"), "error");
  const json& steps = defects.at(0).at("codeFlows").at(0).at("threadFlows").at(0).at("locations");
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps.at(1).at("location").at("logicalLocations").at(0).at("name"), "check_image");
  const json others = resultsOf(renderSarif(audit), "DEFECT");
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others.at(0).at("level"), "warning");
  EXPECT_FALSE(others.at(0).contains("codeFlows"));
}

TEST(Sarif, ReleaseAuditNamesWhatSharesTheDefect) {
  const json doubts = resultsOf(renderSarif(sampleReleaseAudit()), "SHARES_DEFECT");
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_EQ(doubts.at(0).at("locations").at(0).at("physicalLocation").at("artifactLocation").at("uri"),
            "libcrypto.a");
}

TEST(Sarif, AnIncompatibleRomIsNoSuccess) {
  auto report = sampleReport();
  EXPECT_EQ(runOf(renderSarif(report)).at("invocations").at(0).at("executionSuccessful"), true);
  report.set_verdict(v1::LinkReport::INCOMPATIBLE);
  EXPECT_EQ(runOf(renderSarif(report)).at("invocations").at(0).at("executionSuccessful"), false);
}

TEST(Sarif, AnyNamesAreUtf8Json) {
  v1::LinkReport report;
  fillWith(report, "a\x01\xff\"<b>");
  EXPECT_FALSE(runOf(renderSarif(report)).at("results").empty());
  EXPECT_EQ(renderSarif(report), renderSarif(report));
  EXPECT_TRUE(runOf(renderSarif(v1::LinkReport())).at("results").empty());
}

std::map<std::string, json> statementsByProduct(const std::string& vex) {
  std::map<std::string, json> found;
  const json document = json::parse(vex);
  for (const json& statement : document.at("statements"))
    found.emplace(statement.at("products").at(0).at("@id"), statement);
  return found;
}

TEST(OpenVex, AStatementForEachRomAndRelease) {
  auto audit = sampleAdvisoryAudit();
  auto& accepted = *audit.add_releases();
  *accepted.mutable_release() = audit.releases(0).release();
  accepted.mutable_release()->set_id("sha256:eeeeeeee");
  *accepted.add_accepted() = audit.releases(0).doubts(0);
  const auto statements = statementsByProduct(renderOpenVex({audit}, "Example Inc."));
  ASSERT_EQ(statements.size(), 7U);
  const auto at = [&](const std::string& release) {
    return statements.at("urn:romlink:release:sha256%3A" + release);
  };
  EXPECT_EQ(at("aaaaaaaa").at("status"), "affected");
  EXPECT_THAT(at("aaaaaaaa").at("action_statement").get<std::string>(), HasSubstr("which no relink repairs"));
  EXPECT_EQ(at("bbbbbbbb").at("status"), "affected");
  EXPECT_THAT(at("bbbbbbbb").at("action_statement").get<std::string>(), HasSubstr("Link it again"));
  EXPECT_THAT(at("bbbbbbbb").at("status_notes").get<std::string>(),
              HasSubstr("sha256_update -> sha256_block"));
  EXPECT_EQ(at("cccccccc").at("status"), "fixed");
  EXPECT_EQ(at("dddddddd").at("status"), "not_affected");
  EXPECT_EQ(at("dddddddd").at("justification"), "vulnerable_code_not_in_execute_path");
  EXPECT_EQ(at("eeeeeeee").at("status"), "affected") << "a waiver accepts the defect, it does not remove it";
  const json rom = statements.at(packageUrl("demo-boot", "1.0.0", kRomHash));
  EXPECT_EQ(rom.at("status"), "affected");
  EXPECT_EQ(rom.at("products").at(0).at("hashes").at("sha-256"), std::string(kRomHash).substr(7));
  EXPECT_THAT(rom.at("status_notes").get<std::string>(), HasSubstr("reset -> check_image -> sha256_block"));
}

TEST(OpenVex, TimesAndIdentityComeFromTheRecord) {
  auto audit = sampleAdvisoryAudit();
  const json document = json::parse(renderOpenVex({audit}, "me"));
  EXPECT_EQ(document.at("timestamp"), "2026-11-21T09:00:00Z"); // the advisory's, later than the releases'
  EXPECT_EQ(renderOpenVex({audit}, "me"), renderOpenVex({audit}, "me"));
  audit.mutable_advisory()->set_summary("another");
  EXPECT_NE(json::parse(renderOpenVex({audit}, "me")).at("@id"), document.at("@id"));
}

TEST(OpenVex, AnAdvisoryWithoutItsRomIsUnderInvestigation) {
  auto audit = sampleAdvisoryAudit();
  audit.clear_affected();
  audit.clear_releases();
  *audit.mutable_advisory()->add_targets() = audit.advisory().targets(0); // two symbols of one ROM
  const json statement = json::parse(renderOpenVex({audit}, "me")).at("statements").at(0);
  EXPECT_EQ(statement.at("status"), "under_investigation");
  EXPECT_EQ(statement.at("products").size(), 1U);
}

TEST(OpenVex, OnlyWebAddressesBecomeIdentifiers) {
  auto audit = sampleAdvisoryAudit();
  const auto vulnerability = [&] {
    return json::parse(renderOpenVex({audit}, "me")).at("statements").at(0).at("vulnerability");
  };
  EXPECT_EQ(vulnerability().at("@id"), "https://example.com/cve?id=1");
  for (const char* url : {"javascript:alert(1)", "https://exa mple.com", "https://\xff", ""}) {
    audit.mutable_advisory()->set_url(url);
    EXPECT_FALSE(vulnerability().contains("@id")) << url;
  }
}

TEST(Uri, Encoding) {
  EXPECT_EQ(uriPath("../lib/a b:c.o"), "../lib/a%20b%3Ac.o");
  EXPECT_EQ(percentEncoded("a/b\xc3\xa4~"), "a%2Fb%C3%A4~");
  EXPECT_EQ(packageUrl("my boot", "1.0+x", "sha256:ab"), "pkg:generic/my%20boot@1.0%2Bx?checksum=sha256:ab");
  EXPECT_EQ(packageUrl("b", "", ""), "pkg:generic/b");
}

} // namespace
} // namespace romlink::report::test
