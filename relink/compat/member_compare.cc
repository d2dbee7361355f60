#include "relink/compat/member_compare.h"

#include "relink/compat/spelling.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <tuple>

namespace romlink::relink {
namespace {

constexpr std::int64_t kByte = 8;

std::string placeText(const TypeField& field) {
  if (field.kind == TypeField::Kind::VirtualFunction)
    return std::to_string(field.value);
  if (field.value == kVirtualBase)
    return "virtual";
  if (field.bits != 0 || field.value % kByte != 0)
    return fmt::format("bit {}", field.value);
  return fmt::format("{:#x}", field.value / kByte);
}

std::string titleOf(const TypeField& field) {
  return field.kind == TypeField::Kind::VirtualFunction ? "virtual function " + field.name
         : field.kind == TypeField::Kind::BaseClass     ? std::string("base class")
         : field.name.empty()                           ? std::string("anonymous member")
                                                        : "member " + field.name;
}

class Comparison {
public:
  Comparison(const MemberTitles& titles, const Record& rom, const Record& firmware)
      : titles_(titles), rom_(rom), firmware_(firmware) {}

  MemberComparison run() {
    match();
    for (const auto& [ours, theirs] : result_.pairs)
      if (result_.path.empty())
        comparePlace(*ours, *theirs);
    if (result_.path.empty())
      compareRest();
    return std::move(result_);
  }

private:
  using Key = std::tuple<TypeField::Kind, std::string, std::size_t>;

  /// Members of one name belong together; those without, in their order.
  static std::map<Key, const TypeField*> byName(const TypeNode& node) {
    std::map<Key, const TypeField*> fields;
    for (const TypeField& field : node.fields)
      for (std::size_t number = 0;; ++number)
        if (fields.try_emplace({field.kind, field.name, number}, &field).second)
          break;
    return fields;
  }

  void match() {
    const auto theirs = byName(firmware_.node);
    const auto ours = byName(rom_.node);
    std::map<const TypeField*, const TypeField*> partner;
    for (const auto& [key, field] : ours)
      if (const auto found = theirs.find(key); found != theirs.end())
        partner[field] = found->second;
    for (const auto& [key, field] : theirs)
      if (!ours.contains(key))
        added_.push_back(field);
    std::sort(added_.begin(), added_.end()); // as declared: they lie in one vector
    for (const TypeField& field : rom_.node.fields) {
      if (const auto known = partner.find(&field); known != partner.end())
        result_.pairs.emplace_back(&field, known->second);
      else if (const TypeField* renamed = takeRenamed(field))
        result_.pairs.emplace_back(&field, renamed);
      else
        removed_.push_back(&field);
    }
  }

  /// Another name for the same place.
  const TypeField* takeRenamed(const TypeField& field) {
    const auto same = std::find_if(added_.begin(), added_.end(), [&](const TypeField* other) {
      return other->kind == field.kind && other->value == field.value && other->bits == field.bits &&
             firmware_.graph.sizeOf(other->type) == rom_.graph.sizeOf(field.type);
    });
    if (same == added_.end())
      return nullptr;
    const TypeField* renamed = *same;
    added_.erase(same);
    result_.notes.push_back(
        fmt::format("{}: renamed {} -> {}", titles_.member + memberTitle(field), field.name, renamed->name));
    return renamed;
  }

  void comparePlace(const TypeField& ours, const TypeField& theirs) {
    const std::string title = titles_.member + memberTitle(ours);
    if (ours.value != theirs.value) {
      const char* what = ours.kind == TypeField::Kind::VirtualFunction ? "slot"
                         : ours.bits != 0 || theirs.bits != 0          ? "place"
                                                                       : "offset";
      result_.path = fmt::format("{}: {} {} -> {} ({})", title, what, placeText(ours), placeText(theirs),
                                 causeOf(ours, theirs));
    } else if (ours.bits != theirs.bits) {
      result_.path = fmt::format("{}: {} -> {}", title, widthText(ours), widthText(theirs));
    } else if (ours.alignment != theirs.alignment) {
      result_.path = fmt::format("{}: alignment {} -> {}", title, alignmentText(ours), alignmentText(theirs));
    }
  }
  static std::string alignmentText(const TypeField& field) {
    return field.alignment == 0 ? "natural" : std::to_string(field.alignment);
  }
  static std::string widthText(const TypeField& field) {
    return field.bits == 0 ? "no bit-field" : fmt::format("{} bit{}", field.bits, field.bits == 1 ? "" : "s");
  }

  [[nodiscard]] std::uint64_t bitsOf(const Record& record, const TypeField& field) const {
    return field.bits != 0 ? field.bits : record.graph.sizeOf(field.type) * kByte;
  }

