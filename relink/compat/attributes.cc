// Build attributes in words. Values and their meaning: ADDENDA32, 3.2 to 3.4; the parser is LLVM's.
//
// An assembler writes the architecture's tags only, a compiler those of the procedure call standard too. So a
// missing tag is its default, 0, in what a compiler wrote, and not known elsewhere. A linked image lacks what
// its linker did not take over: GNU ld drops "8-byte alignment preserved" if one object does not say it; lld
// keeps the first object's attributes and no others (lld/ELF, "use the first .ARM.attributes").
#include "relink/compat/build_facts.h"

#include <array>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/ARMAttributeParser.h>
#include <llvm/Support/ARMBuildAttributes.h>
#include <optional>

namespace romlink::relink {
namespace {

namespace tag = llvm::ARMBuildAttrs;

class Attributes {
public:
  Attributes(const llvm::ARMAttributeParser& parser, bool linked, BuildFacts& facts)
      : parser_(parser), facts_(facts), linked_(linked) {
    for (const unsigned compilerTag : {tag::ABI_PCS_wchar_t, tag::ABI_enum_size, tag::ABI_FP_number_model,
                                       tag::ABI_align_needed, tag::ABI_optimization_goals})
      compiled_ |= given(compilerTag).has_value();
  }

  void read() {
    architecture();
    floatingPoint();
    layout();
    alignment();
    registers();
    named(tag::BTI_use, flag::kBti, {value::kNo, value::kYes});
    named(tag::PACRET_use, flag::kPac, {value::kNo, value::kYes});
  }

private:
  [[nodiscard]] std::optional<unsigned> given(unsigned number) const {
    return parser_.getAttributeValue(number);
  }
  /// With the default of what a compiler left out.
  [[nodiscard]] std::optional<unsigned> known(unsigned number) const {
    const auto explicitly = given(number);
    return explicitly || !compiled_ ? explicitly : std::optional(0U);
  }
  void say(std::string_view name, std::string_view text) const {
    facts_.add(name, text, source::kAttributes);
  }
  /// A number that has no name here.
  void sayNumber(std::string_view name, unsigned number) const { say(name, fmt::format("value {}", number)); }
  /// An empty name says nothing.
  template <std::size_t N>
  void name(unsigned number, std::string_view flag, const std::array<std::string_view, N>& names) const {
    if (number >= N)
      sayNumber(flag, number);
    else if (!names[number].empty())
      say(flag, names[number]);
  }
  template <std::size_t N>
  void named(unsigned tagNumber, std::string_view flag, const std::string_view (&names)[N]) const {
    if (const auto number = known(tagNumber))
      name(*number, flag, std::to_array(names));
  }

  void architecture() const {
    static constexpr std::array<std::string_view, 22> kNames = {
        "pre-v4",    "v4",        "v4T",    "v5T",    "v5TE",   "v5TEJ",      "v6",   "v6KZ",
        "v6T2",      "v6K",       "v7",     "v6-M",   "v6S-M",  "v7E-M",      "v8-A", "v8-R",
        "v8-M.base", "v8-M.main", "v8.1-A", "v8.2-A", "v8.3-A", "v8.1-M.main"};
    if (const auto number = given(tag::CPU_arch))
      name(*number, flag::kArchitecture, kNames);
    const unsigned profile = given(tag::CPU_arch_profile).value_or(0);
    switch (profile) {
    case 0:
      return;
    case 'M':
      return say(flag::kProfile, "microcontroller");
    case 'A':
      return say(flag::kProfile, "application");
    case 'R':
      return say(flag::kProfile, "real-time");
    case 'S':
      return say(flag::kProfile, "application or real-time");
    default:
      return sayNumber(flag::kProfile, profile);
    }
  }

