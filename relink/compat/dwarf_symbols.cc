#include "relink/compat/dwarf_symbols.h"

#include <fmt/format.h>
#include <llvm/DebugInfo/DWARF/DWARFTypeUnit.h>
#include <optional>

namespace romlink::relink {
namespace {

using llvm::DWARFDie;
using namespace llvm::dwarf;

constexpr unsigned kOldest = 4, kNewest = 5;

/// The address of a variable whose location is one: DW_OP_addr or DW_OP_addrx, perhaps plus a constant, which
/// is how clang places variables that it merged.
std::optional<std::uint64_t> addressOfVariable(const DWARFDie& die) {
  const auto location = die.find(DW_AT_location);
  if (!location)
    return std::nullopt;
  const auto block = location->getAsBlock();
  if (!block || block->empty())
    return std::nullopt;
  llvm::DWARFUnit* unit = die.getDwarfUnit();
  const llvm::DataExtractor data(*block, true, unit->getAddressByteSize());
  llvm::DataExtractor::Cursor cursor(0);
  std::optional<std::uint64_t> address;
  switch (data.getU8(cursor)) {
  case DW_OP_addr:
    address = data.getAddress(cursor);
    break;
  case DW_OP_addrx:
  case DW_OP_GNU_addr_index:
    if (const auto item = unit->getAddrOffsetSectionItem(static_cast<std::uint32_t>(data.getULEB128(cursor))))
      address = item->Address;
    break;
  default:
    break;
  }
  if (address && cursor && cursor.tell() < block->size())
    address = data.getU8(cursor) == DW_OP_plus_uconst ? std::optional(*address + data.getULEB128(cursor))
                                                      : std::nullopt;
  const bool whole = static_cast<bool>(cursor) && cursor.tell() == block->size();
  llvm::consumeError(cursor.takeError());
  return whole ? address : std::nullopt;
}

/// Where a function begins. Of one in several parts (hot and cold) each begin.
std::vector<std::uint64_t> addressesOfFunction(const DWARFDie& die) {
  if (const auto low = llvm::dwarf::toAddress(die.find(DW_AT_low_pc)))
    return {*low & ~std::uint64_t{1}};
  std::vector<std::uint64_t> addresses;
  if (!die.find(DW_AT_ranges))
    return addresses;
  auto ranges = die.getAddressRanges();
  if (!ranges) {
    llvm::consumeError(ranges.takeError());
    return addresses;
  }
  for (const auto& range : *ranges)
    addresses.push_back(range.LowPC & ~std::uint64_t{1});
  return addresses;
}

/// A declaration that says nothing of the parameters: `int f();` of C, or one that gcc made of a call of an
/// operator or of a builtin function, which has no line either.
bool isWithoutPrototype(const DWARFDie& die) {
  return die.find(DW_AT_declaration) && !die.find({DW_AT_prototyped, DW_AT_specification}) &&
         (!die.find(DW_AT_decl_line) || (die.getTag() == DW_TAG_subprogram && isC(*die.getDwarfUnit())));
}

class UnitReader {
public:
  UnitReader(llvm::DWARFUnit& unit, const WantedSymbols& wanted, DwarfSymbols& result)
      : unit_(unit), wanted_(wanted), result_(result) {}

  void read() {
    const DWARFDie root = unit_.getUnitDIE();
    if (!root.isValid())
      return;
    if (root.find({DW_AT_dwo_name, DW_AT_GNU_dwo_name})) {
      std::string_view name =
          llvm::dwarf::toString(root.find({DW_AT_dwo_name, DW_AT_GNU_dwo_name}), "a .dwo file");
      name.remove_prefix(name.rfind('/') + 1); // the folder is another on each machine
      result_.whyMissing = fmt::format(
          "its types are in {}, which romlink does not read (compile without -gsplit-dwarf)", name);
      return;
    }
    if (llvm::dwarf::toUnsigned(root.find(DW_AT_language), 0) == DW_LANG_Mips_Assembler) {
      addAssembler(root);
      return;
    }
    if (unit_.getVersion() < kOldest || unit_.getVersion() > kNewest)
      why_ = fmt::format("its debug information is DWARF {} (compile with -gdwarf-4 or -gdwarf-5)",
                         unit_.getVersion());
    const std::size_t first = result_.symbols.size();
    for (const llvm::DWARFDebugInfoEntry& entry : unit_.dies())
      add(DWARFDie(&unit_, &entry));
    for (std::size_t i = first; !hasTypes_ && i < result_.symbols.size(); ++i)
      judgeWithoutTypes(result_.symbols[i]);
  }

private:
  void addAssembler(const DWARFDie& root) {
    auto ranges = root.getAddressRanges();
    if (!ranges)
      return llvm::consumeError(ranges.takeError());
    for (const auto& range : *ranges)
      if (range.LowPC < range.HighPC && range.HighPC <= UINT32_MAX)
        result_.assembler.push_back(
            {static_cast<Address>(range.LowPC), static_cast<std::uint32_t>(range.HighPC - range.LowPC)});
  }

