#include "launcher/meaning.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace romlink::launcher {
namespace {

using Macros = std::map<std::string, std::string, std::less<>>;

Macros read(std::string_view text) {
  constexpr std::string_view kDefine = "#define ";
  Macros macros;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(kDefine))
      continue;
    const std::size_t space = line.find(' ', kDefine.size());
    macros[std::string(line.substr(kDefine.size(), space - kDefine.size()))] =
        space == std::string_view::npos ? "" : line.substr(space + 1);
  }
  return macros;
}

std::string valueOf(const Macros& macros, std::string_view name) {
  const auto found = macros.find(name);
  return found == macros.end() ? std::string() : found->second;
}

/// A choice between flags; the last one on the command line counts, and `usual` stands for all that say the
/// default.
struct Choice {
  std::string_view flag;
  std::string_view key;
  std::string_view value; ///< empty: the default
};

constexpr Choice kChoices[] = {
    // integers and pointers
    {"-fwrapv", "overflow", "wraps"},
    {"-fno-strict-overflow", "overflow", "wraps"},
    {"-ftrapv", "overflow", "traps"},
    {"-fno-wrapv", "overflow", ""},
    {"-fno-trapv", "overflow", ""},
    {"-fstrict-overflow", "overflow", ""},
    {"-fwrapv-pointer", "pointers", "wrap"},
    {"-fno-wrapv-pointer", "pointers", ""},
    {"-fno-strict-aliasing", "aliasing", "any"},
    {"-fstrict-aliasing", "aliasing", ""},
    {"-fno-delete-null-pointer-checks", "null", "checked"},
    {"-fdelete-null-pointer-checks", "null", ""},
    {"-funsigned-bitfields", "bitfields", "unsigned"},
    {"-fsigned-bitfields", "bitfields", ""},
    {"-fno-strict-volatile-bitfields", "volatile-bitfields", "any-width"},
    {"-fstrict-volatile-bitfields", "volatile-bitfields", ""},
    {"-fno-aapcs-bitfield-width", "volatile-bitfields", "any-width"},
    {"-faapcs-bitfield-width", "volatile-bitfields", ""},
    {"-fpack-struct", "pack", "1"},
    {"-fno-pack-struct", "pack", ""},
    // library functions
    {"-ffreestanding", "library", "freestanding"},
    {"-fno-hosted", "library", "freestanding"},
    {"-fhosted", "library", ""},
    {"-fno-freestanding", "library", ""},
    {"-fno-builtin", "builtin", "none"},
    {"-fbuiltin", "builtin", ""},
    // what is added to functions
    {"-finstrument-functions", "instrument", "functions"},
    {"-finstrument-functions-after-inlining", "instrument", "functions"},
    {"-fno-instrument-functions", "instrument", ""},
    {"-pg", "profile", "pg"},
    {"--coverage", "profile", "coverage"},
    {"-coverage", "profile", "coverage"},
    {"-fprofile-arcs", "profile", "coverage"},
    {"-fprofile-generate", "profile", "generate"},
    {"-fprofile-instr-generate", "profile", "generate"},
    {"-fsplit-stack", "stack", "split"},
    {"-fexceptions", "exceptions", "on"},
    {"-fno-exceptions", "exceptions", ""},
    {"-fnon-call-exceptions", "non-call-exceptions", "on"},
    {"-fno-non-call-exceptions", "non-call-exceptions", ""},
    // dialects
    {"-fgnu89-inline", "inline", "gnu89"},
    {"-fno-gnu89-inline", "inline", ""},
    {"-fms-extensions", "dialect", "ms"},
    {"-fno-ms-extensions", "dialect", ""},
    {"-fplan9-extensions", "dialect", "plan9"},
    {"-fopenmp", "openmp", "on"},
    {"-fno-openmp", "openmp", ""},
    {"-fopenacc", "openacc", "on"},
    {"-fpcc-struct-return", "struct-return", "memory"},
    {"-freg-struct-return", "struct-return", ""},
};

constexpr Choice kFloatChoices[] = {
    {"-ffast-math", "fast", "yes"},
    {"-fno-fast-math", "fast", ""},
    {"-Ofast", "fast", "yes"},
    {"-funsafe-math-optimizations", "unsafe", "yes"},
    {"-fno-unsafe-math-optimizations", "unsafe", ""},
    {"-fassociative-math", "associative", "yes"},
    {"-fno-associative-math", "associative", ""},
    {"-freciprocal-math", "reciprocal", "yes"},
    {"-fno-reciprocal-math", "reciprocal", ""},
    {"-ffinite-math-only", "finite", "yes"},
    {"-fno-finite-math-only", "finite", ""},
    {"-fno-signed-zeros", "zeros", "unsigned"},
    {"-fsigned-zeros", "zeros", ""},
    {"-fno-trapping-math", "traps", "none"},
    {"-ftrapping-math", "traps", ""},
    {"-frounding-math", "rounding", "dynamic"},
    {"-fno-rounding-math", "rounding", ""},
    {"-fsignaling-nans", "nans", "signalling"},
    {"-fno-signaling-nans", "nans", ""},
    {"-fno-math-errno", "errno", "no"},
    {"-fmath-errno", "errno", ""},
    {"-fsingle-precision-constant", "constants", "single"},
    {"-fno-single-precision-constant", "constants", ""},
    {"-fapprox-func", "functions", "approximate"},
    {"-fno-approx-func", "functions", ""},
    {"-fcx-limited-range", "complex", "limited"},
    {"-fcx-fortran-rules", "complex", "fortran"},
    {"-fno-cx-limited-range", "complex", ""},
};

