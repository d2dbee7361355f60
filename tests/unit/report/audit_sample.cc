#include "audit_sample.h"

#include "sample.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace romlink::report::test {

using namespace romlink::v1;

namespace {

constexpr const char* kOtherHash = "sha256:9999999999abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

void setName(RomName& rom, const std::string& version, const std::string& hash) {
  rom.set_name("demo-boot");
  rom.set_version(version);
  rom.set_image_hash(hash);
}

void setRom(Rom& rom, const std::string& version, const std::string& hash) {
  rom.set_name("demo-boot");
  rom.set_version(version);
  rom.set_image_hash(hash);
  rom.set_image_size(0x800);
  auto& flash = *rom.add_flash();
  flash.set_address(0x10000000);
  flash.set_size(0x800);
}

void setRelease(Release& release, const std::string& id, const std::string& product) {
  release.set_id(id);
  release.set_linked_at("2026-11-20T10:00:00Z");
  setName(*release.add_roms(), "1.0.0", kRomHash);
  release.set_image_hash("sha256:1111111111111111111111111111111111111111111111111111111111111111");
  release.set_tool_version("0.1.0");
  (*release.mutable_labels())["product"] = product;
  (*release.mutable_labels())["line"] = "a";
  release.set_shared_symbols(102);
  release.set_saved_bytes(13012);
  auto& input = *release.add_inputs();
  input.set_path("main.o");
  input.set_digest("sha256:2222222222222222222222222222222222222222222222222222222222222222");
  release.add_arguments("-T");
  release.add_arguments("flash.ld");
}

OfferedSymbol& addOffered(RomAudit& audit, const std::string& name, const std::string& address,
                          std::uint32_t size) {
  auto& symbol = *audit.add_offered();
  symbol.set_name(name);
  symbol.set_rom_address(address);
  symbol.set_size(size);
  symbol.set_function(true);
  symbol.set_has_types(true);
  return symbol;
}

AffectedSymbol& addAffected(AffectedSymbol& symbol, const std::string& name, const std::string& version) {
  symbol.set_advisory("CVE-2026-0001");
  setName(*symbol.mutable_rom(), version, version == "1.0.0" ? kRomHash : kOtherHash);
  symbol.set_symbol(name);
  symbol.set_rom_address("0x10000400");
  symbol.set_size(96);
  symbol.set_match(AffectedSymbol::NAMED);
  return symbol;
}

void setAdvisory(Advisory& advisory) {
  advisory.set_id("CVE-2026-0001");
  advisory.set_summary("reads beyond the buffer");
  advisory.set_url("https://example.com/cve?id=1");
  advisory.set_recorded_at("2026-11-21T09:00:00Z");
  auto& target = *advisory.add_targets();
  setName(*target.mutable_rom(), "1.0.0", kRomHash);
  target.set_symbol("sha256_block");
  target.set_rom_address("0x10000400");
  target.set_size(96);
}

void addDoubt(ReleaseDoubt& doubt) {
  doubt.set_symbol("sha256_update");
  doubt.set_advisory("CVE-2026-0001");
  setName(*doubt.mutable_rom(), "1.0.0", kRomHash);
  doubt.add_path("sha256_update");
  doubt.add_path("sha256_block");
}

} // namespace

RomAudit sampleRomAudit() {
  RomAudit audit;
  setRom(*audit.mutable_rom(), "1.0.0", kRomHash);
  audit.mutable_rom()->set_architecture("v8-M.main");
  audit.mutable_rom()->set_published_at("2026-01-01T00:00:00Z");
  audit.mutable_rom()->mutable_shared_ram()->set_address(0x38000000);
  audit.mutable_rom()->mutable_shared_ram()->set_size(64);
  setAdvisory(*audit.add_advisories());
  auto& boots = addAffected(*audit.add_affected(), "sha256_block", "1.0.0");
  for (const char* name : {"reset", "check_image", "sha256_block"})
    boots.add_boot_path(name);
  boots.add_callers("check_image");
  boots.add_callers("sha256_update");
  addAffected(*audit.add_affected(), "rsa_decode", "1.0.0").set_rom_address("0x10000600");
  addOffered(audit, "sha256_update", "0x10000100", 0x80).set_used_by(3);
  auto& defect = addOffered(audit, "sha256_block", "0x10000400", 96);
  defect.set_used_by(2);
  defect.add_advisories("CVE-2026-0001");
  addOffered(audit, "sha256_block_alias", "0x10000400", 96);
  addOffered(audit, "memcpy", "0x10000600", 0x40);
  auto& flag = *audit.add_flags();
  flag.set_name("Tag_ABI_enum_size");
  flag.set_value("int");
  flag.set_source(".ARM.attributes");
  audit.add_flags()->set_name("-fpack-struct");
  audit.mutable_flags(1)->set_value("not known");
  setRelease(*audit.add_users(), kReleaseId, "meter");
  auto& finding = *audit.add_findings();
  finding.set_severity(Finding::WARNING);
  finding.set_code("NO_SOURCE");
  finding.set_message("no source fingerprints");
  return audit;
}

