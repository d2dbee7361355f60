#include "base/symbol_list.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>

namespace romlink {
namespace {

constexpr const char* kHint = "docs/policy.md lists the formats";

/// Up to a comment.
std::vector<std::string_view> wordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    if (end > 0 && (line[0] == '#' || line[0] == ';'))
      break;
    if (end > 0)
      words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

/// A symbol's name, or a pattern of * and ?.
bool isName(std::string_view word) {
  constexpr std::string_view kSigns = "_.$@*?-";
  const auto fits = [&](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !word.empty() && std::all_of(word.begin(), word.end(), fits) && !(word[0] >= '0' && word[0] <= '9');
}

/// Hexadecimal, with or without 0x, as all of these tools write it.
std::optional<std::uint64_t> addressOf(std::string_view word) {
  constexpr int kHex = 16;
  if (word.starts_with("0x") || word.starts_with("0X"))
    word.remove_prefix(2);
  std::uint64_t address = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), address, kHex);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(address) : std::nullopt;
}

using Words = std::span<const std::string_view>;

/// The columns of armlink and nm; `numbers` are address and size.
std::optional<ListedSymbol> symbolOf(std::string_view name, std::string_view type, Words numbers) {
  constexpr std::string_view kTypes = "ABCDGIRSTVWabcdgirstu?"; // ?: nm cannot tell, of sections (COPY)
  constexpr std::string_view kUndefined = "Uvw";                // lower case: weak, and nobody defines it
  constexpr std::string_view kNoSymbol = "Nn";                  // numbers of armlink, debugging symbols
  const auto isOneOf = [&](std::string_view types) { return types.find(type) != std::string_view::npos; };
  ListedSymbol symbol;
  if (type.size() != 1 || !isName(name) || numbers.size() > 2)
    return std::nullopt;
  if (!numbers.empty())
    symbol.address = addressOf(numbers[0]);
  if (numbers.size() == 2)
    symbol.size = addressOf(numbers[1]);
  if ((!numbers.empty() && !symbol.address) || (numbers.size() == 2 && !symbol.size))
    return std::nullopt;
  if (isOneOf(kUndefined) || (symbol.address && isOneOf(kNoSymbol)))
    return ListedSymbol();
  if (!symbol.address || !isOneOf(kTypes))
    return std::nullopt;
  symbol.name = name;
  symbol.type = type[0];
  return symbol;
}

/// What the line names; an empty name: nothing to share; nullopt: it is of no known format.
std::optional<ListedSymbol> symbolIn(Words words) {
  constexpr std::size_t kAddressDigits = 8; // at least, in lines that begin with an address
  const auto named = [](std::string_view name) {
    ListedSymbol symbol;
    symbol.name = name;
    return symbol;
  };
  if (words.size() == 1)
    return isName(words[0]) ? std::optional(named(words[0])) : std::nullopt;
  if (words.size() == 2 && words[0] == "hide")
    return ListedSymbol();
  if (words.size() == 2 && words[0] == "show" && isName(words[1]))
    return named(words[1]);
  const std::size_t last = words.size() - 1;
  auto addressFirst = symbolOf(words[last], words[last - 1], words.first(last - 1));
  auto nameFirst = symbolOf(words[0], words[1], words.subspan(2));
  // "add T f000": both are hexadecimal numbers, and names.
  return addressFirst && (!nameFirst || words[0].size() >= kAddressDigits) ? addressFirst : nameFirst;
}

} // namespace

Result<std::vector<ListedSymbol>> readSymbolList(std::string_view text, const std::string& where) {
  if (text.starts_with("\x7f"
                       "ELF"))
    return fail(ErrorCode::Malformed, "cannot read the symbol list", where, "it is an ELF file",
                "give the list that it was made from, or what nm prints of it");
  std::vector<ListedSymbol> symbols;
  std::size_t number = 0;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark))
    text.remove_prefix(kByteOrderMark.size());
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ++number;
    const auto words = wordsOf(line);
    if (words.empty())
      continue;
    auto symbol = symbolIn(words);
    if (!symbol)
      return fail(ErrorCode::Malformed, "cannot read the symbol list", where + ":" + std::to_string(number),
                  "it is neither a name, nor ADDRESS TYPE NAME, nor show NAME", kHint);
    symbol->line = number;
    if (!symbol->name.empty())
      symbols.push_back(std::move(*symbol));
  }
  if (symbols.empty())
    return fail(ErrorCode::Malformed, "cannot read the symbol list", where, "it names no symbol", kHint);
  return symbols;
}

std::vector<std::string> namesOf(const std::vector<ListedSymbol>& symbols) {
  std::vector<std::string> names;
  std::set<std::string_view> seen;
  for (const ListedSymbol& symbol : symbols)
    if (seen.insert(symbol.name).second)
      names.push_back(symbol.name);
  return names;
}

} // namespace romlink
