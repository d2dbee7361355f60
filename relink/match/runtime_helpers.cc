#include "relink/match/runtime_helpers.h"

#include <algorithm>
#include <iterator>

namespace romlink::relink {
namespace {

/// "__divmodsi4" and its like: an operation, one or two modes, the number of operands.
bool isArithmeticOfLibgcc(std::string_view name) {
  constexpr std::string_view kOperations[] = {
      "udivmod", "divmod", "udiv",    "umod",  "div",    "mod",      "mul",    "ashl",  "ashr",
      "lshr",    "neg",    "clz",     "ctz",   "ffs",    "popcount", "parity", "clrsb", "bswap",
      "cmp",     "ucmp",   "add",     "sub",   "eq",     "ne",       "lt",     "le",    "gt",
      "ge",      "unord",  "floatun", "float", "fixuns", "fix",      "extend", "trunc", "powi"};
  constexpr std::string_view kModes[] = {"si", "di", "hi", "hf", "sf", "df"};
  if (!name.starts_with("__"))
    return false;
  name.remove_prefix(2);
  for (const std::string_view operation : kOperations) {
    if (!name.starts_with(operation))
      continue;
    std::string_view rest = name.substr(operation.size());
    int modes = 0;
    while (std::find(std::begin(kModes), std::end(kModes), rest.substr(0, 2)) != std::end(kModes)) {
      rest.remove_prefix(2);
      ++modes;
    }
    if ((modes == 1 || modes == 2) && (rest.empty() || rest == "2" || rest == "3" || rest == "4"))
      return true;
  }
  return false;
}

} // namespace

bool isRuntimeHelper(std::string_view name) {
  return name == "memcpy" || name == "memmove" || name == "memset" || name == "memcmp" ||
         name.starts_with("__aeabi_") || name.starts_with("__gnu_thumb1_case_") || name == "__gnu_h2f_ieee" ||
         name == "__gnu_f2h_ieee" || isArithmeticOfLibgcc(name);
}

} // namespace romlink::relink
