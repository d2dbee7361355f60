#include "launcher/options.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

namespace romlink::launcher {
namespace {

/// Without meaning, as a whole or, with a star, as a beginning. gcc: "Invoking GCC"; clang: "Command line
/// argument reference".
constexpr std::string_view kWithoutMeaning[] = {
    // text, which has been preprocessed
    "-D*", "-U*", "-I*", "-include*", "-imacros*", "-isystem*", "-iquote*", "-idirafter*", "-iprefix*",
    "-iwithprefix*", "-isysroot*", "--sysroot*", "-nostdinc*", "-fmacro-prefix-map*", "-ffile-prefix-map*",
    // what the compiler predefines tells
    "-std=*", "--std=*", "-ansi", "-fshort-enums", "-fno-short-enums", "-fshort-wchar", "-fno-short-wchar",
    "-fsigned-char", "-funsigned-char", "-fno-signed-char", "-fno-unsigned-char", "-mcmse",
    // messages, debug information, programs and files
    "-W*", "-w", "-pedantic*", "-pipe", "-g*", "-fdiagnostics-*", "-fno-diagnostics-*", "-fcolor-diagnostics",
    "-fno-color-diagnostics", "-fansi-escape-codes", "-fmessage-length=*", "-fmax-errors=*",
    "-ferror-limit=*", "-fdebug-*", "-fno-debug-*", "-fvar-tracking*", "-fno-var-tracking*", "-frecord-*",
    "-grecord-*", "-fverbose-asm", "-fstack-usage", "-fident", "-fno-ident", "-Qunused-arguments", "-Qn",
    "-Qy", "-nostdlib*", "-nostartfiles", "-nodefaultlibs", "-L*", "-l*", "-specs=*", "--specs=*",
    "-integrated-as", "-fintegrated-as", "-no-canonical-prefixes", "-faddrsig", "-fno-addrsig",
    // code for a processor
    "--target=*", "-target", "-mcpu=*", "-march=*", "-mtune=*", "-mthumb", "-mno-thumb", "-marm", "-mfpu=*",
    "-mfloat-abi=*", "-mlittle-endian", "-mthumb-interwork", "-mno-thumb-interwork", "-munaligned-access",
    "-mno-unaligned-access", "-mlong-calls", "-mno-long-calls", "-mpure-code", "-mexecute-only",
    "-mslow-flash-data", "-mword-relocations", "-mmovt", "-mno-movt", "-mrestrict-it", "-mno-restrict-it",
    "-mfix-*", "-mno-fix-*", "-mbranch-protection=*", "-mlibarch=*", "-meabi=*", "-masm-syntax-unified",
    // protection and tables
    "-fstack-protector*", "-fno-stack-protector*", "-fstack-clash-protection", "-fno-stack-clash-protection",
    "-funwind-tables", "-fno-unwind-tables", "-fasynchronous-unwind-tables",
    "-fno-asynchronous-unwind-tables", "-fvisibility=*", "-fplt", "-fno-plt",
    // optimisation
    "-O*", "-ffunction-sections", "-fno-function-sections", "-fdata-sections", "-fno-data-sections",
    "-fcommon", "-fno-common", "-fomit-frame-pointer", "-fno-omit-frame-pointer",
    "-mno-omit-leaf-frame-pointer", "-momit-leaf-frame-pointer", "-fsection-anchors", "-fno-section-anchors",
    "-fjump-tables", "-fno-jump-tables", "-fmerge-constants", "-fno-merge-constants",
    "-foptimize-sibling-calls", "-fno-optimize-sibling-calls", "-finline", "-fno-inline",
    "-finline-functions*", "-fno-inline-functions*", "-finline-limit=*", "-finline-small-functions",
    "-fno-inline-small-functions", "-finline-hint-functions", "-fpartial-inlining", "-fno-partial-inlining",
    "-fearly-inlining", "-fno-early-inlining", "-fipa-*", "-fno-ipa-*", "-ftree-*", "-fno-tree-*",
    "-fvectorize", "-fno-vectorize", "-fslp-vectorize", "-fno-slp-vectorize", "-funroll-*", "-fno-unroll-*",
    "-fpeel-loops", "-fno-peel-loops", "-fgcse*", "-fno-gcse*", "-fcse-*", "-fno-cse-*", "-fcrossjumping",
    "-fno-crossjumping", "-fcaller-saves", "-fno-caller-saves", "-fschedule-*", "-fno-schedule-*",
    "-fsched-*", "-fno-sched-*", "-freorder-*", "-fno-reorder-*", "-ftoplevel-reorder",
    "-fno-toplevel-reorder", "-falign-*", "-fno-align-*", "-fif-conversion*", "-fno-if-conversion*",
    "-fthread-jumps", "-fno-thread-jumps", "-fsplit-wide-types*", "-fno-split-wide-types*", "-fira-*",
    "-fno-ira-*", "-flra-*", "-fno-lra-*", "-fshrink-wrap*", "-fno-shrink-wrap*", "-fstore-merging",
    "-fno-store-merging", "-fpeephole*", "-fno-peephole*", "-fweb", "-fno-web", "-frename-registers",
    "-fno-rename-registers", "-fconserve-stack", "-fno-conserve-stack", "-fexpensive-optimizations",
    "-fno-expensive-optimizations"};

/// gcc and clang mean the same by it, and `usual` without it.
struct Switch {
  std::string_view name;   ///< of "-fNAME" and "-fno-NAME"
  std::string_view family; ///< of switches that change each other; empty: none
  bool usual;
  bool floatingPoint = false;
};

constexpr Switch kSwitches[] = {
    {"wrapv", "overflow", false},
    {"wrapv-pointer", "overflow", false},
    {"trapv", "overflow", false},
    {"strict-overflow", "overflow", true},
    {"strict-aliasing", "", true},
    {"delete-null-pointer-checks", "", true},
    {"signed-bitfields", "bit-fields", true},
    {"unsigned-bitfields", "bit-fields", false},
    {"pack-struct", "", false},
    {"freestanding", "library", false},
    {"hosted", "library", true},
    {"builtin", "library", true},
    {"exceptions", "exceptions", false},
    {"non-call-exceptions", "exceptions", false},
    {"gnu89-inline", "", false},
    {"instrument-functions", "", false},
    {"openmp", "", false},
    {"openacc", "", false},
    {"fast-math", "fast", false, true},
    {"unsafe-math-optimizations", "fast", false, true},
    {"associative-math", "fast", false, true},
    {"reciprocal-math", "fast", false, true},
    {"finite-math-only", "fast", false, true},
    {"signed-zeros", "fast", true, true},
    {"trapping-math", "fast", true, true},
    {"rounding-math", "fast", false, true},
    {"signaling-nans", "fast", false, true},
    {"math-errno", "fast", true, true},
    {"approx-func", "fast", false, true},
    {"cx-limited-range", "fast", false, true},
    {"cx-fortran-rules", "fast", false, true},
    {"single-precision-constant", "", false, true},
};
constexpr std::string_view kFloatOptions[] = {"-fexcess-precision=",
                                              "-ffp-model=",
                                              "-ffp-exception-behavior=",
                                              "-fcomplex-arithmetic=",
                                              "-fdenormal-fp-math",
                                              "-ffp-eval-method=",
                                              "-mfp16-format=",
                                              "-ffp-int-builtin-",
                                              "-ffloat-store",
                                              "-fp-model",
                                              "-fhonor-",
                                              "-fno-honor-",
                                              "-ffp-contract="};

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

/// "-fno-NAME" is {"NAME", false}; the name is empty if it is no switch.
std::pair<std::string_view, bool> switchOf(std::string_view option) {
  const bool on = !option.starts_with("-fno-");
  if (!option.starts_with("-f") || option.find_first_of("= ") != std::string_view::npos)
    return {};
  return {option.substr(on ? 2 : 5), on};
}

const Switch* findSwitch(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSwitches), std::end(kSwitches),
                                   [&](const Switch& s) { return s.name == name; });
  return found == std::end(kSwitches) ? nullptr : found;
}

