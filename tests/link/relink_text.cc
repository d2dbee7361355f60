// Runs the relinker on files, without archive and service, and prints the plan as text: the subject of the
// lit tests.
//
//   relink-text ROM.elf OUTPUT.elf [--policy F] [--volatile ADDR:SIZE]... [--shared-ram ADDR:SIZE]
//               [--offer NAME]... [--defect ADVISORY:SYMBOL]... [--other-rom ROM.elf]... [--suggest-waivers]
//               [--timing] [--places] [--types] -- LINKER ARGUMENTS
//
// Prints "SYMBOL DECISION REASON ROM-ADDRESS DETAIL" for each symbol, sorted (with --places, "OBJECT SECTION
// " before it), then the sums; errors as the client prints them. Exit codes are those of the client. With
// --sections it prints first, as soon as the plan is fixed, "shares OBJECT SECTION ADDRESS ROM-ADDRESS" for
// each section that is to be taken from the ROM, named or not. With --types it prints last, for each symbol
// that the ROM has too, "types SYMBOL OUTCOME HASH NOTES".
//
//   relink-text --batch
//
// does so many times without starting a process anew: each line of the standard input is a folder and the
// arguments, separated by tabs. Runs them in turn, each in a fork of this process (lld keeps global state)
// and in its folder, with errors on the standard output, and prints "end CODE" after each.

#include "base/file.h"
#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "relink/plan/plan.h"
#include "relink/relinker.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

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
  for (const auto& suggestion : report.suggestions()) {
    std::cout << "suggest";
    for (const auto& symbol : suggestion.symbols())
      std::cout << ' ' << symbol;
    std::cout << fmt::format(" gains {}\n", suggestion.gain_bytes());
  }
  for (const auto& flag : report.flag_differences())
    std::cout << fmt::format("flag {} {} ROM {} ({}) firmware {} ({}) objects {} symbols {}\n", flag.name(),
                             romlink::v1::FlagDifference::Effect_Name(flag.effect()), flag.rom(),
                             flag.rom_source(), flag.firmware(), flag.firmware_source(),
                             fmt::join(flag.objects(), ","), fmt::join(flag.symbols(), ","));
  for (const auto& finding : report.findings())
    std::cout << fmt::format("finding {} {}\n", finding.code(), finding.message());
  for (const auto& rom : report.roms()) {
    std::cout << fmt::format("rom {}@{} could share {} bytes of {} symbols", rom.rom_name(),
                             rom.rom_version(), rom.shareable_bytes(), rom.shareable_symbols());
    for (const auto& symbol : rom.only_here())
      std::cout << ' ' << symbol;
    std::cout << '\n';
  }
  std::cout << fmt::format("flash {} -> {} saved {}\n", report.flash().baseline_bytes(),
                           report.flash().linked_bytes(), report.flash().saved_bytes());
  for (const auto& share : report.flash_breakdown())
    std::cout << fmt::format("  {}: {} -> {}\n", share.category(), share.baseline_bytes(),
                             share.linked_bytes());
}

struct Shown {
  bool places = false;   ///< object and section of each symbol
  bool sections = false; ///< each shared section
  bool timing = false;   ///< of the matching
  bool types = false;    ///< how the types of each symbol compare
};

void printTypes(const romlink::v1::LinkReport& report) {
  using romlink::v1::SymbolDecision;
  for (const auto& symbol : report.symbols()) {
    if (symbol.types() == SymbolDecision::TYPES_UNSPECIFIED)
      continue;
    std::cout << fmt::format("types {} {} {}", symbol.name(), SymbolDecision::Types_Name(symbol.types()),
                             symbol.type_hash().empty() ? "-" : symbol.type_hash());
    for (const auto& note : symbol.type_notes())
      std::cout << "; " << note;
    std::cout << '\n';
  }
  std::cout << fmt::format("types of {} symbols checked, of {} not: {}\n", report.types().checked(),
                           report.types().not_checked(), report.types().why_not());
}

struct Roms {
  std::filesystem::path first;
  std::vector<std::filesystem::path> others;
  std::filesystem::path flags;      ///< the owner's record of options; may be empty
  std::vector<std::string> defects; ///< "ADVISORY:SYMBOL", in each of them that has the symbol
};

/// Makes the ROM's index below `folder`; gives the rest of `reference` as the archive would.
Result<void> describe(const std::filesystem::path& elf, const Roms& roms, const std::filesystem::path& folder,
                      relink::RomReference& reference) {
  relink::RomQuestion question;
  question.elf = elf;
  question.volatileRanges = reference.volatileRanges;
  question.flags = roms.flags;
  ROMLINK_ASSIGN(const auto answer, relink::inspectRom(question));
  reference.imageHash = answer.imageHash;
  reference.name = elf.stem();
  reference.version = "1";
  reference.index = folder / (elf.stem().string() + ".index");
  ROMLINK_TRY(writeFile(reference.index, asBytes(answer.index)));
  ROMLINK_ASSIGN(const auto image, relink::RomImage::read(reference.index, {}));
  for (const std::string& text : roms.defects) {
    const std::size_t colon = text.find(':');
    const std::string symbol = text.substr(colon + 1);
    for (const bool function : {true, false})
      for (const relink::Address address : image.addressesOf(symbol, function))
        reference.defects.push_back({text.substr(0, colon), "it is wrong", symbol, address});
  }
  return {};
}

