#include "relink/companions.h"

#include "base/file.h"
#include "base/symbol_list.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/GlobPattern.h>
#include <unordered_map>

namespace romlink::relink {
namespace {

constexpr const char* kOtherList = "the symbol list is not the ELF's";
constexpr const char* kOtherElf = "the shared-code ELF is not the ELF's";
constexpr const char* kHint = "publish the artifacts of one and the same build";

/// By name: whatever the ELF defines, absolute symbols included.
using Symbols = std::unordered_multimap<std::string_view, const Symbol*>;

Symbols definedIn(const ElfImage& elf) {
  Symbols symbols;
  for (const Symbol& symbol : elf.symbols)
    if (!symbol.name.empty() && !symbol.isMapping() &&
        (symbol.isDefinedInSection() || symbol.section == llvm::ELF::SHN_ABS))
      symbols.emplace(symbol.name, &symbol);
  return symbols;
}

bool matchesAny(const Symbols& symbols, const std::string& pattern) {
  auto glob = llvm::GlobPattern::create(pattern);
  if (!glob) {
    llvm::consumeError(glob.takeError());
    return false;
  }
  return std::any_of(symbols.begin(), symbols.end(), [&](const auto& s) { return glob->match(s.first); });
}

/// "code", "data", or empty where the ELF says neither clearly: constants lie among code, and code in RAM
/// among data.
std::string_view kindOf(const ElfImage& elf, const Symbol& symbol) {
  if (!symbol.isDefinedInSection())
    return {};
  const Section& section = elf.sections[symbol.section];
  if (section.isExecutable())
    return symbol.isFunction() && !section.isWritable() ? "code" : "";
  return symbol.isFunction() ? "" : "data";
}

/// What the letter of nm or armlink says.
std::string_view kindOf(char type) {
  constexpr std::string_view kCode = "Tt";
  constexpr std::string_view kData = "BbCcDdGgRrSsV";
  return kCode.find(type) != std::string_view::npos
             ? "code"
             : (kData.find(type) != std::string_view::npos ? "data" : "");
}

/// Why the list's symbol is none of the ELF's; empty: it is.
std::string whyNot(const ElfImage& elf, const Symbols& symbols, const ListedSymbol& listed) {
  if (listed.isPattern() && !listed.address)
    return matchesAny(symbols, listed.name) ? "" : "no symbol of the ELF matches";
  const auto [begin, end] = symbols.equal_range(listed.name);
  if (begin == end)
    return "the ELF does not define it";
  if (!listed.address)
    return {};
  std::string why;
  for (auto entry = begin; entry != end; ++entry) {
    const Symbol& symbol = *entry->second;
    const std::uint64_t listedAddress =
        symbol.isFunction() ? *listed.address & ~std::uint64_t{1} : *listed.address;
    const std::string_view ours = kindOf(elf, symbol);
    const std::string_view theirs = kindOf(listed.type);
    if (listedAddress != symbol.address())
      why = fmt::format("the ELF has it at {:#010x}, the list at {:#010x}", symbol.value, *listed.address);
    else if (listed.size && *listed.size != 0 && *listed.size != symbol.size)
      why = fmt::format("the ELF has {} bytes of it, the list {}", symbol.size, *listed.size);
    else if (!ours.empty() && !theirs.empty() && ours != theirs)
      why = fmt::format("in the ELF it is {}, in the list {} ('{}')", ours, theirs, listed.type);
    else
      return {};
  }
  return why;
}

/// The ELF's symbol that `symbol` of the shared-code ELF is.
bool has(const Symbols& symbols, const Symbol& symbol) {
  const auto [begin, end] = symbols.equal_range(symbol.name);
  return std::any_of(begin, end, [&](const auto& entry) {
    const Symbol& ours = *entry.second;
    // objcopy and armlink write a function of the ROM without type, too.
    const bool sameAddress = ours.value == symbol.value || (ours.value & ~1U) == (symbol.value & ~1U);
    return sameAddress && (symbol.size == 0 || symbol.size == ours.size);
  });
}

/// The bytes that a segment has from this virtual address on, at most `size`.
Bytes loadedAt(const ElfImage& elf, Address address, std::size_t size) {
  for (const Segment& segment : elf.loadSegments)
    if (address >= segment.virtualAddress && address - segment.virtualAddress < segment.data.size()) {
      const Bytes rest = segment.data.subspan(address - segment.virtualAddress);
      return rest.first(std::min(size, rest.size()));
    }
  return {};
}

} // namespace

Result<bool> compareSymbolList(const ElfImage& elf, const std::filesystem::path& list) {
  const std::string where = list.filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(list));
  ROMLINK_ASSIGN(const auto listed, readSymbolList(asText(content), where));
  const Symbols symbols = definedIn(elf);
  if (symbols.empty())
    return false;
  for (const ListedSymbol& symbol : listed)
    if (const std::string why = whyNot(elf, symbols, symbol); !why.empty())
      return fail(ErrorCode::Refused, kOtherList, fmt::format("{}:{}: {}", where, symbol.line, symbol.name),
                  why, kHint);
  return true;
}

Result<void> compareSharedElf(const ElfImage& elf, const std::filesystem::path& shared) {
  const std::string where = shared.filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(shared));
  ROMLINK_ASSIGN(const auto other, ElfImage::read(content, where));
  const Symbols symbols = definedIn(elf);
  for (const Symbol& symbol : other.symbols) {
    const bool defined = symbol.isDefinedInSection() || symbol.section == llvm::ELF::SHN_ABS;
    const bool named = symbol.isFunction() || symbol.isObject() || symbol.type == llvm::ELF::STT_NOTYPE;
    if (defined && named && !symbol.name.empty() && !symbol.isMapping() && !has(symbols, symbol))
      return fail(ErrorCode::Refused, kOtherElf, fmt::format("{}: {}", where, symbol.name),
                  fmt::format("the ELF has nothing of this name and size at {:#010x}", symbol.value), kHint);
  }
  // Sections, since `objcopy --extract-symbol` leaves segments of zeros.
  for (const Section& section : other.sections) {
    if (!section.isAllocated() || section.data.empty())
      continue;
    const Bytes ours = loadedAt(elf, section.address, section.data.size());
    const auto differs =
        std::mismatch(section.data.begin(), section.data.end(), ours.begin(), ours.end()).first;
    if (differs != section.data.end())
      return fail(ErrorCode::Refused, kOtherElf, where,
                  fmt::format("its byte at {:#010x} is another",
                              section.address + static_cast<std::uint64_t>(differs - section.data.begin())),
                  kHint);
  }
  return {};
}

} // namespace romlink::relink