  void floatingPoint() const {
    named(tag::ABI_VFP_args, flag::kFloatAbi,
          {value::kCoreRegisters, value::kVfpRegisters, "the tool chain's own", value::kEither});
    static constexpr std::array<std::string_view, 9> kUnits = {
        value::kNone, "VFPv1", "VFPv2", "VFPv3", "VFPv3-D16", "VFPv4", "VFPv4-D16", "FPv5", "FPv5-D16"};
    if (const auto unit = known(tag::FP_arch)) {
      const bool single = given(tag::ABI_HardFP_use) == 1U && *unit != 0;
      if (*unit < kUnits.size())
        say(flag::kFpu, std::string(kUnits[*unit]) + (single ? ", single precision" : ""));
      else
        sayNumber(flag::kFpu, *unit);
    }
    named(tag::MVE_arch, flag::kMve, {value::kNone, "integers", "integers and floating point"});
    named(tag::ABI_FP_16bit_format, flag::kHalfFloat, {"", "IEEE 754", "alternative"});
  }

  void layout() const {
    if (const auto number = given(tag::ABI_enum_size))
      name(*number, flag::kEnumSize,
           std::to_array<std::string_view>({"", value::kVariableEnum, value::kIntEnum, value::kEither}));
    if (const auto bytes = given(tag::ABI_PCS_wchar_t); bytes && *bytes != 0)
      say(flag::kWideChar, fmt::format("{} bytes", *bytes));
    if (const auto access = given(tag::CPU_unaligned_access))
      say(flag::kUnaligned, *access == 0 ? value::kNo : value::kYes);
  }

  void alignment() const {
    const auto needed = given(tag::ABI_align_needed);
    const auto preserved = given(tag::ABI_align_preserved);
    if (needed)
      say(flag::kPcs, "aapcs"); // gcc writes it for AAPCS only
    const bool needs = needed.value_or(0) != 0;
    const bool mayPreserve =
        preserved ? *preserved != 0 : linked_ || !compiled_; // a linker may have dropped it
    if (needs)
      say(flag::kStackAlignment, mayPreserve ? value::kNeeded : value::kNeededOnly);
    else if (!mayPreserve)
      say(flag::kStackAlignment, value::kNotPreserved);
  }

  /// gcc writes none of these, whatever its options are.
  void registers() const {
    const auto explicitly = [&](unsigned number, std::string_view flag, const auto& names) {
      if (const auto found = given(number))
        name(*found, flag, names);
    };
    explicitly(tag::ABI_PCS_R9_use, flag::kR9,
               std::to_array<std::string_view>(
                   {value::kGeneral, value::kStaticBase, "thread pointer", value::kReserved}));
    explicitly(tag::ABI_PCS_RW_data, flag::kRwData,
               std::to_array<std::string_view>({"absolute", "PC-relative", "relative to r9", ""}));
    explicitly(tag::ABI_PCS_RO_data, flag::kRoData,
               std::to_array<std::string_view>({"absolute", "PC-relative", ""}));
    explicitly(tag::ABI_PCS_GOT_use, flag::kGot,
               std::to_array<std::string_view>({"", "direct", "through a global offset table"}));
    if (const auto config = given(tag::PCS_config); config && *config != 0)
      sayNumber(flag::kPcsConfig, *config);
  }

  const llvm::ARMAttributeParser& parser_;
  BuildFacts& facts_;
  bool linked_ = false;
  bool compiled_ = false; ///< by a compiler, not by an assembler
};

} // namespace

void readAttributes(const ElfImage& elf, const std::string& where, BuildFacts& facts) {
  for (const Section& section : elf.sections) {
    if (section.type != llvm::ELF::SHT_ARM_ATTRIBUTES)
      continue;
    llvm::ARMAttributeParser parser;
    if (llvm::Error error =
            parser.parse({section.data.data(), section.data.size()}, llvm::endianness::little)) {
      facts.cannotRead(where, source::kAttributes, llvm::toString(std::move(error)));
      continue;
    }
    Attributes(parser, elf.type != llvm::ELF::ET_REL, facts).read();
  }
}

} // namespace romlink::relink
