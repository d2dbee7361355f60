#include "relink/compat/type_compare.h"

#include "relink/compat/member_compare.h"
#include "relink/compat/spelling.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/Dwarf.h>
#include <set>
#include <tuple>
#include <utility>

namespace romlink::relink {
namespace {

constexpr std::size_t kMostNotes = 16;

/// A pair of types to compare, and how a person gets there.
struct Pair {
  TypeRef rom;
  TypeRef firmware;
  std::string where; ///< "verify(parameter 2 hash_len)", "context.buffer"
  TypeRef romShown;  ///< what a difference is written as: the parameter's type, not what it points to
  TypeRef firmwareShown;
  bool pointedTo = false; ///< reached through a pointer: what it holds is not passed
};

class Walk {
public:
  Walk(const HashedTypes& rom, const HashedTypes& firmware) : rom_(rom), firmware_(firmware) {}

  TypeDifference run(TypeId rom, TypeId firmware, const std::string& symbol) {
    push({{rom, 0}, {firmware, 0}, symbol, {rom, 0}, {firmware, 0}, false});
    while (!pairs_.empty() && result_.path.empty()) {
      const Pair pair = std::move(pairs_.back());
      pairs_.pop_back();
      const std::size_t first = pairs_.size();
      compare(pair);
      std::reverse(pairs_.begin() + static_cast<std::ptrdiff_t>(first), pairs_.end());
    }
    // A path replaces the notes: they were those on the way to it.
    if (!result_.path.empty())
      result_.notes.clear();
    return std::move(result_);
  }

private:
  [[nodiscard]] const TypeNode& romNode(const Pair& pair) const { return rom_.graph.nodes[pair.rom.type]; }
  [[nodiscard]] const TypeNode& firmwareNode(const Pair& pair) const {
    return firmware_.graph.nodes[pair.firmware.type];
  }

  void push(Pair pair) {
    pair.rom = rom_.graph.resolve(pair.rom);
    pair.firmware = firmware_.graph.resolve(pair.firmware);
    pairs_.push_back(std::move(pair));
  }
  /// A part with a name of its own.
  void push(TypeRef rom, TypeRef firmware, std::string where, bool pointedTo) {
    push({rom, firmware, std::move(where), rom, firmware, pointedTo});
  }
  void differ(std::string path) {
    if (result_.path.empty())
      result_.path = std::move(path);
  }
  void note(std::string text) {
    if (result_.notes.size() < kMostNotes && noted_.insert(text).second)
      result_.notes.push_back(std::move(text));
  }
  void differInType(const Pair& pair) {
    std::string rom = describe(rom_.graph, pair.romShown);
    std::string firmware = describe(firmware_.graph, pair.firmwareShown);
    if (rom == firmware) { // of the same typedef: say what is behind it
      const std::string name = rom;
      rom = describeResolved(rom_.graph, pair.romShown);
      firmware = describeResolved(firmware_.graph, pair.firmwareShown);
      if (rom == firmware) {
        rom = sizedText(rom_.graph, pair.rom);
        firmware = sizedText(firmware_.graph, pair.firmware);
      }
      if (name != rom && name != firmware) {
        rom = fmt::format("{} ({})", name, rom);
        firmware = fmt::format("{} ({})", name, firmware);
      }
    }
    differ(fmt::format("{}: {} -> {}", pair.where, rom, firmware));
  }
  static std::string sizedText(const TypeGraph& graph, TypeRef type) {
    return fmt::format("{} of {} bytes", describeResolved(graph, type), graph.sizeOf(type));
  }

  void compare(const Pair& pair) {
    compareQualifiers(pair);
    if (!result_.path.empty() || rom_.hashes[pair.rom.type] == firmware_.hashes[pair.firmware.type] ||
        !visited_.insert({pair.rom.type, pair.firmware.type, pair.pointedTo}).second)
      return;
    const TypeNode& rom = romNode(pair);
    const TypeNode& firmware = firmwareNode(pair);
    if (rom.kind != firmware.kind)
      return differInType(pair);
    switch (rom.kind) {
    case TypeKind::Base:
    case TypeKind::Unspecified:
    case TypeKind::Void:
    case TypeKind::Unreadable:
    case TypeKind::Typedef:
      return differInType(pair);
    case TypeKind::Object:
      return push(rom.target, firmware.target, pair.where, false);
    case TypeKind::Pointer:
    case TypeKind::Reference:
    case TypeKind::RvalueReference:
    case TypeKind::MemberPointer:
      return comparePointers(pair);
    case TypeKind::Array:
      return compareArrays(pair);
    case TypeKind::Function:
      return compareFunctions(pair);
    case TypeKind::Enum:
      return compareEnums(pair);
    case TypeKind::Struct:
    case TypeKind::Union:
      return compareRecords(pair);
    }
  }