  void add(const DWARFDie& die) {
    hasTypes_ |= isType(die.getTag());
    const bool function = die.getTag() == DW_TAG_subprogram;
    if ((!function && die.getTag() != DW_TAG_variable) || isWithoutPrototype(die))
      return;
    std::vector<std::uint64_t> addresses;
    if (function)
      addresses = addressesOfFunction(die);
    else if (const auto address = addressOfVariable(die))
      addresses = {*address};
    const bool placed = !addresses.empty();
    if (placed)
      std::erase_if(addresses, [&](std::uint64_t a) { return !wanted_.addresses.contains(a); });
    else if (die.getParent() == unit_.getUnitDIE())
      addresses = {0};
    for (const std::uint64_t address : addresses)
      add(die, address, placed, function);
  }

  void add(const DWARFDie& die, std::uint64_t address, bool placed, bool function) {
    DwarfSymbol symbol{die, address, placed, false, function, {}, {}, why_};
    symbol.defines = !placed && llvm::dwarf::toUnsigned(die.find(DW_AT_external), 0) != 0 &&
                     llvm::dwarf::toUnsigned(die.find(DW_AT_declaration), 0) == 0;
    bool damaged = false;
    symbol.name = dwarfName(die, DW_AT_name, damaged);
    symbol.linkageName = dwarfName(die, DW_AT_linkage_name, damaged);
    if (damaged)
      symbol.why = "its debug information is damaged: a name cannot be read";
    if (placed || wanted_.names.contains(symbol.linkageName.empty() ? symbol.name : symbol.linkageName))
      result_.symbols.push_back(std::move(symbol));
  }

  /// gcc -g1 describes functions and variables without types. A `void f(void)` is known by DW_AT_prototyped.
  void judgeWithoutTypes(DwarfSymbol& symbol) const {
    if (symbol.why.empty() && (!symbol.function || !symbol.die.findRecursively({DW_AT_prototyped})))
      symbol.why = "its debug information has no types (compile with -g)";
  }

  llvm::DWARFUnit& unit_;
  const WantedSymbols& wanted_;
  DwarfSymbols& result_;
  bool hasTypes_ = false;
  std::string why_;
};

} // namespace

bool isC(llvm::DWARFUnit& unit) {
  switch (llvm::dwarf::toUnsigned(unit.getUnitDIE().find(DW_AT_language), 0)) {
  case DW_LANG_C89:
  case DW_LANG_C:
  case DW_LANG_C99:
  case DW_LANG_C11:
  case DW_LANG_C17:
    return true;
  default:
    return false;
  }
}

std::string dwarfName(const DWARFDie& die, Attribute attribute, bool& damaged) {
  const auto value = die.findRecursively({attribute});
  if (!value)
    return {};
  auto text = value->getAsCString();
  if (text)
    return *text;
  llvm::consumeError(text.takeError());
  damaged = true;
  return {};
}

DWARFDie referredBy(const DWARFDie& die, Attribute attribute) {
  const auto value = die.find(attribute);
  if (!value)
    return {};
  if (value->getForm() != DW_FORM_ref_sig8)
    return die.getAttributeValueAsReferencedDie(*value);
  llvm::DWARFUnit& unit = *die.getDwarfUnit();
  llvm::DWARFTypeUnit* types =
      unit.getContext().getTypeUnitForHash(unit.getVersion(), value->getRawUValue(), unit.isDWOUnit());
  return types == nullptr ? DWARFDie() : types->getDIEForOffset(types->getOffset() + types->getTypeOffset());
}

DwarfSymbols findSymbols(llvm::DWARFContext& dwarf, const WantedSymbols& wanted) {
  DwarfSymbols result;
  for (const auto& unit : dwarf.compile_units())
    UnitReader(*unit, wanted, result).read();
  return result;
}

} // namespace romlink::relink