ReleaseAudit sampleReleaseAudit() {
  ReleaseAudit audit;
  setRelease(*audit.mutable_release(), kReleaseId, "meter");
  *audit.mutable_report() = sampleReport();
  addDoubt(*audit.add_doubts());
  return audit;
}

AdvisoryAudit sampleAdvisoryAudit() {
  AdvisoryAudit audit;
  setAdvisory(*audit.mutable_advisory());
  auto& boots = addAffected(*audit.add_affected(), "sha256_block", "1.0.0");
  for (const char* name : {"reset", "check_image", "sha256_block"})
    boots.add_boot_path(name);
  auto& other = addAffected(*audit.add_affected(), "sha256_block", "1.1.0");
  other.set_match(AffectedSymbol::SAME_CODE);
  const std::string ids[] = {"sha256:aaaaaaaa", "sha256:bbbbbbbb", "sha256:cccccccc", "sha256:dddddddd"};
  for (const std::string& id : ids)
    setRelease(*audit.add_releases()->mutable_release(), id, "meter-" + id.substr(7, 1));
  audit.mutable_releases(0)->set_affected(true);
  addDoubt(*audit.mutable_releases(0)->add_doubts());
  auto& repairable = *audit.mutable_releases(1);
  repairable.set_affected(true);
  repairable.set_repaired_by_relink(true);
  addDoubt(*repairable.add_doubts());
  setName(*repairable.mutable_release()->mutable_roms(0), "1.1.0", kOtherHash);
  audit.mutable_releases(2)->add_own_copies("sha256_block");
  return audit;
}

MatrixAudit sampleMatrixAudit() {
  MatrixAudit audit;
  audit.add_arguments("-T");
  audit.add_arguments("flash.ld");
  auto& fits = *audit.add_rows();
  setRom(*fits.mutable_rom(), "1.0.0", kRomHash);
  fits.set_verdict(LinkReport::COMPATIBLE);
  fits.mutable_flash()->set_baseline_bytes(3000);
  fits.mutable_flash()->set_linked_bytes(1700);
  fits.set_shared_symbols(3);
  auto& library = *fits.add_objects();
  library.set_object("lib/libcrypto.a(sha256.o)");
  library.set_bytes(1500);
  library.set_shared_bytes(1288);
  auto& object = *fits.add_objects();
  object.set_object("main.o");
  object.set_bytes(500);
  auto& blocker = *fits.add_blockers();
  blocker.set_name("mpi_exp_mod");
  blocker.set_reason("CHANGED");
  blocker.set_price_bytes(1000);
  blocker.set_remedy("align MPI_MAX_SIZE");
  auto& wrong = *audit.add_rows();
  setRom(*wrong.mutable_rom(), "1.1.0", kOtherHash);
  wrong.set_verdict(LinkReport::INCOMPATIBLE);
  auto& finding = *wrong.add_findings();
  finding.set_severity(Finding::ERROR);
  finding.set_code("ROM_OVERLAP");
  finding.set_message("the firmware lies where the ROM is");
  auto& fails = *audit.add_rows();
  setRom(*fails.mutable_rom(), "2.0.0", kOtherHash);
  fails.set_error("cannot link: main.o: undefined symbol: hash");
  return audit;
}

void fillWith(google::protobuf::Message& message, const std::string& text, int depth) {
  using Field = google::protobuf::FieldDescriptor;
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const Field* field = message.GetDescriptor()->field(i);
    if (field->cpp_type() == Field::CPPTYPE_STRING) {
      if (field->is_repeated())
        for (int n = 0; n < 2; ++n)
          reflection->AddString(&message, field, text);
      else
        reflection->SetString(&message, field, text);
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE && depth < 5) {
      if (field->is_repeated())
        fillWith(*reflection->AddMessage(&message, field), text, depth + 1);
      else
        fillWith(*reflection->MutableMessage(&message, field), text, depth + 1);
    } else if (field->cpp_type() == Field::CPPTYPE_UINT32 && !field->is_repeated()) {
      reflection->SetUInt32(&message, field, 64);
    } else if (field->cpp_type() == Field::CPPTYPE_ENUM && !field->is_repeated()) {
      reflection->SetEnumValue(&message, field, 1);
    }
  }
}

} // namespace romlink::report::test
