#include "launcher/vocabulary.h"

#include <algorithm>
#include <cctype>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/TargetParser/Triple.h>

namespace romlink::launcher {
namespace {

template <typename List>
bool isIn(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

template <typename List>
bool beginsWithOneOf(const List& list, std::string_view word) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view begin) { return word.starts_with(begin); });
}

constexpr std::string_view kAttributes[] = {"access",
                                            "alias",
                                            "aligned",
                                            "alloc_align",
                                            "alloc_size",
                                            "always_inline",
                                            "artificial",
                                            "assume_aligned",
                                            "cleanup",
                                            "cmse_nonsecure_call",
                                            "cmse_nonsecure_entry",
                                            "cold",
                                            "common",
                                            "const",
                                            "constructor",
                                            "deprecated",
                                            "designated_init",
                                            "destructor",
                                            "error",
                                            "externally_visible",
                                            "fallthrough",
                                            "fd_arg",
                                            "flatten",
                                            "format",
                                            "format_arg",
                                            "gnu",
                                            "gnu_inline",
                                            "hot",
                                            "interrupt",
                                            "isr",
                                            "leaf",
                                            "malloc",
                                            "may_alias",
                                            "maybe_unused",
                                            "naked",
                                            "no_instrument_function",
                                            "no_reorder",
                                            "no_sanitize",
                                            "no_sanitize_address",
                                            "no_sanitize_undefined",
                                            "no_stack_protector",
                                            "nocommon",
                                            "nodiscard",
                                            "noclone",
                                            "noinline",
                                            "noipa",
                                            "nonnull",
                                            "nonstring",
                                            "noreturn",
                                            "nothrow",
                                            "null_terminated_string_arg",
                                            "packed",
                                            "pcs",
                                            "pure",
                                            "retain",
                                            "returns_nonnull",
                                            "returns_twice",
                                            "section",
                                            "sentinel",
                                            "stack_protect",
                                            "tls_model",
                                            "transparent_union",
                                            "unavailable",
                                            "unused",
                                            "used",
                                            "vector_size",
                                            "visibility",
                                            "warn_if_not_aligned",
                                            "warn_unused_result",
                                            "warning",
                                            "weak",
                                            "weakref"};

/// After "__builtin_".
constexpr std::string_view kBuiltins[] = {"abort",
                                          "abs",
                                          "add_overflow",
                                          "alloca",
                                          "alloca_with_align",
                                          "arm_dmb",
                                          "arm_dsb",
                                          "arm_isb",
                                          "arm_nop",
                                          "arm_sev",
                                          "arm_wfe",
                                          "arm_wfi",
                                          "assume_aligned",
                                          "bcmp",
                                          "bcopy",
                                          "bswap16",
                                          "bswap32",
                                          "bswap64",
                                          "bzero",
                                          "calloc",
                                          "choose_expr",
                                          "clrsb",
                                          "clrsbl",
                                          "clrsbll",
                                          "clz",
                                          "clzl",
                                          "clzll",
                                          "ctz",
                                          "ctzl",
                                          "ctzll",
                                          "exit",
                                          "expect",
                                          "expect_with_probability",
                                          "ffs",
                                          "ffsl",
                                          "ffsll",
                                          "fprintf",
                                          "fputs",
                                          "free",
                                          "labs",
                                          "llabs",
                                          "malloc",
                                          "memchr",
                                          "memcmp",
                                          "memcpy",
                                          "memmove",
                                          "mempcpy",
                                          "memset",
                                          "mul_overflow",
                                          "offsetof",
                                          "parity",
                                          "parityl",
                                          "parityll",
                                          "popcount",
                                          "popcountl",
                                          "popcountll",
                                          "prefetch",
                                          "printf",
                                          "putchar",
                                          "puts",
                                          "rindex",
                                          "realloc",
                                          "sadd_overflow",
                                          "saddl_overflow",
                                          "saddll_overflow",
                                          "smul_overflow",
                                          "smull_overflow",
                                          "smulll_overflow",
                                          "snprintf",
                                          "sprintf",
                                          "ssub_overflow",
                                          "ssubl_overflow",
                                          "ssubll_overflow",
                                          "stpcpy",
                                          "strcat",
                                          "strchr",
                                          "strcmp",
                                          "strcpy",
                                          "strcspn",
                                          "strdup",
                                          "strlen",
                                          "strncasecmp",
                                          "strncat",
                                          "strncmp",
                                          "strncpy",
                                          "strndup",
                                          "strnlen",
                                          "strpbrk",
                                          "strrchr",
                                          "strspn",
                                          "strstr",
                                          "sub_overflow",
                                          "trap",
                                          "uadd_overflow",
                                          "uaddl_overflow",
                                          "uaddll_overflow",
                                          "umul_overflow",
                                          "umull_overflow",
                                          "umulll_overflow",
                                          "unreachable",
                                          "usub_overflow",
                                          "usubl_overflow",
                                          "usubll_overflow",
                                          "va_arg",
                                          "va_copy",
                                          "va_end",
                                          "va_list",
                                          "va_start",
                                          "vprintf",
                                          "vsnprintf",
                                          "vsprintf"};
