#include "relink/compat/dwarf_check.h"

#include <fmt/format.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugAbbrev.h>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>

namespace romlink::relink {
namespace {

using namespace llvm::dwarf;

class UnitCheck {
public:
  explicit UnitCheck(llvm::DWARFUnit& unit)
      : unit_(unit), data_(unit.getDebugInfoExtractor()), cursor_(unit.getOffset() + unit.getHeaderSize()) {}

  Result<void> run() {
    const auto* abbreviations = unit_.getAbbreviations();
    const std::uint64_t end = unit_.getNextUnitOffset();
    std::uint64_t begin = cursor_.tell();
    while (abbreviations != nullptr && cursor_ && cursor_.tell() < end) {
      begin = cursor_.tell();
      const std::uint64_t code = data_.getULEB128(cursor_);
      if (!cursor_ || code == 0)
        continue;
      const auto* entry = code <= UINT32_MAX
                              ? abbreviations->getAbbreviationDeclaration(static_cast<std::uint32_t>(code))
                              : nullptr;
      if (entry == nullptr)
        return damaged(begin, fmt::format("it has no abbreviation {}", code));
      for (const auto& attribute : entry->attributes())
        if (!attribute.isImplicitConst() && !skip(attribute.Form))
          return damaged(begin,
                         fmt::format("its form {:#x} is not known", static_cast<unsigned>(attribute.Form)));
    }
    const bool whole = static_cast<bool>(cursor_) && cursor_.tell() == end;
    llvm::consumeError(cursor_.takeError());
    if (abbreviations == nullptr)
      return damaged(begin, "it has no abbreviations");
    return whole ? Result<void>() : damaged(begin, "it reaches beyond the end of its unit");
  }

private:
  Result<void> damaged(std::uint64_t offset, const std::string& why) {
    llvm::consumeError(cursor_.takeError());
    return fail(ErrorCode::Malformed, "cannot read the debug information", {},
                fmt::format("the entry at {:#x}: {}", offset, why));
  }

  /// DWARF 5, 7.5.6. False: an unknown form.
  bool skip(Form form) {
    constexpr int kMostIndirect = 8;
    for (int steps = 0; form == DW_FORM_indirect && steps < kMostIndirect; ++steps)
      form = static_cast<Form>(data_.getULEB128(cursor_));
    if (const auto size = getFixedFormByteSize(form, unit_.getFormParams())) {
      data_.skip(cursor_, *size);
      return true;
    }
    switch (form) {
    case DW_FORM_block1:
      data_.skip(cursor_, data_.getU8(cursor_));
      return true;
    case DW_FORM_block2:
      data_.skip(cursor_, data_.getU16(cursor_));
      return true;
    case DW_FORM_block4:
      data_.skip(cursor_, data_.getU32(cursor_));
      return true;
    case DW_FORM_block:
    case DW_FORM_exprloc:
      data_.skip(cursor_, data_.getULEB128(cursor_));
      return true;
    case DW_FORM_string:
      data_.getCStrRef(cursor_);
      return true;
    case DW_FORM_sdata:
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
      data_.getULEB128(cursor_);
      return true;
    default:
      return false;
    }
  }

  llvm::DWARFUnit& unit_;
  llvm::DWARFDataExtractor data_;
  llvm::DataExtractor::Cursor cursor_;
};

} // namespace

std::unique_ptr<llvm::DWARFContext> openDwarf(const DwarfSections& sections,
                                              const std::function<void(llvm::Error)>& note) {
  constexpr std::uint8_t kAddressSize = 4;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> buffers;
  for (const auto& [name, content] : sections.contents())
    buffers[name] = llvm::MemoryBuffer::getMemBuffer(
        llvm::StringRef(reinterpret_cast<const char*>(content.data()), content.size()), name, false);
  return llvm::DWARFContext::create(buffers, kAddressSize, true, note, note);
}

Result<void> checkUnits(llvm::DWARFContext& dwarf) {
  for (const auto& unit : dwarf.normal_units())
    ROMLINK_TRY(UnitCheck(*unit).run());
  return {};
}

} // namespace romlink::relink
