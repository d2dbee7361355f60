#include "relink/compat/rom_types.h"

#include "relink/compat/debug_types.h"
#include "relink/compat/type_hash.h"
#include "romlink/worker/types.pb.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace romlink::relink {
namespace {

constexpr std::uint64_t kQualifiers = 8; ///< values of TypeRef::qualifiers
constexpr const char* kUnknown = "its debug information does not describe it";

std::uint32_t flagsOf(const TypeNode& node) {
  std::uint32_t flags = 0;
  for (const auto& [is, flag] :
       {std::pair(node.incomplete, worker::Type::INCOMPLETE), std::pair(node.isSigned, worker::Type::SIGNED),
        std::pair(node.isVector, worker::Type::VECTOR), std::pair(node.isVariadic, worker::Type::VARIADIC),
        std::pair(!node.isPrototyped, worker::Type::UNPROTOTYPED)})
    flags |= is ? static_cast<std::uint32_t>(flag) : 0U;
  return flags;
}

class TableWriter {
public:
  TableWriter(const DebugTypes& types, worker::TypeTable& table)
      : types_(types), identical_(identicalTypes(types.graph())), table_(table) {
    textOf("");
    idOf(kVoid);
  }

  void add(std::size_t symbol, const SymbolType& type) {
    if (type.type == kVoid && type.why == kUnknown)
      return; // what is not in the table is not known
    worker::TypedSymbol& message = *table_.add_symbols();
    message.set_symbol(static_cast<std::uint32_t>(symbol));
    if (type.type == kVoid) {
      message.set_why(textOf(type.why));
      return;
    }
    message.set_type(idOf(type.type));
    message.set_hash(types_.hashes()[type.type]);
    message.set_crossing(types_.crossings()[type.type].bits());
  }

  /// Writes what the symbols need.
  void finish() {
    for (std::size_t i = 0; i < order_.size(); ++i) // grows on the way
      write(types_.graph().nodes[order_[i]]);
  }

private:
  std::uint32_t textOf(const std::string& text) {
    const auto [known, isNew] = texts_.try_emplace(text, table_.texts_size());
    if (isNew)
      table_.add_texts(text);
    return static_cast<std::uint32_t>(known->second);
  }
  std::uint32_t idOf(TypeId type) {
    const auto [known, isNew] = ids_.try_emplace(identical_[type], static_cast<std::uint32_t>(order_.size()));
    if (isNew)
      order_.push_back(identical_[type]);
    return known->second;
  }
  std::uint64_t referenceTo(TypeRef ref) { return idOf(ref.type) * kQualifiers + ref.qualifiers; }

  void write(const TypeNode& node) {
    worker::Type& type = *table_.add_types();
    type.set_kind(static_cast<std::uint32_t>(node.kind));
    type.set_name(textOf(node.name));
    type.set_target(referenceTo(node.target));
    type.set_size(node.size);
    type.set_alignment(node.alignment);
    type.set_encoding(node.encoding);
    type.set_convention(node.convention);
    type.set_count(node.count);
    type.set_flags(flagsOf(node));
    for (const TypeField& field : node.fields) {
      worker::TypeField& message = *type.add_fields();
      message.set_kind(static_cast<std::uint32_t>(field.kind));
      message.set_name(textOf(field.name));
      message.set_type(referenceTo(field.type));
      message.set_value(field.value);
      message.set_bits(field.bits);
      message.set_alignment(field.alignment);
    }
  }

  const DebugTypes& types_;
  std::vector<TypeId> identical_;
  worker::TypeTable& table_;
  std::map<std::string, int> texts_;
  std::unordered_map<TypeId, std::uint32_t> ids_;
  std::vector<TypeId> order_; ///< of the table
};

} // namespace

