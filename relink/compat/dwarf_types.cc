#include "relink/compat/dwarf_types.h"

#include "relink/compat/dwarf_entries.h"
#include "relink/compat/dwarf_symbols.h"
#include "relink/compat/spelling.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace romlink::relink {
namespace {

using llvm::DWARFDie;
using namespace llvm::dwarf;

constexpr std::uint32_t kPointerSize = 4;

TypeNode nodeOfKind(TypeKind kind) {
  TypeNode node;
  node.kind = kind;
  return node;
}

TypeNode unreadableNode(std::string why) {
  TypeNode node = nodeOfKind(TypeKind::Unreadable);
  node.name = std::move(why);
  return node;
}

/// `node`, if the type is opaque in the source, too.
TypeNode declaredOnly(const DWARFDie& type, TypeNode node) {
  const std::string_view remedy = remedyFor(type);
  if (remedy.empty())
    return node;
  return unreadableNode(fmt::format("its debug information only declares {} ({})",
                                    node.name.empty() ? "a type without a name" : node.name, remedy));
}

} // namespace

TypeRef DwarfTypes::unreadable(std::string why) {
  return {graph_.add(unreadableNode(std::move(why))), 0};
}

TypeId DwarfTypes::add(const DWARFDie& symbol) {
  return nodeOf(symbol);
}

void DwarfTypes::readAll() {
  while (!unread_.empty()) {
    const auto [id, die] = unread_.back();
    unread_.pop_back();
    read(id, die);
  }
  refuseIncompleteValues();
}

/// Of a type that is only declared nobody knows how a value is passed or where the next member lies.
void DwarfTypes::refuseIncompleteValues() {
  const auto isIncomplete = [&](TypeRef ref) {
    for (unsigned steps = 0; graph_.nodes[ref.type].kind == TypeKind::Typedef && steps < kLongestChain;
         ++steps)
      ref = graph_.nodes[ref.type].target;
    return graph_.nodes[ref.type].incomplete && graph_.nodes[ref.type].size == 0;
  };
  for (TypeNode& node : graph_.nodes) {
    const bool holds = node.kind == TypeKind::Function || node.kind == TypeKind::Object ||
                       node.kind == TypeKind::Array || node.kind == TypeKind::Struct ||
                       node.kind == TypeKind::Union;
    bool incomplete = false;
    if (holds)
      forEachReference(node, [&](TypeRef ref) { incomplete |= isIncomplete(ref); });
    if (incomplete)
      node = unreadableNode("its debug information only declares a type that is used by value");
  }
}

TypeId DwarfTypes::nodeOf(const DWARFDie& type) {
  constexpr std::uint64_t kTypesSection = std::uint64_t{1} << 63U;
  constexpr unsigned kTypesInInfo = 5; // from this DWARF version on
  const llvm::DWARFUnit& unit = *type.getDwarfUnit();
  const bool elsewhere = unit.isTypeUnit() && unit.getVersion() < kTypesInInfo;
  const auto [known, isNew] = known_.try_emplace(type.getOffset() | (elsewhere ? kTypesSection : 0), kVoid);
  if (isNew) {
    known->second = graph_.add({});
    unread_.emplace_back(known->second, type);
  }
  return known->second;
}

TypeRef DwarfTypes::typeOf(const DWARFDie& die) {
  DWARFDie holder = die;
  for (unsigned steps = 0; holder.isValid() && steps < kLongestChain; holder = completedBy(holder), ++steps)
    if (holder.find(DW_AT_type))
      return referenceTo(referredBy(holder, DW_AT_type));
  return {};
}

TypeRef DwarfTypes::referenceTo(DWARFDie type) {
  std::uint8_t qualifiers = 0;
  for (unsigned steps = 0; steps < kLongestChain; ++steps) {
    if (!type.isValid())
      return unreadable("its debug information refers to a type that is not there");
    switch (type.getTag()) {
    case DW_TAG_const_type:
    case DW_TAG_immutable_type:
      qualifiers |= kConst;
      break;
    case DW_TAG_volatile_type:
      qualifiers |= kVolatile;
      break;
    case DW_TAG_restrict_type:
      qualifiers |= kRestrict;
      break;
    case DW_TAG_atomic_type:
    case DW_TAG_packed_type:
    case DW_TAG_subrange_type:
      break;
    default: {
      const DWARFDie definition = definitionOf(type);
      if (!definition.isValid())
        return unreadable("its debug information refers to a type unit that is not there");
      return {nodeOf(definition), qualifiers};
    }
    }
    if (!type.find(DW_AT_type))
      return {kVoid, qualifiers};
    type = referredBy(type, DW_AT_type);
  }
  return unreadable("a type with endless qualifiers");
}