/// Of -fX and -fno-X the last one, where it stands; other options as they are.
std::vector<std::string> withoutRepeals(const std::vector<std::vector<std::string>>& options) {
  std::set<std::string, std::less<>> seen;
  std::vector<std::string> kept;
  for (auto option = options.rbegin(); option != options.rend(); ++option) {
    std::string text = joined(*option);
    const auto name = std::string(switchOf(text).first);
    if (name.empty() || seen.insert(name).second)
      kept.push_back(std::move(text));
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

/// One text of options, in the making.
class Text {
public:
  void add(const std::string& option, bool known) { (known ? known_ : others_).push_back(option); }
  std::string take(std::string_view compiler) {
    std::sort(known_.begin(), known_.end());
    return joined(known_) + (others_.empty() ? "" : fmt::format(" by {}: {}", compiler, joined(others_)));
  }

private:
  std::vector<std::string> known_;
  std::vector<std::string> others_;
};

} // namespace

bool isWithoutMeaning(std::string_view option) {
  if (option.starts_with("-Wp,"))
    return std::none_of(option.begin() + 3, option.end(), [&, at = option.data()](const char& c) {
      const std::string_view part = option.substr(static_cast<std::size_t>(&c - at));
      return c == ',' && !part.starts_with(",-D") && !part.starts_with(",-U") && !part.starts_with(",-I");
    });
  return std::any_of(std::begin(kWithoutMeaning), std::end(kWithoutMeaning), [&](std::string_view listed) {
    return listed.ends_with('*') ? option.starts_with(listed.substr(0, listed.size() - 1))
                                 : option == listed || option.starts_with(std::string(listed) + ' ');
  });
}

bool changesMacros(std::string_view option) {
  constexpr std::string_view kChanging[] = {
      "-D",        "-U",        "-undef",         "-include",         "-imacros", "-Wp,", "-Xpreprocessor",
      "--include", "--imacros", "--define-macro", "--undefine-macro", "--undef"};
  return std::any_of(std::begin(kChanging), std::end(kChanging),
                     [&](std::string_view listed) { return option.starts_with(listed); });
}

std::string refusedOption(const std::vector<std::vector<std::string>>& options) {
  for (const auto& option : options)
    for (const std::string_view refused : {"-fwhole-program", "--config", "-include-pch", "-fpreprocessed"})
      if (option.front().starts_with(refused))
        return option.front();
  return {};
}

MeaningOptions meaningOptionsOf(const std::vector<std::vector<std::string>>& options,
                                std::string_view compiler, bool isClang) {
  MeaningOptions result;
  const auto kept = withoutRepeals(options);
  std::map<std::string_view, unsigned> families;
  std::string level;
  for (const std::string& option : kept) {
    if (const Switch* known = findSwitch(switchOf(option).first))
      ++families[known->family];
    if (option.starts_with("-O"))
      level = option;
  }
  families.erase("");
  if (families.contains("library") && std::any_of(kept.begin(), kept.end(), [](const std::string& option) {
        return option.find("builtin-") != std::string::npos;
      }))
    ++families["library"];
  Text always;
  Text floating;
  std::vector<std::string> assembler;
  for (const std::string& option : kept) {
    if (option.starts_with("-Wa,") || option.starts_with("-Xassembler")) {
      assembler.push_back(option);
      continue;
    }
    const auto [name, on] = switchOf(option);
    const bool ofBuiltin = name.starts_with("builtin-"); // -fno-builtin-memcpy
    const Switch* known = findSwitch(ofBuiltin ? "builtin" : name);
    if (known != nullptr) {
      const auto family = families.find(known->family);
      const bool alone = family == families.end() || family->second <= 1;
      result.anyAliasing |= name == "strict-aliasing" && !on;
      result.ownBitFields |= known->family == "bit-fields";
      // clang lets pointers wrap with it, gcc numbers only
      const bool own = isClang && name == "wrapv";
      if (!alone || on != known->usual)
        (known->floatingPoint ? floating : always).add(option, alone && !own);
    } else if (!isWithoutMeaning(option)) {
      const bool isFloat = std::any_of(std::begin(kFloatOptions), std::end(kFloatOptions),
                                       [&](std::string_view listed) { return option.starts_with(listed); });
      // -ffp-contract: see Meaning
      if (!option.starts_with("-ffp-contract="))
        (isFloat ? floating : always).add(option, false);
    }
  }
  if (level == "-Ofast") // also lets threads see stores that the text does not have (gcc)
    always.add(level, false);
  result.always = always.take(compiler);
  result.floatingPoint = floating.take(compiler);
  result.assembler = joined(assembler);
  return result;
}

} // namespace romlink::launcher