Result<int> run(relink::LinkJob job, const Roms& roms, const std::filesystem::path& output,
                const Shown& shown) {
  ROMLINK_ASSIGN(const auto scratch,
                 TemporaryDirectory::create(std::filesystem::temp_directory_path(), "relink-text"));
  ROMLINK_TRY(describe(roms.first, roms, scratch.path(), *job.rom));
  for (const std::filesystem::path& other : roms.others) {
    relink::RomReference reference = *job.rom;
    reference.defects.clear();
    ROMLINK_TRY(describe(other, roms, scratch.path(), reference));
    job.otherRoms.push_back(std::move(reference));
  }
  job.scratch = scratch.path() / "link";
  std::filesystem::create_directory(job.scratch);
  ROMLINK_ASSIGN(const auto outcome, relink::relink(job));
  print(outcome.report, shown.places);
  if (shown.types)
    printTypes(outcome.report);
  if (shown.timing)
    std::cout << fmt::format("read back {:.1f} ms\nmatch {:.1f} ms\n", outcome.report.timing().read_back_ms(),
                             outcome.report.timing().match_ms());
  if (outcome.image.empty())
    return 1;
  ROMLINK_ASSIGN(const auto image, readFile(outcome.image));
  ROMLINK_TRY(writeFile(output, image, true));
  return 0;
}

void printSections(const relink::Firmware& firmware, const relink::Plan& plan) {
  for (std::size_t i = 0; i < firmware.sections.size(); ++i)
    if (plan.sections[i].shared) {
      const relink::LiveSection& live = firmware.sections[i];
      std::cout << fmt::format("shares {} {} {:#x} {:#x}\n", live.object->name, live.elf().name, live.address,
                               plan.sections[i].sharedAt());
    }
}

int once(int argc, char** argv) {
  CLI::App app("Runs the relinker and prints the plan");
  std::string rom;
  std::string output;
  relink::LinkJob job;
  job.rom.emplace();
  std::vector<std::string> volatiles;
  std::string sharedRam;
  Shown shown;
  Roms roms;
  app.add_option("rom", rom)->required();
  app.add_option("output", output)->required();
  app.add_option("--policy", job.policy);
  app.add_option("--offer", job.rom->sharedSymbols)->allow_extra_args(false);
  app.add_option("--defect", roms.defects)->allow_extra_args(false);
  app.add_option("--other-rom", roms.others)->allow_extra_args(false);
  app.add_option("--volatile", volatiles)->allow_extra_args(false);
  app.add_option("--shared-ram", sharedRam);
  app.add_option("--flags", roms.flags);
  app.add_flag("--places", shown.places);
  app.add_flag("--sections", shown.sections);
  app.add_flag("--timing", shown.timing);
  app.add_flag("--types", shown.types);
  app.add_flag("--suggest-waivers", job.suggestWaivers);
  app.add_option("arguments", job.arguments);
  CLI11_PARSE(app, argc, argv);
  for (const std::string& text : volatiles)
    job.rom->volatileRanges.push_back(rangeOf(text));
  if (!sharedRam.empty())
    job.rom->sharedRam = rangeOf(sharedRam);
  if (shown.sections)
    job.planned = printSections;
  job.inputs = std::filesystem::current_path();
  if (!job.policy.empty())
    job.policy = std::filesystem::absolute(job.policy);
  roms.first = std::filesystem::absolute(rom);
  for (std::filesystem::path& other : roms.others)
    other = std::filesystem::absolute(other);
  const auto code = run(job, roms, std::filesystem::absolute(output), shown);
  return code ? *code : report(code.error());
}

/// One line of a batch, in a child. Does not return.
[[noreturn]] void runLine(const std::string& line, const std::string& program) {
  constexpr unsigned kSeconds = 120; // a job that takes longer hangs, and ends by a signal
  alarm(kSeconds);
  dup2(STDOUT_FILENO, STDERR_FILENO);
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, '\t');)
    words.push_back(word);
  std::filesystem::current_path(words.at(0));
  words[0] = program;
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  const int code = once(static_cast<int>(arguments.size()), arguments.data());
  std::cout.flush();
  _exit(code);
}

int batch(const std::string& program) {
  for (std::string line; std::getline(std::cin, line);) {
    const pid_t child = fork();
    if (child == 0)
      runLine(line, program);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
      return 1;
    std::cout << "end " << (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)) << std::endl;
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  return argc == 2 && std::string_view(argv[1]) == "--batch" ? batch(argv[0]) : once(argc, argv);
}