DWARFDie DwarfTypes::definitionOf(const DWARFDie& type) {
  if (type.find(DW_AT_signature))
    return referredBy(type, DW_AT_signature);
  if (!has(type, DW_AT_declaration) || type.getTag() == DW_TAG_subprogram)
    return type;
  bool damaged = false;
  const auto keyOf = [&](const DWARFDie& die) {
    const char kind = die.getTag() == DW_TAG_union_type ? 'u' : isRecord(die.getTag()) ? 's' : 'e';
    return fmt::format("{} {:x} {}", kind, functionAround(die), qualifiedName(die, damaged));
  };
  llvm::DWARFUnit* unit = type.getDwarfUnit();
  const auto [known, isNew] = definitions_.try_emplace(unit);
  if (isNew)
    for (const llvm::DWARFDebugInfoEntry& entry : unit->dies()) {
      const DWARFDie die(unit, &entry);
      if ((!isRecord(die.getTag()) && die.getTag() != DW_TAG_enumeration_type) ||
          has(die, DW_AT_declaration) || !die.findRecursively({DW_AT_name}))
        continue;
      const auto [other, only] = known->second.try_emplace(keyOf(die), die);
      if (!only)
        other->second = {};
    }
  const auto found = known->second.find(keyOf(type));
  return found != known->second.end() && found->second.isValid() && !damaged ? found->second : type;
}

void DwarfTypes::read(TypeId id, const DWARFDie& type) {
  TypeNode node = readType(type); // may add nodes
  graph_.nodes[id] = std::move(node);
}

TypeNode DwarfTypes::readType(const DWARFDie& type) {
  bool damaged = false;
  TypeNode node;
  switch (type.getTag()) {
  case DW_TAG_base_type:
    node = readBase(type);
    break;
  case DW_TAG_pointer_type:
  case DW_TAG_reference_type:
  case DW_TAG_rvalue_reference_type:
    node.kind = type.getTag() == DW_TAG_pointer_type     ? TypeKind::Pointer
                : type.getTag() == DW_TAG_reference_type ? TypeKind::Reference
                                                         : TypeKind::RvalueReference;
    node.target = typeOf(type);
    node.size = static_cast<std::uint32_t>(numberOf(type, DW_AT_byte_size).value_or(kPointerSize));
    break;
  case DW_TAG_ptr_to_member_type: {
    node.kind = TypeKind::MemberPointer;
    node.target = typeOf(type);
    TypeField& of = node.fields.emplace_back();
    of.kind = TypeField::Kind::Class;
    of.type = referenceTo(referredBy(type, DW_AT_containing_type));
    break;
  }
  case DW_TAG_structure_type:
  case DW_TAG_class_type:
  case DW_TAG_union_type:
    node = readStruct(type);
    break;
  case DW_TAG_enumeration_type:
    node = readEnum(type);
    break;
  case DW_TAG_array_type:
    node = readArray(type);
    break;
  case DW_TAG_subroutine_type:
  case DW_TAG_subprogram:
    node = readFunction(type);
    break;
  case DW_TAG_variable:
    node.kind = TypeKind::Object;
    node.target = typeOf(type);
    if (node.target.type == kVoid)
      node = unreadableNode("its debug information has no type for it");
    break;
  case DW_TAG_typedef:
  case DW_TAG_template_alias:
    node.kind = TypeKind::Typedef;
    node.name = qualifiedName(type, damaged);
    node.target = typeOf(type);
    break;
  case DW_TAG_unspecified_type:
    node.kind = TypeKind::Unspecified;
    node.name = dwarfName(type, DW_AT_name, damaged);
    break;
  default:
    node = unreadableNode(fmt::format("its debug information has {}, which romlink does not know",
                                      TagString(type.getTag()).str()));
  }
  return damaged ? unreadableNode("its debug information is damaged: a name cannot be read") : node;
}

TypeNode DwarfTypes::readBase(const DWARFDie& type) {
  bool damaged = false;
  TypeNode node = nodeOfKind(TypeKind::Base);
  node.name = cSpelling(dwarfName(type, DW_AT_name, damaged));
  const auto size = numberOf(type, DW_AT_byte_size);
  const auto encoding = numberOf(type, DW_AT_encoding);
  if (!size || !encoding || damaged)
    return unreadableNode("its debug information has a type without size or encoding");
  node.size = static_cast<std::uint32_t>(*size);
  node.encoding = meaningOf(*encoding, node.name);
  node.count = bitsInName(node.name);
  return node;
}

