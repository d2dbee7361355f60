#include "relink/compat/debug_types.h"

#include "relink/compat/dwarf_check.h"
#include "relink/compat/dwarf_sections.h"
#include "relink/compat/dwarf_symbols.h"
#include "relink/compat/dwarf_types.h"
#include "relink/compat/one_line.h"
#include "relink/compat/type_hash.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <tuple>

namespace romlink::relink {
namespace {

/// Copies of a function that a compiler made for certain callers have other parameters than the source says.
constexpr std::string_view kClones[] = {".constprop", ".isra", ".part", ".cold"};

std::string_view shortFileReason(const ElfImage& elf) {
  for (const Section& section : elf.sections)
    if (section.name.starts_with(".gnu.lto_") || section.name.starts_with(".gnu.debuglto_"))
      return "it was compiled with -flto by GCC, whose objects have their types elsewhere";
  return "there is no debug information (compile with -g)";
}

WantedSymbols wantedOf(const ElfImage& elf, const DwarfSections& sections) {
  WantedSymbols wanted;
  for (const Symbol& symbol : elf.symbols) {
    const bool typed = symbol.isFunction() || symbol.isObject();
    if (typed && symbol.isDefinedInSection()) {
      wanted.addresses.insert(elf.type == llvm::ELF::ET_REL
                                  ? sections.addressOf(symbol.section, symbol.address())
                                  : symbol.address());
      wanted.names.emplace(sourceName(symbol.name));
    }
  }
  return wanted;
}

} // namespace

std::string_view sourceName(std::string_view symbol) {
  const std::size_t dot = symbol.rfind('.');
  const bool numbered = dot != std::string_view::npos && dot + 1 < symbol.size() &&
                        symbol.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
  return numbered && dot > 0 ? symbol.substr(0, dot) : symbol;
}

DebugTypes DebugTypes::read(const ElfImage& elf) {
  DebugTypes types;
  types.readFrom(elf);
  types.whyNone_ = oneLine(std::move(types.whyNone_));
  if (!types.whyNone_.empty()) {
    types.placed_.clear();
    types.unplaced_.clear();
    types.graph_ = {};
  }
  types.graph_.finish();
  types.hashes_ = typeHashes(types.graph_);
  types.crossings_ = crossingsOf(types.graph_);
  types.towardsUnreadable_ = towardsUnreadable(types.graph_);
  return types;
}

void DebugTypes::readFrom(const ElfImage& elf) {
  const auto sections = DwarfSections::read(elf);
  if (!sections) {
    whyNone_ = "its debug information cannot be read: " + sections.error().why;
    return;
  }
  for (std::uint32_t i = 0; i < elf.sections.size(); ++i)
    sectionAddresses_.push_back(sections->addressOf(i, 0));
  if (sections->empty()) {
    whyNone_ = shortFileReason(elf);
    return;
  }
  const auto note = [&](llvm::Error error) {
    const std::string message = llvm::toString(std::move(error));
    if (whyNone_.empty())
      whyNone_ = "its debug information is damaged: " + message;
  };
  const auto dwarf = openDwarf(*sections, note);
  if (const auto whole = checkUnits(*dwarf); !whole) {
    if (whyNone_.empty())
      whyNone_ = "its debug information is damaged: " + whole.error().why;
    return;
  }
  const DwarfSymbols found = findSymbols(*dwarf, wantedOf(elf, *sections));
  whyMissing_ = found.whyMissing;
  assembler_ = found.assembler;
  DwarfTypes reader(graph_);
  for (const DwarfSymbol& symbol : found.symbols) {
    Entry entry{symbol.address, symbol.defines, symbol.function, symbol.name, symbol.linkageName, kVoid};
    if (symbol.why.empty()) {
      entry.type = reader.add(symbol.die);
    } else {
      TypeNode unreadable;
      unreadable.name = symbol.why;
      entry.type = graph_.add(std::move(unreadable));
    }
    (symbol.placed ? placed_ : unplaced_).push_back(std::move(entry));
  }
  reader.readAll();
  std::stable_sort(placed_.begin(), placed_.end(),
                   [](const Entry& a, const Entry& b) { return a.address < b.address; });
  std::stable_sort(unplaced_.begin(), unplaced_.end(),
                   [](const Entry& a, const Entry& b) { return a.name < b.name; });
}

SymbolType DebugTypes::at(std::uint32_t section, std::uint32_t offset, bool function,
                          std::string_view name) const {
  if (!whyNone_.empty())
    return {kVoid, whyNone_};
  return find(sectionAddresses_[section] + offset, function, name);
}

SymbolType DebugTypes::find(std::uint64_t address, bool function, std::string_view name) const {
  if (!whyNone_.empty())
    return {kVoid, whyNone_};
  for (const std::string_view clone : kClones)
    if (function && name.find(clone) != std::string_view::npos)
      return {kVoid, "the compiler made it of another function and changed how it is called"};
  const auto isNamed = [&](const Entry& entry) {
    return entry.function == function &&
           (entry.name == sourceName(name) || entry.name == name || entry.linkageName == name);
  };
  std::vector<const Entry*> here;
  std::vector<const Entry*> named;
  auto entry = std::lower_bound(placed_.begin(), placed_.end(), address,
                                [](const Entry& e, std::uint64_t a) { return e.address < a; });
  for (; entry != placed_.end() && entry->address == address; ++entry) {
    if (isNamed(*entry))
      named.push_back(&*entry);
    else if (entry->function == function && address != 0) // the address of all that a linker dropped
      here.push_back(&*entry);
  }
  const bool found = !named.empty();
  // An alias has no place in DWARF, but it may be declared; else it is as what it stands for.
  for (const Entry& other : unplaced_)
    if (!found && isNamed(other) && (other.defines || !here.empty()))
      named.push_back(&other);
  if (named.empty())
    named = std::move(here);
  return named.empty() ? SymbolType{kVoid, whyMissing(address)} : agreed(named, name);
}

std::string DebugTypes::whyMissing(std::uint64_t address) const {
  const bool assembler = std::any_of(assembler_.begin(), assembler_.end(), [&](const AddressRange& range) {
    return address >= range.address && address < range.end();
  });
  return assembler             ? "it is assembler code"
         : whyMissing_.empty() ? "its debug information does not describe it"
                               : whyMissing_;
}

SymbolType DebugTypes::agreed(const std::vector<const Entry*>& entries, std::string_view name) const {
  const TypeId first = entries.front()->type;
  for (const Entry* entry : entries)
    if (hashes_[entry->type] != hashes_[first])
      return {kVoid, fmt::format("its debug information describes '{}' twice, differently", name)};
  if (TypeId next = towardsUnreadable_[first]; next != kVoid) {
    for (std::size_t steps = 0;
         graph_.nodes[next].kind != TypeKind::Unreadable && steps < graph_.nodes.size(); ++steps)
      next = towardsUnreadable_[next];
    return {kVoid, graph_.nodes[next].name};
  }
  return {first, {}};
}

} // namespace romlink::relink
