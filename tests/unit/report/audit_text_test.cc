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
  EXPECT_EQ(renderText(sampleRomAudit(), {}),
            R"(demo-boot@1.0.0  sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
flash         0x10000000 to 0x10000800, 2,048 bytes
shared RAM    0x38000000 to 0x38000040, 64 bytes
architecture  v8-M.main
published     2026-01-01T00:00:00Z

open advisory  defective     ROM address  bytes  how the ROM reaches it when it boots
-------------  ------------  -----------  -----  ------------------------------------
CVE-2026-0001  sha256_block  0x10000400      96  reset -> check_image -> sha256_block
CVE-2026-0001  rsa_decode    0x10000600      96  it does not

offers 4 symbols, 384 bytes; 2 of them in use

offered             kind      bytes  ROM address  releases  types  source  advisories
------------------  --------  -----  -----------  --------  -----  ------  -------------
sha256_block        function     96  0x10000400          2  yes    no      CVE-2026-0001
sha256_update       function    128  0x10000100          3  yes    no
sha256_block_alias  function     96  0x10000400          0  yes    no
memcpy              function     64  0x10000600          0  yes    no

flag               value      from
-----------------  ---------  ---------------
Tag_ABI_enum_size  int        .ARM.attributes
-fpack-struct      not known

used by 1 release
release              linked                ROM              shared  bytes saved  labels
-------------------  --------------------  ---------------  ------  -----------  ---------------------
sha256:feedbeef0000  2026-11-20T10:00:00Z  demo-boot@1.0.0     102       13,012  line=a, product=meter

warning: NO_SOURCE: no source fingerprints
)");
}

TEST(AuditText, Release) {
  EXPECT_EQ(
      renderText(sampleReleaseAudit(), {}),
      R"(release sha256:feedbeef0000feedbeef0000feedbeef0000feedbeef0000feedbeef0000feed  not the same today
ROM           demo-boot@1.0.0  sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
linked        2026-11-20T10:00:00Z
image         sha256:1111111111111111111111111111111111111111111111111111111111111111
labels        line=a, product=meter
policy        the default
linked by     romlink 0.1.0
inputs        1 file
flash         1,700 bytes, 1,300 saved

shared, today local  advisory       ROM              how it reaches the defect
-------------------  -------------  ---------------  -----------------------------
sha256_update        CVE-2026-0001  demo-boot@1.0.0  sha256_update -> sha256_block

evidence   symbols  bytes
---------  -------  -----
IDENTICAL        3  1,288

shared symbol    evidence   bytes  ROM address  object
---------------  ---------  -----  -----------  ---------------------
sha256_update    IDENTICAL  1,200  0x10000400   libcrypto.a(sha256.o)
sha256_final     IDENTICAL     88  0x10000900   libcrypto.a(sha256.o)
alias_of_update  IDENTICAL      0  0x10000400   libcrypto.a(sha256.o)
)");
}

TEST(AuditText, Advisory) {
  EXPECT_EQ(renderText(sampleAdvisoryAudit(), {}), R"(CVE-2026-0001  reads beyond the buffer
https://example.com/cve?id=1
recorded 2026-11-21T09:00:00Z

ROM              defective     ROM address  bytes  known by   how the ROM reaches it when it boots
---------------  ------------  -----------  -----  ---------  ------------------------------------
demo-boot@1.0.0  sha256_block  0x10000400      96  name       reset -> check_image -> sha256_block
demo-boot@1.1.0  sha256_block  0x10000400      96  same code  it does not

release          ROM              labels                   state                                how it reaches the defect
---------------  ---------------  -----------------------  -----------------------------------  -----------------------------
sha256:aaaaaaaa  demo-boot@1.0.0  line=a, product=meter-a  a relink repairs it, except at boot  sha256_update -> sha256_block
sha256:bbbbbbbb  demo-boot@1.1.0  line=a, product=meter-b  a relink repairs it                  sha256_update -> sha256_block
sha256:cccccccc  demo-boot@1.0.0  line=a, product=meter-c  has its own copy
sha256:dddddddd  demo-boot@1.0.0  line=a, product=meter-d  not affected

Releases: a relink repairs it, except at boot: 1; a relink repairs it: 1; has its own copy: 1; not affected: 1
)");
}

TEST(AuditText, Matrix) {
  EXPECT_EQ(
      renderText(sampleMatrixAudit(), {}),
      R"(ROM              hash                 verdict       saved          shared  what keeps most local
---------------  -------------------  ------------  -----          ------  -------------------------------------------
demo-boot@1.0.0  sha256:0123456789ab  COMPATIBLE    1,300  43.3 %       3  mpi_exp_mod CHANGED: 1,000 bytes
demo-boot@1.1.0  sha256:9999999999ab  INCOMPATIBLE                         the firmware lies where the ROM is
demo-boot@2.0.0  sha256:9999999999ab  FAILS                                cannot link: main.o: undefined symbol: hash

The firmware fits 1 of 3 ROMs.
)");
}

} // namespace
} // namespace romlink::report::test