TypeNode DwarfTypes::readStruct(const DWARFDie& type) {
  bool damaged = false;
  TypeNode node = nodeOfKind(type.getTag() == DW_TAG_union_type ? TypeKind::Union : TypeKind::Struct);
  node.name = qualifiedName(type, damaged);
  node.incomplete = has(type, DW_AT_declaration);
  const auto size = numberOf(type, DW_AT_byte_size);
  if (damaged || (!size && !node.incomplete))
    return unreadableNode("its debug information has a struct without size or name");
  if (node.incomplete)
    return declaredOnly(type, std::move(node));
  node.size = static_cast<std::uint32_t>(*size);
  node.alignment = smallNumber(type, DW_AT_alignment);
  for (const DWARFDie& child : type.children()) {
    readMember(child, node);
    if (node.kind == TypeKind::Unreadable)
      return node;
  }
  std::stable_sort(node.fields.begin(), node.fields.end(), [](const TypeField& a, const TypeField& b) {
    return std::tie(a.kind, a.value, a.bits, a.name) < std::tie(b.kind, b.value, b.bits, b.name);
  });
  return node;
}

void DwarfTypes::readMember(const DWARFDie& member, TypeNode& node) {
  bool damaged = false;
  TypeField field;
  field.name = dwarfName(member, DW_AT_name, damaged);
  std::optional<std::int64_t> place;
  switch (member.getTag()) {
  case DW_TAG_member: {
    if (has(member, DW_AT_external) || has(member, DW_AT_declaration))
      return; // static
    field.type = typeOf(member);
    field.bits = smallNumber(member, DW_AT_bit_size);
    field.alignment = field.bits == 0 ? alignmentOf(member) : 0; // of a bit-field clang does not tell it
    const DWARFDie type = referredBy(member, DW_AT_type);
    place = placeOfMember(member, field.bits, type.isValid() ? smallNumber(type, DW_AT_byte_size) : 0);
    if (field.name.starts_with(
            "_vptr")) { // "_vptr.Shape" (gcc), "_vptr$Shape" (clang), of types of their own
      field.name = "_vptr";
      TypeNode pointer = nodeOfKind(TypeKind::Pointer);
      pointer.size = kPointerSize;
      field.type = {graph_.add(std::move(pointer)), 0};
    }
    break;
  }
  case DW_TAG_inheritance:
    field.kind = TypeField::Kind::BaseClass;
    field.type = typeOf(member);
    place = has(member, DW_AT_virtuality) ? kVirtualBase : placeOfMember(member, 0, 0);
    break;
  case DW_TAG_subprogram:
    // A destructor shows in the slots after it: gcc and clang describe it differently.
    if (!has(member, DW_AT_virtuality) || has(member, DW_AT_artificial) || field.name.starts_with('~'))
      return;
    field.kind = TypeField::Kind::VirtualFunction;
    field.type = {nodeOf(member), 0};
    if (const auto slot = operandOf(member, DW_AT_vtable_elem_location, DW_OP_constu))
      place = static_cast<std::int64_t>(*slot);
    break;
  case DW_TAG_variant_part:
    node = unreadableNode("its debug information has a variant record, which romlink does not know");
    return;
  default:
    return; // nested types, static members, templates' arguments
  }
  if (damaged || !place) {
    node = unreadableNode("its debug information has a member without place or name");
    return;
  }
  field.value = *place;
  node.fields.push_back(std::move(field));
}