  void compareQualifiers(const Pair& pair) {
    const std::uint8_t different = pair.rom.qualifiers ^ pair.firmware.qualifiers;
    if ((different & kVolatile) != 0)
      return differ(fmt::format("{}: volatile only in the {}", pair.where,
                                (pair.rom.qualifiers & kVolatile) != 0 ? "ROM" : "firmware"));
    for (const auto& [bit, word] : {std::pair(kConst, "const"), std::pair(kRestrict, "restrict")})
      if ((different & bit) != 0)
        note(fmt::format("{}: {} only in the {}", pair.where, word,
                         (pair.rom.qualifiers & bit) != 0 ? "ROM" : "firmware"));
  }

  void comparePointers(const Pair& pair) {
    const TypeNode& rom = romNode(pair);
    const TypeNode& firmware = firmwareNode(pair);
    if (rom.size != firmware.size)
      return differInType(pair);
    for (std::size_t i = 0; i < std::min(rom.fields.size(), firmware.fields.size()); ++i)
      push(rom.fields[i].type, firmware.fields[i].type, pair.where, true);
    push({rom.target, firmware.target, pair.where, pair.romShown, pair.firmwareShown, true});
  }

  void compareArrays(const Pair& pair) {
    const TypeNode& rom = romNode(pair);
    const TypeNode& firmware = firmwareNode(pair);
    const bool unknown = rom.count < 0 || firmware.count < 0;
    if (rom.isVector != firmware.isVector || (rom.count != firmware.count && !(unknown && pair.pointedTo)))
      return differInType(pair);
    if (rom.count != firmware.count)
      note(fmt::format("{}: {} -> {}", pair.where, describe(rom_.graph, pair.romShown),
                       describe(firmware_.graph, pair.firmwareShown)));
    push({rom.target, firmware.target, pair.where, pair.romShown, pair.firmwareShown, pair.pointedTo});
  }

  void compareFunctions(const Pair& pair) {
    const TypeNode& rom = romNode(pair);
    const TypeNode& firmware = firmwareNode(pair);
    // `int (*)()` says nothing of its parameters.
    const auto isOpen = [](const TypeNode& node) { return !node.isPrototyped && node.fields.empty(); };
    const bool open = isOpen(rom) || isOpen(firmware);
    if (rom.convention != firmware.convention)
      return differ(fmt::format("{}: calling convention {} -> {}", pair.where, conventionText(rom.convention),
                                conventionText(firmware.convention)));
    if (rom.isVariadic != firmware.isVariadic)
      return differ(
          fmt::format("{}: takes {} -> takes {}", pair.where, variadicText(rom), variadicText(firmware)));
    if (!open && rom.fields.size() != firmware.fields.size())
      return differ(fmt::format("{}: {} -> {}{}", pair.where, countText(rom), countText(firmware),
                                firstExtra(rom, firmware)));
    if (rom.isPrototyped != firmware.isPrototyped)
      compareWithoutPrototype(pair, open);
    if (!open && compareOrder(pair))
      return;
    const auto part = [&](const std::string& text) { return fmt::format("{}({})", pair.where, text); };
    for (std::size_t i = 0; !open && i < rom.fields.size(); ++i) {
      const TypeField& ours = rom.fields[i];
      const TypeField& theirs = firmware.fields[i];
      const std::string number = fmt::format("parameter {}", i + 1);
      if (ours.name != theirs.name && !ours.name.empty() && !theirs.name.empty())
        note(fmt::format("{}: renamed {} -> {}", part(number), ours.name, theirs.name));
      else if (ours.name != theirs.name)
        note(fmt::format("{}: its name {} only in the {}", part(number), ours.name + theirs.name,
                         theirs.name.empty() ? "ROM" : "firmware"));
      const std::string& name = ours.name.empty() ? theirs.name : ours.name;
      pushValue(ours.type, theirs.type, part(number + (name.empty() ? "" : " " + name)));
    }
    pushValue(rom.target, firmware.target, part("result"));
  }

