// How one object, or the ROM, was compiled: each flag with its value in words and where it is recorded.
//
// A flag that no record tells has no value. It is never filled with what a compiler does by default, except
// where the record is known to be whole: a compiler leaves out build attributes that are 0 (ADDENDA32,
// 3.1), and a recorded command line without an option did not have it.
//
// Sources: `.ARM.attributes` ("Addenda to the ABI for the Arm Architecture", ADDENDA32), DW_AT_producer of
// each compile unit (DWARF 5, 3.1.1; gcc adds its flags, clang with -grecord-command-line),
// `.GCC.command.line` (-frecord-gcc-switches, -frecord-command-line), `.comment` (compiler and version).
#pragma once

#include "relink/compat/floating_point.h"
#include "relink/image/elf_image.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

/// Names of flags, as reports show them.
namespace flag {
inline constexpr std::string_view kProfile = "Tag_CPU_arch_profile";
inline constexpr std::string_view kArchitecture = "Tag_CPU_arch";
inline constexpr std::string_view kFloatAbi = "Tag_ABI_VFP_args";
inline constexpr std::string_view kFpu = "Tag_FP_arch";
inline constexpr std::string_view kMve = "Tag_MVE_arch";
inline constexpr std::string_view kHalfFloat = "Tag_ABI_FP_16bit_format";
inline constexpr std::string_view kEnumSize = "Tag_ABI_enum_size";
inline constexpr std::string_view kWideChar = "Tag_ABI_PCS_wchar_t";
inline constexpr std::string_view kPcs = "-mabi";
inline constexpr std::string_view kPcsConfig = "Tag_PCS_config";
inline constexpr std::string_view kR9 = "Tag_ABI_PCS_R9_use";
inline constexpr std::string_view kRwData = "Tag_ABI_PCS_RW_data";
inline constexpr std::string_view kRoData = "Tag_ABI_PCS_RO_data";
inline constexpr std::string_view kGot = "Tag_ABI_PCS_GOT_use";
inline constexpr std::string_view kRegisters = "-ffixed-REG";
inline constexpr std::string_view kStackAlignment = "Tag_ABI_align_preserved";
inline constexpr std::string_view kUnaligned = "Tag_CPU_unaligned_access";
inline constexpr std::string_view kBti = "Tag_BTI_use";
inline constexpr std::string_view kPac = "Tag_PACRET_use";
inline constexpr std::string_view kCmse = "-mcmse";
inline constexpr std::string_view kStackProtector = "-fstack-protector";
inline constexpr std::string_view kPackStruct = "-fpack-struct";
inline constexpr std::string_view kStructReturn = "-fpcc-struct-return";
inline constexpr std::string_view kChar = "-fsigned-char";
inline constexpr std::string_view kPureCode = "-mpure-code";
inline constexpr std::string_view kTime = "_TIME_BITS";
inline constexpr std::string_view kFastMath = "-ffast-math";
inline constexpr std::string_view kFpContract = "-ffp-contract";
inline constexpr std::string_view kRounding = "-frounding-math";
inline constexpr std::string_view kOverflow = "-fwrapv";
inline constexpr std::string_view kAliasing = "-fno-strict-aliasing";
inline constexpr std::string_view kNullPointers = "-fno-delete-null-pointer-checks";
inline constexpr std::string_view kLdrdErratum = "-mfix-cortex-m3-ldrd";
inline constexpr std::string_view kVlldmErratum = "-mfix-cmse-cve-2021-35465";
inline constexpr std::string_view kLto = "-flto";
inline constexpr std::string_view kOptimisation = "-O";
inline constexpr std::string_view kCompiler = "compiler";
} // namespace flag

/// Where facts are recorded.
namespace source {
inline constexpr std::string_view kAttributes = ".ARM.attributes";
inline constexpr std::string_view kProducer = "DW_AT_producer";
inline constexpr std::string_view kCommandLine = ".GCC.command.line";
inline constexpr std::string_view kComment = ".comment";
inline constexpr std::string_view kPublished = "published flags";
} // namespace source

/// Values that rules look at (flag_rules.cc).
namespace value {
inline constexpr std::string_view kYes = "yes";
inline constexpr std::string_view kNo = "no";
inline constexpr std::string_view kNone = "none";
inline constexpr std::string_view kEither = "either";
inline constexpr std::string_view kReserved = "reserved";
inline constexpr std::string_view kGeneral = "general register";
inline constexpr std::string_view kStaticBase = "static base";
inline constexpr std::string_view kNeeded = "8 bytes, needed";
inline constexpr std::string_view kNeededOnly = "8 bytes needed, not preserved";
inline constexpr std::string_view kNotPreserved = "not preserved";
inline constexpr std::string_view kVariableEnum = "variable (-fshort-enums)";
inline constexpr std::string_view kIntEnum = "int (-fno-short-enums)";
inline constexpr std::string_view kCoreRegisters = "core registers (soft, softfp)";
inline constexpr std::string_view kVfpRegisters = "VFP registers (hard)";
inline constexpr std::string_view kNatural = "natural";
inline constexpr std::string_view kOff = "off";
inline constexpr std::string_view kDefault = "the compiler's default";
} // namespace value

struct Fact {
  std::string flag;
  std::string value;
  std::string source;
  auto operator<=>(const Fact&) const = default;
};

struct BuildFacts {
  std::set<Fact> facts;
  std::vector<std::string> unreadable; ///< a record that could not be read and why, one line each

  void add(std::string_view flag, std::string_view value, std::string_view source) {
    facts.insert({std::string(flag), std::string(value), std::string(source)});
  }
  /// `where` may be empty.
  void cannotRead(const std::string& where, std::string_view record, std::string why);
  /// By value, then source.
  [[nodiscard]] std::vector<Fact> of(std::string_view flag) const;
  [[nodiscard]] bool knows(std::string_view flag) const { return !of(flag).empty(); }
  [[nodiscard]] bool says(std::string_view flag, std::string_view value) const;
};

/// Everything that an object or a linked image records. `where` names it in `unreadable`; empty: the ROM,
/// whose index is the same whatever its file is called.
[[nodiscard]] BuildFacts buildFactsOf(const ElfImage& elf, const std::string& where);

/// Of `.ARM.attributes` alone (attributes.cc). Adds to `facts`.
void readAttributes(const ElfImage& elf, const std::string& where, BuildFacts& facts);

/// Of a compiler's options (options.cc). `whole`: the command line is complete, so an option that is missing
/// was not given.
void readOptions(const std::vector<std::string>& options, bool whole, Compiler compiler,
                 std::string_view source, BuildFacts& facts);

/// Words of a command line, with quotes and backslashes as a shell or gcc's response files have them.
[[nodiscard]] std::vector<std::string> optionsIn(std::string_view line);

/// "GNU C17 12.2.1 20221205 -mthumb" or "GCC: (15:12.2.rel1-1) 12.2.1 20221205": "gcc 12.2.1". Anything else
/// as it is, without options. Empty: an assembler or a linker.
[[nodiscard]] std::string compilerIn(std::string_view text);

/// Whose options these are, by compilerIn()'s answer or a program's name, with or without its folder.
[[nodiscard]] Compiler compilerOf(std::string_view name);

} // namespace romlink::relink