void storeTypes(const ElfImage& rom, const std::vector<const Symbol*>& symbols, worker::TypeTable& table) {
  const DebugTypes types = DebugTypes::read(rom);
  table.set_why_none(types.whyNone());
  if (!types.whyNone().empty())
    return;
  TableWriter writer(types, table);
  for (std::size_t i = 0; i < symbols.size(); ++i)
    writer.add(i, types.at(symbols[i]->address(), symbols[i]->isFunction(), symbols[i]->name));
  writer.finish();
}

RomSymbolType RomTypes::of(std::size_t symbol) const {
  if (!table_.why_none().empty())
    return {kVoid, 0, {}, table_.why_none()};
  const auto found = std::lower_bound(
      table_.symbols().begin(), table_.symbols().end(), symbol,
      [](const worker::TypedSymbol& entry, std::size_t wanted) { return entry.symbol() < wanted; });
  if (found == table_.symbols().end() || found->symbol() != symbol)
    return {kVoid, 0, {}, kUnknown};
  if (found->type() != kVoid)
    return {found->type(), found->hash(), Crossing::fromBits(found->crossing()), {}};
  const bool explained = found->why() < static_cast<std::uint32_t>(table_.texts_size());
  return {
      kVoid, 0, {}, explained ? std::string_view(table_.texts(static_cast<int>(found->why()))) : kUnknown};
}

const TypeGraph* RomTypes::graph() const {
  if (!std::exchange(isRead_, true)) {
    TypeGraph graph;
    if (takeTypes(graph)) {
      graph.finish();
      hashes_ = typeHashes(graph);
      graph_ = std::move(graph);
    }
  }
  return graph_ ? &*graph_ : nullptr;
}

/// Every index is checked: the rest of the code relies on them.
bool RomTypes::takeTypes(TypeGraph& graph) const {
  bool valid = table_.types_size() > 0 && table_.texts_size() > 0;
  const auto textOf = [&](std::uint32_t index) -> std::string {
    valid = valid && index < static_cast<std::uint32_t>(table_.texts_size());
    return valid ? table_.texts(static_cast<int>(index)) : std::string();
  };
  const auto referenceOf = [&](std::uint64_t reference) -> TypeRef {
    valid = valid && reference / kQualifiers < static_cast<std::uint64_t>(table_.types_size());
    return valid ? TypeRef{static_cast<TypeId>(reference / kQualifiers),
                           static_cast<std::uint8_t>(reference % kQualifiers)}
                 : TypeRef{};
  };
  graph.nodes.clear();
  for (const worker::Type& type : table_.types()) {
    TypeNode node;
    valid = valid && type.kind() <= static_cast<std::uint32_t>(TypeKind::Unreadable);
    node.kind = valid ? static_cast<TypeKind>(type.kind()) : TypeKind::Unreadable;
    node.name = textOf(type.name());
    node.target = referenceOf(type.target());
    node.size = type.size();
    node.alignment = type.alignment();
    node.encoding = static_cast<std::uint8_t>(type.encoding());
    node.convention = static_cast<std::uint8_t>(type.convention());
    node.count = type.count();
    const auto has = [&](worker::Type::Flag flag) { return (type.flags() & flag) != 0; };
    node.incomplete = has(worker::Type::INCOMPLETE);
    node.isSigned = has(worker::Type::SIGNED);
    node.isVector = has(worker::Type::VECTOR);
    node.isVariadic = has(worker::Type::VARIADIC);
    node.isPrototyped = !has(worker::Type::UNPROTOTYPED);
    for (const worker::TypeField& field : type.fields()) {
      valid = valid && field.kind() <= static_cast<std::uint32_t>(TypeField::Kind::Class);
      node.fields.push_back({valid ? static_cast<TypeField::Kind>(field.kind()) : TypeField::Kind::Member,
                             textOf(field.name()), referenceOf(field.type()), field.value(), field.bits(),
                             field.alignment()});
    }
    graph.nodes.push_back(std::move(node));
  }
  return valid;
}

} // namespace romlink::relink