  /// True: a parameter has changed its place. The same types in another order say nothing of that.
  bool compareOrder(const Pair& pair) {
    const auto& rom = romNode(pair).fields;
    const auto& firmware = firmwareNode(pair).fields;
    for (std::size_t i = 0; i < rom.size(); ++i) {
      const auto now = std::find_if(firmware.begin(), firmware.end(),
                                    [&](const TypeField& field) { return field.name == rom[i].name; });
      if (rom[i].name.empty() || rom[i].name == firmware[i].name || now == firmware.end())
        continue;
      differ(fmt::format("{}(parameter {} {}): now parameter {}", pair.where, i + 1, rom[i].name,
                         now - firmware.begin() + 1));
      return true;
    }
    return false;
  }

  /// Qualifiers of what is passed by value are no part of the type.
  void pushValue(TypeRef rom, TypeRef firmware, std::string where) {
    Pair pair{
        rom_.graph.resolve(rom), firmware_.graph.resolve(firmware), std::move(where), rom, firmware, false};
    pair.rom.qualifiers = pair.firmware.qualifiers = 0;
    pairs_.push_back(std::move(pair));
  }

  void compareWithoutPrototype(const Pair& pair, bool open) {
    const auto isPromoted = [](const TypeGraph& graph, const TypeField& field) {
      constexpr std::uint32_t kInt = 4;
      const TypeNode& node = graph.resolved(field.type);
      return (node.kind == TypeKind::Base || node.kind == TypeKind::Enum) &&
             (node.size < kInt || (node.size == kInt && node.encoding == llvm::dwarf::DW_ATE_float));
    };
    const auto anyPromoted = [&](const TypeGraph& graph, const TypeNode& node) {
      return std::any_of(node.fields.begin(), node.fields.end(),
                         [&](const TypeField& field) { return isPromoted(graph, field); });
    };
    const char* side = romNode(pair).isPrototyped ? "firmware" : "ROM";
    const std::string text = fmt::format("{}: without a prototype in the {}", pair.where, side);
    if (!open && (anyPromoted(rom_.graph, romNode(pair)) || anyPromoted(firmware_.graph, firmwareNode(pair))))
      return differ(text);
    note(text);
  }
  static std::string conventionText(std::uint8_t convention) {
    const llvm::StringRef name = llvm::dwarf::ConventionString(convention);
    return convention == 0 ? "normal" : name.empty() ? fmt::format("{:#x}", convention) : name.str();
  }
  static std::string variadicText(const TypeNode& node) {
    return node.isVariadic ? "variable arguments" : countText(node);
  }
  static std::string countText(const TypeNode& node) {
    return fmt::format("{} parameter{}", node.fields.size(), node.fields.size() == 1 ? "" : "s");
  }
  static std::string firstExtra(const TypeNode& rom, const TypeNode& firmware) {
    const bool added = firmware.fields.size() > rom.fields.size();
    const auto& more = added ? firmware.fields : rom.fields;
    const auto& fewer = added ? rom.fields : firmware.fields;
    for (std::size_t i = 0; i < more.size(); ++i)
      if ((i >= fewer.size() || fewer[i].name != more[i].name) && !more[i].name.empty())
        return fmt::format(" ({} {})", more[i].name, added ? "added" : "removed");
    return {};
  }