/// Flags with a value, which all count as they are.
constexpr std::string_view kPrefixes[] = {
    "-fno-builtin-",     "-fsanitize",    "-fno-sanitize",  "-fpack-struct=", "-ftrivial-auto-var-init=",
    "-fzero-call-used-", "-fprofile-use", "-fauto-profile", "-ffixed-",       "-fcall-used-",
    "-fcall-saved-",     "-fopenmp=",     "-fharden-",      "-fplugin",       "-Xclang",
    "-fms-compatibility"};
constexpr std::string_view kFloatPrefixes[] = {
    "-fexcess-precision=",   "-ffp-model=",        "-ffp-exception-behavior=",
    "-fcomplex-arithmetic=", "-fdenormal-fp-math", "-ffp-eval-method=",
    "-mfp16-format="};

template <typename Choices, typename Prefixes>
std::string chosen(const std::vector<std::string>& options, const Choices& choices,
                   const Prefixes& prefixes) {
  std::map<std::string_view, std::string_view> values;
  std::set<std::string> others;
  for (const std::string& option : options) {
    for (const Choice& choice : choices)
      if (option == choice.flag)
        values[choice.key] = choice.value;
    if (std::any_of(std::begin(prefixes), std::end(prefixes),
                    [&](std::string_view prefix) { return option.starts_with(prefix); }))
      others.insert(option);
  }
  std::string text;
  for (const auto& [key, value] : values)
    if (!value.empty())
      text += fmt::format(" {}={}", key, value);
  for (const std::string& other : others)
    text += ' ' + other;
  return text;
}

/// C90, C99 to C17, and C23 differ in the types of constants, inline functions and keywords.
std::string dialectOf(const Macros& macros) {
  const std::string version = valueOf(macros, "__STDC_VERSION__");
  if (version < "199901")
    return "90";
  return version < "201800" ? "99" : "23";
}

/// With fused multiply-add, results depend on what the compiler contracts.
std::string contraction(const std::vector<std::string>& options, const Macros& macros) {
  constexpr std::string_view kFlag = "-ffp-contract=";
  if (!macros.contains("__ARM_FEATURE_FMA"))
    return {};
  std::string mode = macros.contains("__STRICT_ANSI__") && !macros.contains("__clang__") ? "off" : "";
  std::string level;
  for (const std::string& option : options) {
    if (option.starts_with(kFlag))
      mode = option.substr(kFlag.size());
    if (option.starts_with("-O"))
      level = option;
  }
  return mode == "off" ? std::string()
                       : fmt::format(" contract={} {} {}", mode, level, valueOf(macros, "__VERSION__"));
}

bool isForParser(const std::string& option) {
  for (const std::string_view prefix :
       {"-std=", "-mcpu=", "-march=", "-mfpu=", "-mfloat-abi=", "-fpack-struct"})
    if (option.starts_with(prefix))
      return true;
  return option == "-ansi" || option == "-mthumb" || option == "-mcmse" || option == "-fms-extensions" ||
         option == "-fgnu89-inline";
}

} // namespace

Meaning meaningOf(const std::vector<std::string>& options, std::string_view text) {
  const Macros macros = read(text);
  const bool unsignedChar = macros.contains("__CHAR_UNSIGNED__");
  const std::string enumSize = valueOf(macros, "__ARM_SIZEOF_MINIMAL_ENUM");
  const std::string wideSize = valueOf(macros, "__ARM_SIZEOF_WCHAR_T");
  Meaning meaning;
  meaning.always =
      fmt::format("c={} char={} cmse={}{}", dialectOf(macros), unsignedChar ? "unsigned" : "signed",
                  valueOf(macros, "__ARM_FEATURE_CMSE") == "3" ? 1 : 0, chosen(options, kChoices, kPrefixes));
  const std::string evaluated =
      valueOf(macros, "__FLT_EVAL_METHOD__"); // clang 19 predefines none, and means 0
  meaning.floatingPoint =
      fmt::format("finite={} evaluated={}{}{}", valueOf(macros, "__FINITE_MATH_ONLY__") == "1" ? 1 : 0,
                  evaluated.empty() ? "0" : evaluated, chosen(options, kFloatChoices, kFloatPrefixes),
                  contraction(options, macros));
  meaning.enumerations = "enum=" + enumSize;
  meaning.wideText = fmt::format("wchar={} {}", wideSize, valueOf(macros, "__WCHAR_TYPE__"));
  for (const std::string& option : options)
    if (isForParser(option))
      meaning.parserFlags.push_back(option);
  meaning.parserFlags.emplace_back(enumSize == "1" ? "-fshort-enums" : "-fno-short-enums");
  meaning.parserFlags.emplace_back(wideSize == "2" ? "-fshort-wchar" : "-fno-short-wchar");
  meaning.parserFlags.emplace_back(unsignedChar ? "-funsigned-char" : "-fsigned-char");
  return meaning;
}

} // namespace romlink::launcher
