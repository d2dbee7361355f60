#include "launcher/meaning.h"

#include "launcher/options.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

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

/// C90, C99, C11 to C17, and C23 differ in the types of constants, inline functions, keywords, and whether a
/// loop without effects ends.
std::string dialectOf(const Macros& macros) {
  const std::string version = valueOf(macros, "__STDC_VERSION__");
  if (version < "199901")
    return "90";
  if (version < "201100")
    return "99";
  return version < "201800" ? "11" : "23";
}

/// With fused multiply-add, results depend on what the compiler contracts.
std::string contraction(const std::vector<std::vector<std::string>>& options, const Macros& macros) {
  constexpr std::string_view kFlag = "-ffp-contract=";
  if (!macros.contains("__ARM_FEATURE_FMA"))
    return {};
  std::string mode = macros.contains("__STRICT_ANSI__") && !macros.contains("__clang__") ? "off" : "";
  std::string level;
  for (const auto& words : options) {
    const std::string& option = words.front();
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

bool tellsMeaning(std::string_view macro) {
  constexpr std::string_view kMacros[] = {"__STRICT_ANSI__", "__STDC_VERSION__",     "__CHAR_UNSIGNED__",
                                          "__ARM_",          "__FINITE_MATH_ONLY__", "__FLT_EVAL_METHOD__",
                                          "__WCHAR_TYPE__",  "__VERSION__",          "__clang__"};
  return std::any_of(std::begin(kMacros), std::end(kMacros),
                     [&](std::string_view name) { return macro.starts_with(name); });
}

Meaning meaningOf(const std::vector<std::vector<std::string>>& options, std::string_view text) {
  const Macros macros = read(text);
  const bool isClang = macros.contains("__clang__");
  const bool unsignedChar = macros.contains("__CHAR_UNSIGNED__");
  const std::string enumSize = valueOf(macros, "__ARM_SIZEOF_MINIMAL_ENUM");
  const std::string wideSize = valueOf(macros, "__ARM_SIZEOF_WCHAR_T");
  const MeaningOptions of = meaningOptionsOf(options, valueOf(macros, "__VERSION__"), isClang);
  Meaning meaning;
  meaning.isClang = isClang;
  meaning.strictAliasing = !of.anyAliasing;
  meaning.ownBitFields = of.ownBitFields;
  meaning.always = fmt::format(
      "c={} strict={} char={} cmse={} {}", dialectOf(macros), macros.contains("__STRICT_ANSI__") ? 1 : 0,
      unsignedChar ? "unsigned" : "signed", valueOf(macros, "__ARM_FEATURE_CMSE") == "3" ? 1 : 0, of.always);
  const std::string evaluated =
      valueOf(macros, "__FLT_EVAL_METHOD__"); // clang 19 predefines none, and means 0
  meaning.floatingPoint =
      fmt::format("finite={} evaluated={} {}{}", valueOf(macros, "__FINITE_MATH_ONLY__") == "1" ? 1 : 0,
                  evaluated.empty() ? "0" : evaluated, of.floatingPoint, contraction(options, macros));
  meaning.assembler = of.assembler;
  meaning.enumerations = "enum=" + enumSize;
  meaning.wideText = fmt::format("wchar={} {}", wideSize, valueOf(macros, "__WCHAR_TYPE__"));
  for (const auto& option : options)
    if (option.size() == 1 && isForParser(option.front()))
      meaning.parserFlags.push_back(option.front());
  meaning.parserFlags.emplace_back(enumSize == "1" ? "-fshort-enums" : "-fno-short-enums");
  meaning.parserFlags.emplace_back(wideSize == "2" ? "-fshort-wchar" : "-fno-short-wchar");
  meaning.parserFlags.emplace_back(unsignedChar ? "-funsigned-char" : "-fsigned-char");
  return meaning;
}

} // namespace romlink::launcher
