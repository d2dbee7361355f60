// Compilers' options in words: those that change a call, the layout of types, or what code may need of its
// surroundings. gcc's and clang's names; of options that exclude each other the last one counts.
#include "relink/compat/build_facts.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <llvm/Support/Allocator.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/StringSaver.h>
#include <map>

namespace romlink::relink {
namespace {

/// What an option says of a flag.
struct Meaning {
  std::string_view option;
  std::string_view flag;
  std::string_view value;
};

constexpr Meaning kMeanings[] = {
    {"-fshort-enums", flag::kEnumSize, value::kVariableEnum},
    {"-fno-short-enums", flag::kEnumSize, value::kIntEnum},
    {"-fshort-wchar", flag::kWideChar, "2 bytes"},
    {"-fno-short-wchar", flag::kWideChar, "4 bytes"},
    {"-mfloat-abi=hard", flag::kFloatAbi, value::kVfpRegisters},
    {"-mfloat-abi=softfp", flag::kFloatAbi, value::kCoreRegisters},
    {"-mfloat-abi=soft", flag::kFloatAbi, value::kCoreRegisters},
    {"-msoft-float", flag::kFloatAbi, value::kCoreRegisters},
    {"-mhard-float", flag::kFloatAbi, value::kVfpRegisters},
    {"-mfp16-format=ieee", flag::kHalfFloat, "IEEE 754"},
    {"-mfp16-format=alternative", flag::kHalfFloat, "alternative"},
    {"-fsigned-char", flag::kChar, "signed"},
    {"-fno-unsigned-char", flag::kChar, "signed"},
    {"-funsigned-char", flag::kChar, "unsigned"},
    {"-fno-signed-char", flag::kChar, "unsigned"},
    {"-fpack-struct", flag::kPackStruct, "1 byte"},
    {"-fpack-struct=1", flag::kPackStruct, "1 byte"},
    {"-fno-pack-struct", flag::kPackStruct, value::kNatural},
    {"-fpcc-struct-return", flag::kStructReturn, value::kYes},
    {"-freg-struct-return", flag::kStructReturn, value::kNo},
    {"-ffixed-r9", flag::kR9, value::kReserved},
    {"-msingle-pic-base", flag::kR9, value::kStaticBase},
    {"-frwpi", flag::kR9, value::kStaticBase},
    {"-mcmse", flag::kCmse, value::kYes},
    {"-mpure-code", flag::kPureCode, value::kYes},
    {"-mno-pure-code", flag::kPureCode, value::kNo},
    {"-mexecute-only", flag::kPureCode, value::kYes},
    {"-mno-execute-only", flag::kPureCode, value::kNo},
    {"-fstack-protector", flag::kStackProtector, "some functions"},
    {"-fstack-protector-strong", flag::kStackProtector, "strong"},
    {"-fstack-protector-all", flag::kStackProtector, "all"},
    {"-fstack-protector-explicit", flag::kStackProtector, "marked functions"},
    {"-fno-stack-protector", flag::kStackProtector, value::kNo},
    {"-D_TIME_BITS=64", flag::kTime, "64 bits"},
    {"-D_TIME_BITS=32", flag::kTime, "32 bits"},
    {"-D_USE_LONG_TIME_T", flag::kTime, "32 bits"}, // newlib, sys/_types.h
    {"-D_USE_LONG_TIME_T=1", flag::kTime, "32 bits"},
    {"-fwrapv", flag::kOverflow, "wraps"},
    {"-fno-strict-overflow", flag::kOverflow, "wraps"},
    {"-ftrapv", flag::kOverflow, "traps"},
    {"-fno-wrapv", flag::kOverflow, value::kNo},
    {"-fstrict-overflow", flag::kOverflow, value::kNo},
    {"-fno-trapv", flag::kOverflow, value::kNo},
    {"-fno-strict-aliasing", flag::kAliasing, value::kYes},
    {"-fstrict-aliasing", flag::kAliasing, value::kNo},
    {"-fno-delete-null-pointer-checks", flag::kNullPointers, value::kYes},
    {"-fdelete-null-pointer-checks", flag::kNullPointers, value::kNo},
    {"-mfix-cortex-m3-ldrd", flag::kLdrdErratum, value::kYes},
    {"-mno-fix-cortex-m3-ldrd", flag::kLdrdErratum, value::kNo},
    {"-mfix-cmse-cve-2021-35465", flag::kVlldmErratum, value::kYes},
    {"-mno-fix-cmse-cve-2021-35465", flag::kVlldmErratum, value::kNo},
    {"-munaligned-access", flag::kUnaligned, value::kYes},
    {"-mno-unaligned-access", flag::kUnaligned, value::kNo},
    {"-flto", flag::kLto, value::kYes},
    {"-fno-lto", flag::kLto, value::kNo},
};

/// What a whole command line says by an option that it lacks; the same for every target of Arm's ABI.
constexpr Meaning kWithout[] = {
    {"", flag::kChar, "unsigned"},
    {"", flag::kPackStruct, value::kNatural},
    {"", flag::kStructReturn, value::kNo},
    {"", flag::kR9, value::kGeneral},
    {"", flag::kRegisters, value::kNone},
    {"", flag::kCmse, value::kNo},
    {"", flag::kPureCode, value::kNo},
    {"", flag::kStackProtector, value::kNo},
    {"", flag::kOverflow, value::kNo},
    {"", flag::kAliasing, value::kNo},
    {"", flag::kNullPointers, value::kNo},
    {"", flag::kLto, value::kNo},
    {"", flag::kLdrdErratum, value::kNo},
    {"", flag::kVlldmErratum, value::kYes}, // for processors that have it
};

using Said = std::map<std::string_view, std::string>;

/// "-mbranch-protection=pac-ret+leaf+bti".
void readBranchProtection(std::string_view protection, Said& said) {
  const bool all = protection == "standard";
  const auto has = [&](std::string_view part) {
    return all || protection.find(part) != std::string_view::npos;
  };
  said[flag::kBti] = has("bti") ? value::kYes : value::kNo;
  said[flag::kPac] = has("pac-ret") ? value::kYes : value::kNo;
}

/// Options with a value of their own.
void readValued(std::string_view option, Said& said) {
  const auto after = [&](std::string_view prefix) -> std::string_view {
    return option.starts_with(prefix) ? option.substr(prefix.size()) : std::string_view();
  };
  if (const auto protection = after("-mbranch-protection="); !protection.empty())
    readBranchProtection(protection, said);
  else if (const auto bytes = after("-fpack-struct="); !bytes.empty())
    said[flag::kPackStruct] = fmt::format("{} byte{}", bytes, bytes == "1" ? "" : "s");
  else if (const auto pcs = after("-mabi="); !pcs.empty())
    said[flag::kPcs] = pcs;
  else if (option.starts_with("-flto="))
    said[flag::kLto] = value::kYes;
  else if (option == "-O" || (option.starts_with("-O") && option.size() <= 6))
    said[flag::kOptimisation] = option == "-O" ? "-O1" : option;
}

bool changesRegisters(std::string_view option) {
  return option != "-ffixed-r9" && (option.starts_with("-ffixed-") || option.starts_with("-fcall-used-") ||
                                    option.starts_with("-fcall-saved-"));
}

} // namespace

std::vector<std::string> optionsIn(std::string_view line) {
  llvm::BumpPtrAllocator memory;
  llvm::StringSaver saver(memory);
  llvm::SmallVector<const char*, 32> words;
  llvm::cl::TokenizeGNUCommandLine({line.data(), line.size()}, saver, words);
  return {words.begin(), words.end()};
}

void readOptions(const std::vector<std::string>& options, bool whole, Compiler compiler,
                 std::string_view source, BuildFacts& facts) {
  Said said = floatingPointFlags(options, whole, compiler);
  if (whole)
    for (const Meaning& without : kWithout)
      said[without.flag] = without.value;
  std::set<std::string> registers;
  std::string processor;
  bool ldrdIsAsked = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    // "-D NAME" is "-DNAME".
    const bool split = options[i] == "-D" && i + 1 < options.size();
    const std::string option = split ? "-D" + options[++i] : options[i];
    const auto meaning = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                      [&](const Meaning& known) { return known.option == option; });
    if (meaning != std::end(kMeanings)) {
      said[meaning->flag] = meaning->value;
      ldrdIsAsked |= meaning->flag == flag::kLdrdErratum;
    }
    if (option == "-mfloat-abi=soft" || option == "-msoft-float")
      said[flag::kFpu] = value::kNone;
    else if (option.starts_with("-mfloat-abi="))
      said.erase(flag::kFpu);
    if (option.starts_with("-mcpu="))
      processor = option;
    if (changesRegisters(option))
      registers.insert(option);
    else if (meaning == std::end(kMeanings))
      readValued(option, said);
  }
  // gcc's manual, "ARM Options": the default for this processor, the last that is named; what is asked for
  // counts wherever it stands.
  if (compiler == Compiler::Gcc && processor == "-mcpu=cortex-m3" && !ldrdIsAsked)
    said[flag::kLdrdErratum] = value::kYes;
  if (!registers.empty())
    said[flag::kRegisters] = fmt::format("{}", fmt::join(registers, " "));
  for (const auto& [name, text] : said)
    facts.add(name, text, source);
}

} // namespace romlink::relink
