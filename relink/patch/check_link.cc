#include "relink/patch/check_link.h"

#include "relink/patch/patch.h"
#include "relink/patch/reinit.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace romlink::relink {
namespace {

tl::unexpected<Error> refused(std::string where, std::string why) {
  return fail(ErrorCode::Refused, "a check of the linked image failed", std::move(where), std::move(why),
              "please report this with the inputs; the policy can keep the symbol local meanwhile");
}

std::string placeOf(const LiveSection& live, std::uint32_t offset) {
  return fmt::format("{}:({}+{:#x})", live.object->name, live.elf().name, offset);
}

class LinkCheck {
public:
  explicit LinkCheck(const CheckLinkQuestion& question) : q_(question) {
    for (SectionId id = 0; id < q_.plain.sections.size(); ++id)
      byPlace_[keyOf(q_.plain.sections[id])] = id;
  }

  Result<void> run() const {
    ROMLINK_TRY(checkPresence());
    ROMLINK_TRY(checkReferences());
    return checkReinitTable();
  }

private:
  using Key = std::pair<std::string_view, std::pair<std::size_t, std::uint32_t>>;
  static Key keyOf(const LiveSection& live) {
    return {live.object->file, {live.object->fileOffset, live.index}};
  }

  /// It is not the user's: this link's own object defines it.
  static bool isOwn(const LiveSection& live) {
    const std::string_view name = live.elf().name;
    return name == kLoadedIdSection || name == kReinitCode || name == kReinitTable;
  }

  /// The pointers of the initial values that romlink_reinit_shared() restores lead where the variables' own
  /// did.
  Result<void> checkReinitTable() const {
    const auto table = std::find_if(q_.linked.sections.begin(), q_.linked.sections.end(),
                                    [](const LiveSection& live) { return live.elf().name == kReinitTable; });
    for (const ReinitRecord& record : reinitRecords(q_.plain, q_.plan)) {
      if (table == q_.linked.sections.end())
        return refused(std::string(kReinitTable), "it is not in the image");
      for (const Reference& before : q_.plain.sections[record.section].references) {
        const auto now =
            std::find_if(table->references.begin(), table->references.end(),
                         [&](const Reference& r) { return r.place == record.valueAt + before.place; });
        if (now == table->references.end())
          return refused(placeOf(*table, record.valueAt + before.place),
                         "a pointer of the initial value is missing");
        if (const std::string why = differs(before, *now); !why.empty())
          return refused(placeOf(*table, now->place), why);
      }
    }
    return {};
  }

  Result<void> checkPresence() const {
    std::set<Key> present;
    for (const LiveSection& live : q_.linked.sections)
      present.insert(keyOf(live));
    std::vector<SectionId> toVisit;
    std::set<SectionId> needed;
    const auto need = [&](SectionId id) {
      if (!q_.plan.sections[id].shared && needed.insert(id).second)
        toVisit.push_back(id);
    };
    for (SectionId id = 0; id < q_.plain.sections.size(); ++id)
      if (q_.plan.sections[id].reason == Reason::EntryPoint)
        need(id);
    while (!toVisit.empty()) {
      const LiveSection& live = q_.plain.sections[toVisit.back()];
      toVisit.pop_back();
      if (!present.contains(keyOf(live)) && !isOwn(live))
        return refused(placeOf(live, 0), "it has to stay, and is not in the image");
      for (const Reference& reference : live.references)
        if (reference.target == Reference::Target::Section)
          need(reference.section);
    }
    return {};
  }

  Result<void> checkReferences() const {
    for (const LiveSection& live : q_.linked.sections) {
      const auto known = byPlace_.find(keyOf(live));
      if (known == byPlace_.end()) {
        if (isOwn(live))
          continue;
        return refused(placeOf(live, 0), "it was not part of the plain link");
      }
      const LiveSection& before = q_.plain.sections[known->second];
      if (isOwn(before))
        continue;
      if (q_.plan.sections[known->second].shared)
        return refused(placeOf(live, 0), "it is shared, and yet it is in the image");
      if (live.unusable != before.unusable)
        return refused(placeOf(live, 0), live.unusable);
      if (!liesAt(q_.output, before.elf(), live.address) || live.address % before.elf().alignment != 0)
        return refused(placeOf(live, 0), "its bytes or its alignment are not those of the input");
      if (live.references.size() != before.references.size())
        return refused(placeOf(live, 0), "it has other relocations than in the plain link");
      for (std::size_t i = 0; i < live.references.size(); ++i)
        if (const std::string why = differs(before.references[i], live.references[i]); !why.empty())
          return refused(placeOf(live, live.references[i].place), why);
    }
    return {};
  }

  /// Empty if the reference leads where the plan says.
  std::string differs(const Reference& before, const Reference& now) const {
    using Target = Reference::Target;
    if (before.target == Target::Section && q_.plan.sections[before.section].shared) {
      Address expected = q_.plan.sections[before.section].sharedAt() + before.offset;
      if (before.thumb && !before.kind.isBranch())
        expected |= 1;
      if (now.target != Target::Absolute || now.value != expected)
        return fmt::format("the reference to {} does not lead to the ROM's copy at {:#010x}", now.symbol,
                           expected);
      return {};
    }
    // The ROM's identity is what only this link defines.
    if (before.target == Target::Unresolved && now.target == Target::Section &&
        q_.linked.sections[now.section].elf().name == kLoadedIdSection)
      return {};
    if (now.target != before.target)
      return fmt::format("the reference to {} is resolved in another way than in the plain link", now.symbol);
    if (now.target == Target::Section && isOwn(q_.plain.sections[before.section])) {
      const bool same =
          q_.linked.sections[now.section].elf().name == q_.plain.sections[before.section].elf().name;
      return same ? std::string() : fmt::format("the reference to {} leads to another section", now.symbol);
    }
    if (now.target == Target::Section) {
      const bool same = keyOf(q_.linked.sections[now.section]) == keyOf(q_.plain.sections[before.section]) &&
                        now.offset == before.offset && now.thumb == before.thumb;
      return same ? std::string() : fmt::format("the reference to {} leads to another section", now.symbol);
    }
    if (now.target == Target::Piece &&
        (asText(now.piece) != asText(before.piece) || now.offset != before.offset))
      return fmt::format("the string or constant at {} has changed", now.symbol);
    if (now.target == Target::Absolute && now.value != before.value)
      return fmt::format("the absolute reference to {} has changed", now.symbol);
    return {};
  }

  const CheckLinkQuestion& q_;
  std::map<Key, SectionId> byPlace_;
};

} // namespace

Result<void> checkLink(const CheckLinkQuestion& question) {
  return LinkCheck(question).run();
}

} // namespace romlink::relink