TypeNode DwarfTypes::readEnum(const DWARFDie& type) {
  bool damaged = false;
  TypeNode node = nodeOfKind(TypeKind::Enum);
  node.name = qualifiedName(type, damaged);
  node.incomplete = has(type, DW_AT_declaration);
  node.size = smallNumber(type, DW_AT_byte_size);
  bool negative = false;
  for (const DWARFDie& child : type.children()) {
    if (child.getTag() != DW_TAG_enumerator)
      continue;
    TypeField& field = node.fields.emplace_back();
    field.kind = TypeField::Kind::Enumerator;
    field.name = dwarfName(child, DW_AT_name, damaged);
    const auto value = child.find(DW_AT_const_value);
    const bool isSigned =
        value && (value->getForm() == DW_FORM_sdata || value->getForm() == DW_FORM_implicit_const);
    const auto unsignedNumber = value ? value->getAsUnsignedConstant() : std::nullopt;
    const auto number = isSigned         ? value->getAsSignedConstant()
                        : unsignedNumber ? std::optional(static_cast<std::int64_t>(*unsignedNumber))
                                         : std::nullopt;
    damaged |= !number;
    field.value = number.value_or(0);
    negative |= isSigned && field.value < 0;
  }
  if (damaged || (node.size == 0 && !node.incomplete))
    return unreadableNode("its debug information has an enum without size, name or value");
  if (node.size == 0)
    return declaredOnly(type, std::move(node));
  DWARFDie underlying = referredBy(type, DW_AT_type);
  for (unsigned steps = 0;
       underlying.isValid() && underlying.getTag() != DW_TAG_base_type && steps < kLongestChain; ++steps)
    underlying = referredBy(underlying, DW_AT_type);
  const auto encoding = numberOf(underlying.isValid() ? underlying : type, DW_AT_encoding);
  node.isSigned = encoding ? meaningOf(*encoding, {}) == DW_ATE_signed : negative;
  for (TypeField& field : node.fields)
    field.value = asValueOf(field.value, node.size, node.isSigned);
  std::sort(node.fields.begin(), node.fields.end(), [](const TypeField& a, const TypeField& b) {
    return std::tie(a.value, a.name) < std::tie(b.value, b.name);
  });
  return node;
}

TypeNode DwarfTypes::readArray(const DWARFDie& type) {
  std::vector<std::int64_t> counts;
  for (const DWARFDie& child : type.children())
    if (child.getTag() == DW_TAG_subrange_type || child.getTag() == DW_TAG_enumeration_type)
      counts.push_back(countOf(child));
  if (counts.empty())
    return unreadableNode("its debug information has an array without dimensions");
  TypeNode node = nodeOfKind(TypeKind::Array);
  node.target = typeOf(type);
  node.isVector = has(type, DW_AT_GNU_vector);
  for (std::size_t i = counts.size(); i-- > 0;) {
    node.count = counts[i];
    if (i > 0)
      node.target = {graph_.add(node), 0};
  }
  return node;
}

void DwarfTypes::readParameters(const DWARFDie& function, TypeNode& node) {
  for (const DWARFDie& child : function.children()) {
    if (child.getTag() == DW_TAG_unspecified_parameters)
      node.isVariadic = true;
    if (child.getTag() == DW_TAG_GNU_formal_parameter_pack)
      readParameters(child, node);
    if (child.getTag() != DW_TAG_formal_parameter)
      continue;
    bool damaged = false;
    TypeField& field = node.fields.emplace_back();
    field.kind = TypeField::Kind::Parameter;
    field.name = dwarfName(child, DW_AT_name, damaged);
    field.type =
        damaged ? unreadable("its debug information is damaged: a name cannot be read") : typeOf(child);
    if (field.type.type == kVoid)
      field.type = unreadable("its debug information has a parameter without a type");
  }
}

TypeNode DwarfTypes::readFunction(const DWARFDie& type) {
  DWARFDie origin = type;
  for (unsigned steps = 0; origin.find(DW_AT_abstract_origin) && steps < kLongestChain; ++steps) {
    origin = referredBy(origin, DW_AT_abstract_origin);
    if (!origin.isValid())
      return unreadableNode("its debug information refers to a description that is not there");
  }
  TypeNode node = nodeOfKind(TypeKind::Function);
  node.target = typeOf(origin);
  readParameters(origin, node);
  if (node.fields.empty() && !node.isVariadic)
    if (const DWARFDie declared = referredBy(origin, DW_AT_specification); declared.isValid())
      readParameters(declared, node);
  const std::uint32_t convention =
      std::max(smallNumber(type, DW_AT_calling_convention), smallNumber(origin, DW_AT_calling_convention));
  if (convention == DW_CC_nocall)
    return unreadableNode("the compiler changed how it is called");
  node.convention = static_cast<std::uint8_t>(convention == DW_CC_normal ? 0 : convention);
  if (isC(*type.getDwarfUnit()) && !origin.findRecursively({DW_AT_prototyped})) {
    node.isVariadic = false; // clang says `int (...)` of `int ()`
    node.isPrototyped = type.getTag() == DW_TAG_subprogram && node.fields.empty();
  }
  return node;
}

} // namespace romlink::relink