  /// What moved a member: something before it that has another size, is new or is gone.
  [[nodiscard]] std::string causeOf(const TypeField& ours, const TypeField& theirs) const {
    for (const TypeField* field : added_)
      if (field->kind == theirs.kind && field->value < theirs.value)
        return addedText(*field);
    for (const TypeField* field : removed_)
      if (field->kind == ours.kind && field->value < ours.value)
        return removedText(*field);
    for (const auto& [before, now] : result_.pairs)
      if (before->kind == ours.kind && before->value < ours.value &&
          bitsOf(rom_, *before) != bitsOf(firmware_, *now))
        return resizedText(*before, *now);
    for (const auto& [before, now] : result_.pairs)
      if (before->kind == ours.kind && (before->value < ours.value) != (now->value < theirs.value))
        return "the order of members differs";
    if (bitsOf(rom_, ours) != bitsOf(firmware_, theirs)) // and with its size its alignment
      return resizedText(ours, theirs);
    return ours.kind == TypeField::Kind::VirtualFunction ? "another vtable" : "packed or aligned otherwise";
  }
  static std::string addedText(const TypeField& field) {
    return fmt::format("{} added at {}", titleOf(field), placeText(field));
  }
  static std::string removedText(const TypeField& field) {
    return fmt::format("{} at {} removed", titleOf(field), placeText(field));
  }
  [[nodiscard]] std::string resizedText(const TypeField& before, const TypeField& now) const {
    if (before.bits != 0 || now.bits != 0)
      return fmt::format("{}: {} -> {}", before.name, widthText(before), widthText(now));
    const TypeNode& ours = rom_.graph.resolved(before.type);
    const TypeNode& theirs = firmware_.graph.resolved(now.type);
    std::string rom = declare(rom_.graph, before.type, before.name);
    std::string firmware = declare(firmware_.graph, now.type, now.name);
    if (ours.kind == TypeKind::Array && theirs.kind == TypeKind::Array && ours.count != theirs.count &&
        describe(rom_.graph, ours.target) == describe(firmware_.graph, theirs.target)) {
      rom = fmt::format("{}[{}]", before.name, ours.count);
      firmware = fmt::format("{}[{}]", now.name, theirs.count);
    }
    if (rom == firmware)
      return fmt::format("{}: size {} -> {}", rom, rom_.graph.sizeOf(before.type),
                         firmware_.graph.sizeOf(now.type));
    return rom + " -> " + firmware;
  }

  /// What is left when all members of both lie in the same places.
  void compareRest() {
    const bool resized = rom_.node.size != firmware_.node.size;
    std::string cause;
    if (!added_.empty())
      cause = addedText(*added_.front());
    else if (!removed_.empty())
      cause = removedText(*removed_.front());
    if (resized) {
      for (const auto& [before, now] : result_.pairs)
        if (cause.empty() && bitsOf(rom_, *before) != bitsOf(firmware_, *now))
          cause = resizedText(*before, *now);
      result_.path = fmt::format("{}: size {} -> {} ({})", titles_.type, rom_.node.size, firmware_.node.size,
                                 cause.empty() ? "packed or aligned otherwise" : cause);
    } else if (!cause.empty()) {
      result_.path = fmt::format("{}: {}", titles_.type, cause);
    }
  }

  const MemberTitles& titles_;
  const Record& rom_;
  const Record& firmware_;
  std::vector<const TypeField*> added_;
  std::vector<const TypeField*> removed_;
  MemberComparison result_;
};

} // namespace

std::string memberTitle(const TypeField& field) {
  return field.name.empty() ? std::string() : "." + field.name;
}

MemberComparison compareMembers(const MemberTitles& titles, const Record& rom, const Record& firmware) {
  return Comparison(titles, rom, firmware).run();
}

FieldDifference compareEnumerators(const MemberTitles& titles, const TypeNode& rom,
                                   const TypeNode& firmware) {
  FieldDifference result;
  if (rom.size != firmware.size)
    return {fmt::format("{}: size {} -> {}", titles.type, rom.size, firmware.size), {}};
  if (rom.isSigned != firmware.isSigned)
    return {fmt::format("{}: {} -> {}", titles.type, rom.isSigned ? "signed" : "unsigned",
                        firmware.isSigned ? "signed" : "unsigned"),
            {}};
  const auto valueOf = [](const TypeNode& node, const std::string& name) -> std::optional<std::int64_t> {
    const auto found = std::find_if(node.fields.begin(), node.fields.end(),
                                    [&](const TypeField& field) { return field.name == name; });
    return found == node.fields.end() ? std::nullopt : std::optional(found->value);
  };
  for (const TypeField& ours : rom.fields)
    if (const auto theirs = valueOf(firmware, ours.name); theirs && *theirs != ours.value)
      return {fmt::format("{}.{}: {} -> {}", titles.member, ours.name, ours.value, *theirs), {}};
  const auto firstExtra = [&](const TypeNode& more, const TypeNode& other) {
    return std::find_if(more.fields.begin(), more.fields.end(),
                        [&](const TypeField& field) { return !valueOf(other, field.name); });
  };
  const auto ours = firstExtra(rom, firmware);
  const auto theirs = firstExtra(firmware, rom);
  if (ours != rom.fields.end() && theirs != firmware.fields.end())
    return {fmt::format("{}.{}: only in the ROM as {}, and {} only in the firmware as {}", titles.member,
                        ours->name, ours->value, theirs->name, theirs->value),
            {}};
  // REQUIRES of the reader: enumerators are sorted by value.
  const auto compareExtra = [&](const TypeNode& more, const TypeNode& other, const char* verb) {
    for (const TypeField& extra : more.fields) {
      if (valueOf(other, extra.name))
        continue;
      const bool beyond = other.fields.empty() || extra.value > other.fields.back().value ||
                          extra.value < other.fields.front().value;
      std::string text = fmt::format("{}.{}: {} as {}", titles.member, extra.name, verb, extra.value);
      if (beyond)
        result.notes.push_back(std::move(text));
      else if (result.path.empty())
        result.path = std::move(text);
    }
  };
  compareExtra(rom, firmware, "only in the ROM");
  compareExtra(firmware, rom, "added");
  return result;
}

} // namespace romlink::relink