constexpr std::string_view kFloatBuiltins[] = {
    "ceil",      "copysign",       "cos",         "exp",        "fabs",     "floor",       "fma",
    "fmax",      "fmin",           "fmod",        "fpclassify", "huge_val", "inf",         "isfinite",
    "isgreater", "isgreaterequal", "isinf",       "isinf_sign", "isless",   "islessequal", "islessgreater",
    "isnan",     "isnormal",       "isunordered", "log",        "nan",      "nans",        "pow",
    "round",     "signbit",        "sin",         "sqrt",       "tan",      "trunc"};
/// Other names of which each compiler makes something of its own.
constexpr std::string_view kUnstable[] = {"_Generic", "__PRETTY_FUNCTION__", "__declspec", "_Pragma",
                                          "__builtin_bit_cast"};
/// After "__atomic_" and "__sync_". Whether one is free of locks depends on the processor.
constexpr std::string_view kAtomics[] = {"load",
                                         "load_n",
                                         "store",
                                         "store_n",
                                         "exchange",
                                         "exchange_n",
                                         "compare_exchange",
                                         "compare_exchange_n",
                                         "add_fetch",
                                         "fetch_add",
                                         "sub_fetch",
                                         "fetch_sub",
                                         "and_fetch",
                                         "fetch_and",
                                         "or_fetch",
                                         "fetch_or",
                                         "xor_fetch",
                                         "fetch_xor",
                                         "nand_fetch",
                                         "fetch_nand",
                                         "test_and_set",
                                         "clear",
                                         "thread_fence",
                                         "signal_fence"};
constexpr std::string_view kSyncs[] = {
    "add_and_fetch",     "fetch_and_add",  "sub_and_fetch",         "fetch_and_sub",        "and_and_fetch",
    "fetch_and_and",     "or_and_fetch",   "fetch_and_or",          "xor_and_fetch",        "fetch_and_xor",
    "nand_and_fetch",    "fetch_and_nand", "bool_compare_and_swap", "val_compare_and_swap", "synchronize",
    "lock_test_and_set", "lock_release"};

constexpr std::string_view kSilentPragmas[] = {
    "once",       "mark",           "region",         "endregion",        "message",
    "push_macro", "pop_macro",      "GCC system",     "GCC warning",      "GCC error",
    "GCC poison", "GCC diagnostic", "GCC dependency", "clang diagnostic", "clang system_header"};

constexpr std::string_view kPlaceDirectives[] = {".align", ".balign", ".p2align", ".word",  ".long", ".4byte",
                                                 ".2byte", ".short",  ".hword",   ".byte",  ".int",  ".quad",
                                                 ".ascii", ".asciz",  ".string",  ".space", ".skip", ".zero",
                                                 ".inst",  ".inst.n", ".inst.w",  ".ltorg", ".pool", ".even"};
constexpr std::string_view kUnitDirectives[] = {".text",
                                                ".data",
                                                ".bss",
                                                ".section",
                                                ".pushsection",
                                                ".popsection",
                                                ".previous",
                                                ".subsection",
                                                ".global",
                                                ".globl",
                                                ".type",
                                                ".size",
                                                ".thumb",
                                                ".thumb_func",
                                                ".thumb_set",
                                                ".syntax",
                                                ".code",
                                                ".cpu",
                                                ".arch",
                                                ".arch_extension",
                                                ".fpu",
                                                ".eabi_attribute",
                                                ".set",
                                                ".equ",
                                                ".equiv",
                                                ".weak",
                                                ".hidden",
                                                ".local",
                                                ".comm",
                                                ".fnstart",
                                                ".fnend",
                                                ".cantunwind",
                                                ".save",
                                                ".pad",
                                                ".setfp",
                                                ".personality",
                                                ".handlerdata",
                                                ".func",
                                                ".endfunc",
                                                ".ident",
                                                ".cfi_startproc",
                                                ".cfi_endproc",
                                                ".cfi_def_cfa_offset",
                                                ".cfi_offset",
                                                ".cfi_def_cfa",
                                                ".cfi_sections"};

bool isSymbolCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '.' || c == '%';
}

std::string_view withoutSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
  return text;
}

std::string_view wordOf(std::string_view text) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), isSymbolCharacter);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

void readDirective(std::string_view directive, AssemblerText& result) {
  if (isIn(kPlaceDirectives, directive))
    return;
  result.everything = true;
  result.unstable |= !isIn(kUnitDirectives, directive);
}

/// Escapes, arguments of macros; comments, of which only those with "@" are the same to all assemblers;
/// characters that may end a line.
bool hasDoubtfulText(std::string_view text) {
  return text.find('\\') != std::string_view::npos || text.find("/*") != std::string_view::npos ||
         text.find("//") != std::string_view::npos || std::any_of(text.begin(), text.end(), [](char c) {
           return c != '\n' && c != '\t' && (c < ' ' || c > '~');
         });
}

