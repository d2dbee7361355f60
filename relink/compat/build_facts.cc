#include "relink/compat/build_facts.h"

#include "relink/compat/dwarf_check.h"
#include "relink/compat/dwarf_sections.h"
#include "relink/compat/one_line.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>

namespace romlink::relink {
namespace {

/// The zero-terminated strings of a section.
template <typename Visit>
void eachString(const Section& section, Visit visit) {
  const std::string_view text = asText(section.data);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    if (end > at)
      visit(text.substr(at, end - at));
    at = end + 1;
  }
}

/// A compiler's name, perhaps with its options: a DW_AT_producer, or an entry of `.GCC.command.line`.
void readRecord(std::string_view text, std::string_view source, BuildFacts& facts) {
  if (source == source::kProducer || text.starts_with("GNU "))
    if (const std::string compiler = compilerIn(text); !compiler.empty())
      facts.add(flag::kCompiler, compiler, source);
  const std::size_t first = text.starts_with('-') ? 0 : text.find(" -");
  if (first == std::string_view::npos)
    return; // without options
  // gcc before version 11 recorded each option by itself.
  const bool whole = !text.starts_with('-');
  readOptions(optionsIn(text.substr(first)), whole, compilerOf(compilerIn(text)), source, facts);
}

/// DW_AT_producer of every compile unit.
void readProducers(const ElfImage& elf, const std::string& where, BuildFacts& facts) {
  std::string problem;
  const auto note = [&](llvm::Error error) {
    std::string text = llvm::toString(std::move(error));
    if (problem.empty())
      problem = std::move(text);
  };
  const auto sections = DwarfSections::read(elf);
  if (sections && sections->empty())
    return;
  const auto dwarf = sections ? openDwarf(*sections, note) : nullptr;
  const Result<void> whole = dwarf ? checkUnits(*dwarf) : fail(sections.error());
  if (!whole) {
    facts.cannotRead(where, "DWARF", whole.error().why);
    return;
  }
  for (const auto& unit : dwarf->compile_units()) {
    const llvm::DWARFDie die = unit->getUnitDIE(true);
    if (!die.isValid())
      continue;
    const auto language = llvm::dwarf::toUnsigned(die.find(llvm::dwarf::DW_AT_language), 0);
    if (language == llvm::dwarf::DW_LANG_Mips_Assembler)
      continue;
    if (const char* producer = llvm::dwarf::toString(die.find(llvm::dwarf::DW_AT_producer), nullptr))
      readRecord(producer, source::kProducer, facts);
  }
  if (!problem.empty())
    facts.cannotRead(where, "DWARF", problem);
}

/// Of an object without a fused multiply-add, which VFPv4 brought: contraction means nothing to it. A linked
/// image's attributes may be those of one of its objects only.
void leaveOutContraction(BuildFacts& facts) {
  const auto isFused = [](const Fact& unit) {
    return unit.value != value::kNone && !unit.value.starts_with("VFPv1") &&
           !unit.value.starts_with("VFPv2") && !unit.value.starts_with("VFPv3");
  };
  const auto units = facts.of(flag::kFpu);
  if (!units.empty() && std::none_of(units.begin(), units.end(), isFused))
    std::erase_if(facts.facts, [](const Fact& fact) { return fact.flag == flag::kFpContract; });
}

} // namespace

void BuildFacts::cannotRead(const std::string& where, std::string_view record, std::string why) {
  unreadable.push_back(fmt::format("{}{}{} cannot be read: {}", where, where.empty() ? "" : ": ", record,
                                   oneLine(std::move(why))));
}

std::vector<Fact> BuildFacts::of(std::string_view name) const {
  std::vector<Fact> found;
  for (auto fact = facts.lower_bound({std::string(name), "", ""}); fact != facts.end() && fact->flag == name;
       ++fact)
    found.push_back(*fact);
  return found;
}

bool BuildFacts::says(std::string_view name, std::string_view value) const {
  const auto fact = facts.lower_bound({std::string(name), std::string(value), ""});
  return fact != facts.end() && fact->flag == name && fact->value == value;
}

std::string compilerIn(std::string_view text) {
  const std::string_view name = text.substr(0, std::min(text.find(" -"), text.size()));
  if (name.find("Linker") != std::string_view::npos || name.starts_with("GNU AS"))
    return {};
  const bool gcc = name.starts_with("GNU ") || name.starts_with("GCC: ");
  const std::size_t clang = name.find("clang version ");
  if (!gcc && clang == std::string_view::npos)
    return std::string(name);
  // The first word that is a version: after "clang version ", or one of digits and dots.
  std::string_view rest = gcc ? name : name.substr(clang + std::string_view("clang version ").size());
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    if (word.find('.') != std::string_view::npos && word[0] >= '0' && word[0] <= '9')
      return std::string(gcc ? "gcc " : "clang ") + std::string(word);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::string(name);
}

Compiler compilerOf(std::string_view name) {
  name.remove_prefix(name.find_last_of("/\\") + 1);
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  return has("clang") ? Compiler::Clang : has("gcc") || has("g++") ? Compiler::Gcc : Compiler::Unknown;
}

BuildFacts buildFactsOf(const ElfImage& elf, const std::string& where) {
  BuildFacts facts;
  readAttributes(elf, where, facts);
  if (elf.findSection(".debug_info") != nullptr)
    readProducers(elf, where, facts);
  for (const Section& section : elf.sections) {
    if (section.name == source::kCommandLine)
      eachString(section, [&](std::string_view text) { readRecord(text, source::kCommandLine, facts); });
    else if (section.name == source::kComment)
      eachString(section, [&](std::string_view text) {
        if (const std::string compiler = compilerIn(text);
            !compiler.empty() && !facts.says(flag::kCompiler, compiler))
          facts.add(flag::kCompiler, compiler, source::kComment);
      });
  }
  if (elf.type == llvm::ELF::ET_REL)
    leaveOutContraction(facts);
  return facts;
}

} // namespace romlink::relink