  /// False if there is nothing more to compare.
  bool compareNames(const Pair& pair) {
    const TypeNode& rom = romNode(pair);
    const TypeNode& firmware = firmwareNode(pair);
    const bool opaque = rom.incomplete || firmware.incomplete;
    if (opaque && (rom.name != firmware.name || rom.name.empty())) {
      differInType(pair);
      return false;
    }
    if (rom.incomplete != firmware.incomplete) {
      note(fmt::format("{} is incomplete in the {}", describe(rom_.graph, {pair.rom.type, 0}),
                       rom.incomplete ? "ROM" : "firmware"));
      return false;
    }
    if (rom.name != firmware.name && !rom.name.empty() && !firmware.name.empty())
      note(fmt::format("{}: renamed {} -> {}", pair.where, describe(rom_.graph, {pair.rom.type, 0}),
                       describe(firmware_.graph, {pair.firmware.type, 0})));
    else if (rom.name != firmware.name)
      note(fmt::format("{}: the tag {} only in the {}", pair.where, rom.name + firmware.name,
                       firmware.name.empty() ? "ROM" : "firmware"));
    return !opaque;
  }

  void compareEnums(const Pair& pair) {
    const TypeNode& rom = romNode(pair);
    const TypeNode& firmware = firmwareNode(pair);
    const bool sized = rom.size != 0 && firmware.size != 0; // `enum class e : char;` has a size
    if (sized && (rom.incomplete || firmware.incomplete) &&
        (rom.size != firmware.size || rom.isSigned != firmware.isSigned))
      return differ(fmt::format("{}: {} -> {}", titles(pair).type, integerText(rom), integerText(firmware)));
    if (compareNames(pair))
      take(compareEnumerators(titles(pair), rom, firmware));
  }

  static std::string integerText(const TypeNode& node) {
    return fmt::format("{} of {} bytes", node.isSigned ? "signed" : "unsigned", node.size);
  }

  void compareRecords(const Pair& pair) {
    if (!compareNames(pair))
      return;
    const MemberTitles names = titles(pair);
    auto members = compareMembers(names, {rom_.graph, romNode(pair)}, {firmware_.graph, firmwareNode(pair)});
    const bool broken = !members.path.empty();
    take({std::move(members.path), std::move(members.notes)});
    for (std::size_t i = 0; !broken && i < members.pairs.size(); ++i) {
      const auto& [ours, theirs] = members.pairs[i];
      push(ours->type, theirs->type, names.member + memberTitle(*ours), pair.pointedTo);
    }
  }

  void take(FieldDifference difference) {
    if (!difference.path.empty())
      differ(std::move(difference.path));
    for (std::string& text : difference.notes)
      note(std::move(text));
  }

  /// "struct s" and "s"; of a type without a tag its typedef's name, or else how it was reached.
  MemberTitles titles(const Pair& pair) const {
    const TypeNode& node = romNode(pair).name.empty() ? firmwareNode(pair) : romNode(pair);
    if (!node.name.empty()) {
      const char* tag = node.kind == TypeKind::Struct  ? "struct "
                        : node.kind == TypeKind::Union ? "union "
                                                       : "enum ";
      return {tag + node.name, node.kind == TypeKind::Enum ? "enum " + node.name : node.name};
    }
    const std::string name = typedefName(pair);
    return {name.empty() ? pair.where : name, name.empty() ? pair.where : name};
  }

  /// Of the ROM's type, if its last pointer, array or parameter names it by a typedef.
  std::string typedefName(const Pair& pair) const {
    TypeRef ref = pair.romShown;
    for (std::size_t steps = 0; steps < rom_.graph.nodes.size(); ++steps) {
      const TypeNode& node = rom_.graph.nodes[ref.type];
      if (node.kind == TypeKind::Typedef && rom_.graph.resolve(ref).type == pair.rom.type)
        return node.name;
      if (node.kind != TypeKind::Pointer && node.kind != TypeKind::Array && node.kind != TypeKind::Typedef &&
          node.kind != TypeKind::Object)
        break;
      ref = node.target;
    }
    return {};
  }

  const HashedTypes& rom_;
  const HashedTypes& firmware_;
  TypeDifference result_;
  std::set<std::string> noted_;
  std::vector<Pair> pairs_; ///< a stack: the next one last
  std::set<std::tuple<TypeId, TypeId, bool>> visited_;
};

} // namespace

TypeDifference compareTypes(const HashedTypes& rom, TypeId romType, const HashedTypes& firmware,
                            TypeId firmwareType, const std::string& symbol) {
  return Walk(rom, firmware).run(romType, firmwareType, symbol);
}

} // namespace romlink::relink
