// The audits as tables: exact text, empty audits, hostile names.
#include "relink/report/audit.h"
#include "relink/report/audit_wording.h"
#include "relink/report/memory_map.h"
#include "relink/report/uri.h"

#include "audit_sample.h"

#include <gmock/gmock.h>

namespace romlink::report::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(AuditText, Rom) {
  EXPECT_EQ(renderText(sampleRomAudit(), {}), "");
}

TEST(AuditText, Release) {
  EXPECT_EQ(renderText(sampleReleaseAudit(), {}), "");
}

TEST(AuditText, Advisory) {
  EXPECT_EQ(renderText(sampleAdvisoryAudit(), {}), "");
}

TEST(AuditText, Matrix) {
  EXPECT_EQ(renderText(sampleMatrixAudit(), {}), "");
}

} // namespace
} // namespace romlink::report::test
