// Reports for the tests of this folder.
#include "sample.h"

namespace romlink::report::test {

using romlink::v1::LinkReport;
using romlink::v1::SymbolDecision;

SymbolDecision& addShared(LinkReport& report, const std::string& name, std::uint32_t size,
                          const std::string& address) {
  SymbolDecision& symbol = *report.add_symbols();
  symbol.set_name(name);
  symbol.set_object("libcrypto.a(sha256.o)");
  symbol.set_kind(SymbolDecision::FUNCTION);
  symbol.set_size(size);
  symbol.set_decision(SymbolDecision::SHARED);
  symbol.set_evidence(SymbolDecision::IDENTICAL);
  symbol.set_rom_address(address);
  symbol.set_section(".text." + name);
  return symbol;
}

SymbolDecision& addLocal(LinkReport& report, const std::string& name, std::uint32_t size,
                         const std::string& reason) {
  SymbolDecision& symbol = *report.add_symbols();
  symbol.set_name(name);
  symbol.set_object("main.o");
  symbol.set_kind(SymbolDecision::FUNCTION);
  symbol.set_size(size);
  symbol.set_decision(SymbolDecision::LOCAL);
  symbol.set_reason(reason);
  symbol.set_detail("differs first at +0x1c");
  symbol.set_section(".text." + name);
  return symbol;
}

namespace {

void setDifference(romlink::v1::Difference& difference, const std::string& symbol) {
  difference.set_symbol(symbol);
  difference.set_offset(4);
  difference.set_summary("memory offset differs at +0x4, ROM 8, firmware 4");
  difference.set_rom_listing("  +0x2  6003  str      r3, [r0]\n> +0x4  6083  str      r3, [r0, #8]");
  difference.set_firmware_listing("  +0x2  6003  str      r3, [r0]\n> +0x4  6043  str      r3, [r0, #4]\n"
                                  "  +0x6  4770  bx       lr");
}

/// What a policy took, what it may take besides, and the ROM's variables.
void addJudgements(LinkReport& report) {
  auto& accepted = *report.add_accepted();
  accepted.set_symbol("sha256_final");
  accepted.set_rule("waive");
  accepted.set_reason("writes no more than the ROM did");
  accepted.set_bytes(88);
  accepted.set_dependent_bytes(1200);
  accepted.add_dependents("sha256_update");
  setDifference(*accepted.mutable_difference(), "sha256_final");
  auto& state = *report.add_states();
  state.set_symbol("tick_count");
  state.set_rom_address("0x38000000");
  state.set_size(4);
  state.set_action(romlink::v1::SharedState::RETAIN);
  auto& suggestion = *report.add_suggestions();
  for (const char* symbol : {"memcpy", "memset"}) {
    suggestion.add_symbols(symbol);
    setDifference(*suggestion.add_differences(), symbol);
  }
  suggestion.set_gain_bytes(1400);
  suggestion.set_unlocked_symbols(3);
}

} // namespace

LinkReport sampleReport() {
  LinkReport report;
  report.set_rom_image_hash("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  report.set_rom_name("demo-boot");
  report.set_rom_version("1.0.0");
  report.set_verdict(LinkReport::COMPATIBLE);
  report.set_tool_version("0.1.0");
  addShared(report, "alias_of_update", 1200, "0x10000400").set_alias_of("sha256_update");
  addShared(report, "sha256_final", 88, "0x10000900");
  addShared(report, "sha256_update", 1200, "0x10000400");
  addLocal(report, "main", 500, "NOT_IN_ROM");
  addLocal(report, "mpi_exp_mod", 700, "CHANGED");
  addLocal(report, "rsa_public", 300, "CHANGED");
  report.mutable_flash()->set_baseline_bytes(3000);
  report.mutable_flash()->set_linked_bytes(1700);
  report.mutable_flash()->set_saved_bytes(1300);
  report.mutable_ram()->set_baseline_bytes(640);
  report.mutable_ram()->set_linked_bytes(640);
  auto& functions = *report.add_flash_breakdown();
  functions.set_category("functions");
  functions.set_baseline_bytes(2800);
  functions.set_linked_bytes(1500);
  auto& other = *report.add_flash_breakdown();
  other.set_category("data");
  other.set_baseline_bytes(200);
  other.set_linked_bytes(200);
  auto& blocker = *report.add_blockers();
  blocker.set_name("mpi_exp_mod");
  blocker.set_reason("CHANGED");
  blocker.set_price_bytes(1000);
  blocker.set_unlocked_symbols(2);
  blocker.set_remedy("align MPI_MAX_SIZE");
  blocker.set_detail("constant differs at +0x1c, ROM 3072, firmware 8192");
  auto& set = *report.add_blockers();
  set.set_name("memcpy + memset");
  set.set_reason("CHANGED");
  set.set_price_bytes(400);
  set.add_members("memcpy");
  set.add_members("memset");
  set.set_unlocked_symbols(1);
  set.set_remedy("waive both");
  set.set_detail("memcpy: constant differs at +0x0, ROM 1, firmware 2; memset: its size differs; a lot");
  addJudgements(report);
  auto& finding = *report.add_findings();
  finding.set_severity(romlink::v1::Finding::WARNING);
  finding.set_code("WAIVER_UNUSED");
  finding.set_message("the policy waives a symbol that is not there");
  finding.set_symbol("memcpy");
  report.mutable_timing()->set_plan_ms(31.25);
  report.mutable_types()->set_checked(4);
  report.mutable_types()->set_not_checked(2);
  report.mutable_types()->set_why_not("the ROM has no DWARF");
  return report;
}

LinkReport reportNaming(const std::string& text) {
  LinkReport report;
  report.set_rom_name(text);
  report.set_rom_version(text);
  report.set_rom_image_hash(text);
  report.set_tool_version(text);
  SymbolDecision& symbol = addLocal(report, text, 64, text);
  symbol.set_object(text);
  symbol.set_detail(text);
  symbol.set_rom_address(text);
  symbol.set_section(text);
  symbol.set_alias_of("");
  addShared(report, text, 32, text).set_alias_of(text);
  auto& blocker = *report.add_blockers();
  blocker.set_name(text);
  blocker.set_reason(text);
  blocker.set_remedy(text);
  blocker.set_detail(text);
  blocker.add_members(text);
  blocker.add_members(text);
  for (romlink::v1::Difference* difference :
       {report.add_accepted()->mutable_difference(), report.add_suggestions()->add_differences()}) {
    difference->set_symbol(text);
    difference->set_summary(text);
    difference->set_rom_listing(std::string(text).append("\n").append(text));
    difference->set_firmware_listing(text);
  }
  auto& accepted = *report.mutable_accepted(0);
  accepted.set_symbol(text);
  accepted.set_rule(text);
  accepted.set_reason(text);
  accepted.add_dependents(text);
  report.mutable_suggestions(0)->add_symbols(text);
  report.add_states()->set_symbol(text);
  report.mutable_states(0)->set_rom_address(text);
  auto& flag = *report.add_flag_differences();
  flag.set_name(text);
  flag.set_rom(text);
  flag.set_firmware(text);
  flag.set_detail(text);
  flag.set_rom_source(text);
  flag.set_firmware_source(text);
  flag.add_objects(text);
  flag.add_symbols(text);
  auto& finding = *report.add_findings();
  finding.set_code(text);
  finding.set_message(text);
  finding.set_symbol(text);
  report.add_flash_breakdown()->set_category(text);
  report.mutable_flash_breakdown(0)->set_baseline_bytes(100);
  report.mutable_flash()->set_baseline_bytes(100);
  return report;
}

} // namespace romlink::report::test
