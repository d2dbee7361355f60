#include "relink/companions.h"

#include "base/file.h"
#include "base/symbol_list.h"

#include <algorithm>
#include <cstring>
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
    // objcopy and armlink write a function of the ROM without type, too. Bit 0 tells Thumb code from Arm
    // code; of data it is part of the address.
    if ((ours.isFunction() && symbol.isObject()) || (ours.isObject() && symbol.isFunction()))
      return false;
    const std::uint32_t ignored = ours.isFunction() || symbol.isFunction() ? 1 : 0;
    return (ours.value & ~ignored) == (symbol.value & ~ignored) &&
           (symbol.size == 0 || symbol.size == ours.size);
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

/// Where the ELF's own headers are loaded; a copy of the ELF has others.
AddressRange loadedHeaders(const ElfImage& elf) {
  for (const Segment& segment : elf.loadSegments) {
    llvm::ELF::Elf32_Ehdr header{};
    if (segment.data.size() < sizeof header)
      continue;
    std::memcpy(&header, segment.data.data(), sizeof header);
    if (header.checkMagic())
      return {segment.virtualAddress,
              static_cast<std::uint32_t>(sizeof header + header.e_phnum * sizeof(llvm::ELF::Elf32_Phdr))};
  }
  return {};
}

/// The offset of the first byte of `theirs`, loaded at `address`, that the ELF does not have there; the size
/// if there is none.
std::size_t firstOther(const ElfImage& elf, Address address, Bytes theirs, bool zerosArePadding) {
  const AddressRange headers = loadedHeaders(elf);
  for (std::size_t i = 0; i < theirs.size();) {
    const Bytes ours = loadedAt(elf, address + static_cast<Address>(i), theirs.size() - i);
    const std::size_t end = i + std::max<std::size_t>(ours.size(), 1);
    for (std::size_t k = i; k < end; ++k) {
      const bool isSame = !ours.empty() && ours[k - i] == theirs[k];
      if (!isSame && !(zerosArePadding && theirs[k] == 0) &&
          !headers.contains(address + static_cast<Address>(k)))
        return k;
    }
    i = end;
  }
  return theirs.size();
}

/// The symbols that the shared-code ELF defines, each as the ELF does; how many.
Result<std::size_t> compareSymbols(const Symbols& symbols, const ElfImage& other, const std::string& where) {
  std::size_t compared = 0;
  for (const Symbol& symbol : other.symbols) {
    const bool defined = symbol.isDefinedInSection() || symbol.section == llvm::ELF::SHN_ABS;
    const bool named = symbol.isFunction() || symbol.isObject() || symbol.type == llvm::ELF::STT_NOTYPE;
    if (!defined || !named || symbol.name.empty() || symbol.isMapping())
      continue;
    ++compared;
    if (!has(symbols, symbol))
      return fail(ErrorCode::Refused, kOtherElf, fmt::format("{}: {}", where, symbol.name),
                  fmt::format("the ELF has nothing of this name and size at {:#010x}", symbol.value), kHint);
  }
  return compared;
}

/// The bytes that the shared-code ELF loads; how many. Between sections the tools that make it leave zeros,
/// and `objcopy --extract-symbol` leaves whole segments of them; a file without sections is content alone.
Result<std::size_t> compareContent(const ElfImage& elf, const ElfImage& other, const std::string& where) {
  std::size_t compared = 0;
  const auto compare = [&](Address address, Bytes theirs, bool zerosArePadding) -> Result<void> {
    compared += theirs.size();
    const std::size_t at = firstOther(elf, address, theirs, zerosArePadding);
    if (at == theirs.size())
      return {};
    return fail(ErrorCode::Refused, kOtherElf, where,
                fmt::format("its byte at {:#010x} is another", std::uint64_t{address} + at), kHint);
  };
  bool hasSections = false;
  for (const Section& section : other.sections)
    if (section.isAllocated()) {
      hasSections = true;
      ROMLINK_TRY(compare(section.address, section.data, false));
    }
  for (const Segment& segment : other.loadSegments)
    ROMLINK_TRY(compare(segment.virtualAddress, segment.data, hasSections));
  return compared;
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
  ROMLINK_ASSIGN(const std::size_t symbols, compareSymbols(definedIn(elf), other, where));
  ROMLINK_ASSIGN(const std::size_t bytes, compareContent(elf, other, where));
  if (symbols == 0 && bytes == 0)
    return fail(ErrorCode::Refused, kOtherElf, where, "it has neither symbols nor content", kHint);
  return {};
}

std::optional<std::vector<std::string>> absentFrom(const ElfImage& elf,
                                                   const std::vector<std::string>& names) {
  const Symbols symbols = definedIn(elf);
  if (symbols.empty())
    return std::nullopt;
  std::vector<std::string> absent;
  std::copy_if(names.begin(), names.end(), std::back_inserter(absent),
               [&](const std::string& name) { return !symbols.contains(name); });
  return absent;
}

} // namespace romlink::relink