/// "1: foo: ldr r0, [r1]", ".word 5", "name .req r4", "name = 5".
void readStatement(std::string_view statement, AssemblerText& result) {
  statement = withoutSpace(statement);
  std::string_view word = wordOf(statement);
  while (!word.empty() && withoutSpace(statement.substr(word.size())).starts_with(':')) {
    if (std::isdigit(static_cast<unsigned char>(word.front())) == 0)
      result.labels.emplace_back(word);
    statement = withoutSpace(statement.substr(word.size()));
    statement = withoutSpace(statement.substr(1));
    word = wordOf(statement);
  }
  if (word.starts_with('.'))
    return readDirective(word, result);
  const std::string_view rest = withoutSpace(statement.substr(word.size()));
  if (rest.starts_with('='))
    result.everything = true;
  const bool namesRegister =
      rest.size() > 1 && rest[0] == '.' && std::isalpha(static_cast<unsigned char>(rest[1])) != 0;
  const bool isInstruction =
      !word.empty() && (std::isalpha(static_cast<unsigned char>(word[0])) != 0 || word[0] == '_');
  const bool isNothing = statement.empty() || statement[0] == '@'; // a comment
  if (namesRegister || (!isInstruction && !isNothing))
    result.everything = result.unstable = true;
}

} // namespace

WordMeaning meaningOfWord(std::string_view word) {
  constexpr std::string_view kBuiltin = "__builtin_";
  constexpr std::string_view kFloats[] = {"_Float", "__float", "_Decimal", "__bf16",
                                          "__fp16", "_Fract",  "_Accum",   "_Sat"};
  if (word.starts_with(kBuiltin)) {
    word.remove_prefix(kBuiltin.size());
    if (isIn(kBuiltins, word))
      return WordMeaning::Plain;
    const bool typed = word.ends_with('f') || word.ends_with('l');
    return isIn(kFloatBuiltins, word) || (typed && isIn(kFloatBuiltins, word.substr(0, word.size() - 1)))
               ? WordMeaning::FloatingPoint
               : WordMeaning::Unstable;
  }
  constexpr std::string_view kAtomic = "__atomic_";
  constexpr std::string_view kSync = "__sync_";
  if (word.starts_with(kAtomic))
    return isIn(kAtomics, word.substr(kAtomic.size())) ? WordMeaning::Plain : WordMeaning::Unstable;
  if (word.starts_with(kSync))
    return isIn(kSyncs, word.substr(kSync.size())) ? WordMeaning::Plain : WordMeaning::Unstable;
  if (isIn(kUnstable, word) || word.starts_with("__arm_") || word.starts_with("__c11_") ||
      word.starts_with("__clang_"))
    return WordMeaning::Unstable;
  return beginsWithOneOf(kFloats, word) ? WordMeaning::FloatingPoint : WordMeaning::Plain;
}

WordMeaning meaningOfAttribute(std::string_view name) {
  if (name == "mode")
    return WordMeaning::FloatingPoint;
  return isIn(kAttributes, name) ? WordMeaning::Plain : WordMeaning::Unstable;
}

PragmaMeaning meaningOfPragma(std::string_view pragma) {
  if (beginsWithOneOf(kSilentPragmas, pragma))
    return PragmaMeaning::None;
  if (pragma.starts_with("pack") || pragma.starts_with("GCC visibility"))
    return PragmaMeaning::Text;
  if (pragma.starts_with("weak"))
    return PragmaMeaning::Everything;
  if (pragma.starts_with("GCC push_options"))
    return PragmaMeaning::Push;
  if (pragma.starts_with("GCC pop_options"))
    return PragmaMeaning::Pop;
  return pragma.starts_with("GCC optimize") || pragma.starts_with("GCC target") ? PragmaMeaning::Options
                                                                                : PragmaMeaning::Unstable;
}

AssemblerText readAssembler(std::string_view text) {
  AssemblerText result;
  if (hasDoubtfulText(text))
    result.everything = result.unstable = true;
  while (!text.empty()) {
    const std::string_view statement = text.substr(0, text.find_first_of("\n;"));
    text.remove_prefix(std::min(statement.size() + 1, text.size()));
    readStatement(statement, result);
  }
  return result;
}

bool isOfLibrary(std::string_view function) {
  static const llvm::TargetLibraryInfoImpl library{llvm::Triple("thumbv7m-none-eabi")};
  constexpr std::string_view kOthers[] = {
      "bcmp",          "bcopy",        "bzero",           "index",
      "rindex",        "toascii",      "printf_unlocked", "fprintf_unlocked",
      "puts_unlocked", "__printf_chk", "__fprintf_chk"};
  llvm::LibFunc unused{};
  return library.getLibFunc(function, unused) || isIn(kOthers, function) || function.starts_with("__aeabi_");
}

} // namespace romlink::launcher
