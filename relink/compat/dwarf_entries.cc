#include "relink/compat/dwarf_entries.h"

#include "relink/compat/dwarf_symbols.h"
#include "relink/compat/spelling.h"
#include "relink/compat/type_graph.h"

#include <algorithm>
#include <charconv>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>

namespace romlink::relink {

using llvm::DWARFDie;
using namespace llvm::dwarf;

constexpr std::uint32_t kPointerSize = 4;

std::optional<std::uint64_t> numberOf(const DWARFDie& die, Attribute attribute) {
  const auto value = die.find(attribute);
  return value ? value->getAsUnsignedConstant() : std::nullopt;
}

std::uint32_t smallNumber(const DWARFDie& die, Attribute attribute) {
  return static_cast<std::uint32_t>(numberOf(die, attribute).value_or(0));
}

bool has(const DWARFDie& die, Attribute attribute) {
  return llvm::dwarf::toUnsigned(die.find(attribute), 0) != 0;
}

std::optional<std::uint64_t> operandOf(const DWARFDie& die, Attribute attribute, std::uint8_t operation) {
  const auto value = die.find(attribute);
  if (!value)
    return std::nullopt;
  const auto block = value->getAsBlock();
  if (!block || block->empty() || block->front() != operation)
    return std::nullopt;
  const llvm::DataExtractor data(block->drop_front(), true, kPointerSize);
  llvm::DataExtractor::Cursor cursor(0);
  const std::uint64_t number = data.getULEB128(cursor);
  if (!cursor) {
    llvm::consumeError(cursor.takeError());
    return std::nullopt;
  }
  return number;
}

bool isRecord(Tag tag) {
  return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

DWARFDie completedBy(const DWARFDie& die) {
  for (const Attribute attribute : {DW_AT_abstract_origin, DW_AT_specification})
    if (die.find(attribute))
      return referredBy(die, attribute);
  return {};
}

std::string qualifiedName(const DWARFDie& type, bool& damaged) {
  std::string name = dwarfName(type, DW_AT_name, damaged);
  if (name.empty())
    return name;
  const DWARFDie declaration = referredBy(type, DW_AT_specification);
  DWARFDie scope = (declaration.isValid() ? declaration : type).getParent();
  for (unsigned steps = 0; scope.isValid() && steps < kLongestChain; scope = scope.getParent(), ++steps) {
    if (scope.getTag() != DW_TAG_namespace && !isRecord(scope.getTag()))
      break;
    const std::string outer = dwarfName(scope, DW_AT_name, damaged);
    name = (outer.empty() ? "(anonymous)" : outer) + "::" + name;
  }
  return templateSpelling(std::move(name));
}

std::int64_t bitsInName(const std::string& name) {
  const std::size_t begin = name.find("_BitInt(");
  std::int64_t bits = 0;
  if (begin != std::string::npos)
    std::from_chars(name.data() + begin + std::string_view("_BitInt(").size(), name.data() + name.size(),
                    bits);
  return bits;
}

std::uint64_t functionAround(const DWARFDie& type) {
  for (DWARFDie scope = type.getParent(); scope.isValid(); scope = scope.getParent())
    if (scope.getTag() == DW_TAG_subprogram)
      return scope.getOffset();
  return 0;
}

std::string_view remedyFor(const DWARFDie& type) {
  const DWARFDie unit = type.getDwarfUnit()->getUnitDIE();
  const llvm::StringRef producer = llvm::dwarf::toStringRef(unit.find(DW_AT_producer));
  for (DWARFDie scope = type.getParent(); scope.isValid(); scope = scope.getParent())
    if (scope.getTag() == DW_TAG_module)
      return "compile without -gmodules";
  const bool inC = isC(*type.getDwarfUnit());
  const bool named = type.findRecursively({DW_AT_name}).has_value(); // as all opaque types are
  if (producer.contains("-femit-struct-debug") || (inC && !named))
    return "compile without -femit-struct-debug-...";
  if (inC)
    return {};
  return producer.starts_with("GNU") ? "compile with -femit-class-debug-always"
                                     : "compile with -fstandalone-debug";
}

std::uint8_t meaningOf(std::uint64_t encoding, const std::string& name) {
  switch (encoding) {
  case DW_ATE_signed_char:
    return DW_ATE_signed;
  case DW_ATE_unsigned_char:
  case DW_ATE_UTF:
  case DW_ATE_UCS:
  case DW_ATE_ASCII:
    return DW_ATE_unsigned;
  case DW_ATE_float: // bfloat16 and IEEE's half are both 2 bytes of it
    return name.find("bf16") == std::string::npos ? DW_ATE_float : DW_ATE_lo_user;
  default:
    return static_cast<std::uint8_t>(encoding);
  }
}

std::int64_t asValueOf(std::int64_t value, std::uint32_t size, bool isSigned) {
  if (size == 0 || size >= sizeof(value))
    return value;
  const unsigned unused = 64 - 8 * size;
  const std::uint64_t moved = static_cast<std::uint64_t>(value) << unused;
  return isSigned ? static_cast<std::int64_t>(moved) >> unused : static_cast<std::int64_t>(moved >> unused);
}

std::optional<std::int64_t> placeOfMember(const DWARFDie& member, std::uint32_t bits,
                                          std::uint64_t typeSize) {
  constexpr std::int64_t kByte = 8;
  if (const auto place = numberOf(member, DW_AT_data_bit_offset))
    return static_cast<std::int64_t>(*place);
  auto location = member.find(DW_AT_data_member_location) ? numberOf(member, DW_AT_data_member_location)
                                                          : std::optional<std::uint64_t>(0); // of a union
  if (!location)
    location = operandOf(member, DW_AT_data_member_location, DW_OP_plus_uconst);
  if (!location || *location > UINT32_MAX)
    return std::nullopt;
  const std::int64_t begin = static_cast<std::int64_t>(*location) * kByte;
  const auto fromHigh = numberOf(member, DW_AT_bit_offset);
  if (!fromHigh)
    return begin;
  const auto storage = static_cast<std::int64_t>(numberOf(member, DW_AT_byte_size).value_or(typeSize));
  return begin + storage * kByte - static_cast<std::int64_t>(*fromHigh) - bits;
}

std::uint32_t alignmentOf(const DWARFDie& member) {
  constexpr std::uint32_t kLargestNatural = 8;
  const std::uint32_t demanded = smallNumber(member, DW_AT_alignment);
  DWARFDie type = referredBy(member, DW_AT_type);
  for (unsigned steps = 0; demanded != 0 && type.isValid() && steps < kLongestChain; ++steps) {
    if (type.find(DW_AT_signature))
      type = referredBy(type, DW_AT_signature);
    const Tag tag = type.isValid() ? type.getTag() : DW_TAG_null;
    if (isRecord(tag))
      return smallNumber(type, DW_AT_alignment) == demanded ? 0 : demanded;
    switch (tag) {
    case DW_TAG_base_type:
    case DW_TAG_enumeration_type:
      return std::min(smallNumber(type, DW_AT_byte_size), kLargestNatural) == demanded ? 0 : demanded;
    case DW_TAG_pointer_type:
    case DW_TAG_reference_type:
    case DW_TAG_rvalue_reference_type:
    case DW_TAG_ptr_to_member_type:
      return demanded == kPointerSize ? 0 : demanded;
    default:
      type = referredBy(type, DW_AT_type);
    }
  }
  return demanded;
}

std::int64_t countOf(const DWARFDie& dimension) {
  constexpr std::uint64_t kMost = UINT32_MAX;
  const bool bounded = dimension.find({DW_AT_count, DW_AT_upper_bound}).has_value();
  auto count = numberOf(dimension, DW_AT_count);
  if (const auto last = numberOf(dimension, DW_AT_upper_bound))
    count = *last + 1;
  if (!count)
    return bounded ? kVariable : kFlexible; // of a variable length the bound is an expression
  return *count == 0 || *count > kMost ? kFlexible : static_cast<std::int64_t>(*count);
}

} // namespace romlink::relink
