// Runs the relinker on files, without archive and service, and prints the plan as text: the subject of the
// lit tests.
//
//   relink-text ROM.elf OUTPUT.elf [--policy F] [--volatile ADDR:SIZE]... [--shared-ram ADDR:SIZE]
//               [--offer NAME]... [--places] -- LINKER ARGUMENTS
//
// Prints "SYMBOL DECISION REASON ROM-ADDRESS DETAIL" for each symbol, sorted (with --places, "OBJECT SECTION
// " before it), then the sums; errors as the client prints them. Exit codes are those of the client.

#include "base/file.h"
#include "relink/relinker.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>

using namespace romlink;

namespace {

int report(const Error& error) {
  std::cerr << "romlink: error: " << error.line() << '\n';
  if (!error.hint.empty())
    std::cerr << "hint: " << error.hint << '\n';
  return exitCodeOf(error.code);
}

/// "ADDR:SIZE".
relink::AddressRange rangeOf(const std::string& text) {
  const std::size_t colon = text.find(':');
  return {static_cast<std::uint32_t>(std::stoul(text.substr(0, colon), nullptr, 0)),
          static_cast<std::uint32_t>(std::stoul(text.substr(colon + 1), nullptr, 0))};
}

void print(const romlink::v1::LinkReport& report, bool places) {
  using romlink::v1::SymbolDecision;
  for (const auto& symbol : report.symbols())
    std::cout << fmt::format(
        "{}{} {} {} {} {}\n", places ? symbol.object() + ' ' + symbol.section() + ' ' : "", symbol.name(),
        SymbolDecision::Decision_Name(symbol.decision()), symbol.reason().empty() ? "-" : symbol.reason(),
        symbol.rom_address().empty() ? "-" : symbol.rom_address(), symbol.detail());
  for (const auto& blocker : report.blockers())
    std::cout << fmt::format("blocker {} {} {}\n", blocker.name(), blocker.reason(), blocker.price_bytes());
  for (const auto& finding : report.findings())
    std::cout << fmt::format("finding {} {}\n", finding.code(), finding.message());
  std::cout << fmt::format("flash {} -> {} saved {}\n", report.flash().baseline_bytes(),
                           report.flash().linked_bytes(), report.flash().saved_bytes());
  for (const auto& share : report.flash_breakdown())
    std::cout << fmt::format("  {}: {} -> {}\n", share.category(), share.baseline_bytes(),
                             share.linked_bytes());
}

Result<int> run(relink::LinkJob job, const std::filesystem::path& rom, const std::filesystem::path& output,
                bool places) {
  relink::RomQuestion question;
  question.elf = rom;
  question.volatileRanges = job.rom->volatileRanges;
  ROMLINK_ASSIGN(const auto answer, relink::inspectRom(question));
  job.rom->imageHash = answer.imageHash;
  ROMLINK_ASSIGN(const auto scratch,
                 TemporaryDirectory::create(std::filesystem::temp_directory_path(), "relink-text"));
  job.scratch = scratch.path();
  ROMLINK_ASSIGN(const auto outcome, relink::relink(job));
  print(outcome.report, places);
  if (outcome.image.empty())
    return 1;
  ROMLINK_ASSIGN(const auto image, readFile(outcome.image));
  ROMLINK_TRY(writeFile(output, image, true));
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs the relinker and prints the plan");
  std::string rom;
  std::string output;
  relink::LinkJob job;
  job.rom.emplace();
  std::vector<std::string> volatiles;
  std::string sharedRam;
  bool places = false;
  app.add_option("rom", rom)->required();
  app.add_option("output", output)->required();
  app.add_option("--policy", job.policy);
  app.add_option("--offer", job.rom->sharedSymbols)->allow_extra_args(false);
  app.add_option("--volatile", volatiles)->allow_extra_args(false);
  app.add_option("--shared-ram", sharedRam);
  app.add_flag("--places", places);
  app.add_option("arguments", job.arguments);
  CLI11_PARSE(app, argc, argv);
  for (const std::string& text : volatiles)
    job.rom->volatileRanges.push_back(rangeOf(text));
  if (!sharedRam.empty())
    job.rom->sharedRam = rangeOf(sharedRam);
  job.inputs = std::filesystem::current_path();
  if (!job.policy.empty())
    job.policy = std::filesystem::absolute(job.policy);
  job.rom->elf = std::filesystem::absolute(rom);
  job.rom->name = "rom";
  job.rom->version = "1";
  const auto code = run(job, job.rom->elf, std::filesystem::absolute(output), places);
  return code ? *code : report(code.error());
}
