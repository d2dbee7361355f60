#include "relink/plan/eligibility.h"

#include "relink/plan/shared_state.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/Endian.h>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>

namespace romlink::relink {
namespace {

constexpr std::string_view kCmsePrefix = "__acle_se_";

/// `name` is `general` or one of its `-ffunction-sections` or `-fdata-sections` forms.
bool isOf(std::string_view general, std::string_view name) {
  return name == general || (name.starts_with(general) && name[general.size()] == '.');
}

bool hasUsualName(std::string_view name) {
  return isOf(".text", name) || isOf(".rodata", name) || isOf(".data", name) || isOf(".bss", name);
}

/// Tables that only unwinding a function uses ("Exception Handling ABI for the Arm Architecture", EHABI32).
bool isUnwindTable(const Section& section) {
  return section.type == llvm::ELF::SHT_ARM_EXIDX || isOf(".ARM.extab", section.name);
}

struct ByOffset {
  bool operator()(const Relocation& a, std::size_t b) const { return a.offset < b; }
  bool operator()(std::size_t a, const Relocation& b) const { return a < b.offset; }
};

/// True if the section has an unwind table entry other than EXIDX_CANTUNWIND ("Exception Handling ABI for the
/// Arm Architecture", EHABI32, section 6).
bool unwinds(const LiveSection& live) {
  for (const std::uint32_t index : live.object->elf.linkedTo(live.index)) {
    const Section& section = live.object->elf.sections[index];
    if (section.type != llvm::ELF::SHT_ARM_EXIDX)
      continue;
    constexpr std::uint32_t kCantUnwind = 1;
    for (std::size_t entry = 0; entry + 8 <= section.data.size(); entry += 8) {
      const bool relocated =
          std::binary_search(section.relocations.begin(), section.relocations.end(), entry + 4, ByOffset());
      if (relocated || llvm::support::endian::read32le(section.data.data() + entry + 4) != kCantUnwind)
        return true;
    }
  }
  return false;
}

class Keeper {
public:
  Keeper(const Firmware& firmware, const LinkerScripts& scripts, const Policy& policy,
         const std::vector<std::string>& offered, bool shareState)
      : firmware_(firmware), scripts_(scripts), policy_(policy), offered_(offered.begin(), offered.end()),
        shareState_(shareState), referenced_(firmware.sections.size(), false),
        reachedFromKept_(firmware.sections.size(), false), inOrder_(firmware.sections.size()) {
    std::iota(inOrder_.begin(), inOrder_.end(), 0);
    std::sort(inOrder_.begin(), inOrder_.end(), [&](SectionId a, SectionId b) {
      return std::tuple(placeOf(a), a) < std::tuple(placeOf(b), b);
    });
    for (const auto& object : firmware.objects)
      for (const Symbol& symbol : object->elf.symbols)
        if (symbol.name.starts_with(kCmsePrefix))
          secureEntries_.insert(symbol.name.substr(kCmsePrefix.size()));
    std::map<std::pair<const ObjectFile*, std::uint32_t>, SectionId> grouped;
    for (SectionId id = 0; id < firmware.sections.size(); ++id) {
      const LiveSection& live = firmware.sections[id];
      const bool placed = !isOf(".data", live.elf().name) && !isUnwindTable(live.elf()) && isPlaced(live);
      if ((live.elf().flags & llvm::ELF::SHF_GROUP) != 0)
        grouped[{live.object.get(), live.index}] = id;
      for (const Reference& reference : live.references) {
        if (reference.target != Reference::Target::Section)
          continue;
        referenced_[reference.section] = referenced_[reference.section] || reference.section != id;
        if (reference.kind.isBranch() && !reference.thumb && reference.section != id)
          tiedTo_.try_emplace(reference.section,
                              live.title() + " branches to a label of it that is no Thumb function");
        if (placed && reference.takesAddress() && firmware.sections[reference.section].elf().isExecutable())
          reachedFromKept_[reference.section] = true;
      }
      for (const Relocation& relocation : live.elf().relocations) {
        unwinder_ |= live.object->elf.symbols[relocation.symbol].name.starts_with("__exidx_");
        if (relocation.type == llvm::ELF::R_ARM_NONE)
          tiedTo_.try_emplace(id, "it keeps other sections in the image (R_ARM_NONE)");
      }
      for (const std::uint32_t index : live.object->elf.linkedTo(live.index))
        if (const Section& other = live.object->elf.sections[index];
            other.type != llvm::ELF::SHT_ARM_EXIDX && other.isAllocated())
          tiedTo_.try_emplace(id, "the section " + std::string(other.name) + " is tied to it");
      if (live.facts().runsOn) {
        runsOn_.insert(id);
        if (const auto next = behind(id))
          tiedTo_.try_emplace(*next, live.title() + " runs on into it");
      }
      for (const SectionSymbol& symbol : live.symbols)
        unwinder_ |= symbol.name.starts_with("_Unwind_") || symbol.name.starts_with("__gnu_Unwind_");
    }
    for (const auto& object : firmware.objects)
      for (const SectionGroup& group : object->elf.groups)
        tieGroup(*object, group, grouped);
  }

  Kept of(SectionId id) const {
    const LiveSection& live = firmware_.sections[id];
    const Section& section = live.elf();
    if (Kept kept = asState(live); kept.reason != Reason::None)
      return kept;
    if (Kept kept = byPolicy(live); kept.reason != Reason::None)
      return kept;
    if (!live.unusable.empty())
      return {Reason::NotSeparable, live.unusable, false};
    if ((section.flags & (llvm::ELF::SHF_TLS | llvm::ELF::SHF_LINK_ORDER)) != 0)
      return {Reason::NotSeparable, "its section is tied to another section", false};
    if (Kept kept = asEntryPoint(id, live); kept.reason != Reason::None)
      return kept;
    if (const auto tied = tiedTo_.find(id); tied != tiedTo_.end())
      return {Reason::NotSeparable, tied->second, false};
    if (!live.pinnedBy.empty())
      return {Reason::NotSeparable, "it is used in a way that is not understood: " + live.pinnedBy, false};
    if (unwinder_ && unwinds(live))
      return {Reason::Unwind, "exceptions unwind through it, and the ROM has no unwind table for it", false};
    return {};
  }

private:
  /// A group may keep a section in the image that nothing refers to. Then the others cannot go without it.
  void tieGroup(const ObjectFile& object, const SectionGroup& group,
                const std::map<std::pair<const ObjectFile*, std::uint32_t>, SectionId>& live) {
    for (const std::uint32_t keeper : group.members) {
      const auto id = live.find({&object, keeper});
      if (id == live.end() || isUnwindTable(object.elf.sections[keeper]) ||
          (referenced_[id->second] && !isPlaced(firmware_.sections[id->second])))
        continue;
      for (const std::uint32_t member : group.members)
        if (const auto other = live.find({&object, member}); other != live.end())
          tiedTo_.try_emplace(other->second, fmt::format("its group keeps {} in the image",
                                                         object.elf.sections[keeper].name));
    }
  }

  /// The section that the plain link placed behind this one in the same output section.
  std::optional<SectionId> behind(SectionId id) const {
    const auto next = std::upper_bound(inOrder_.begin(), inOrder_.end(), id,
                                       [&](SectionId a, SectionId b) { return placeOf(a) < placeOf(b); });
    const bool found =
        next != inOrder_.end() && firmware_.sections[*next].output == firmware_.sections[id].output;
    return found ? std::optional(*next) : std::nullopt;
  }

  [[nodiscard]] std::pair<std::string_view, Address> placeOf(SectionId id) const {
    return {firmware_.sections[id].output, firmware_.sections[id].address};
  }

  /// Every name of the section, labels without a type included; locals too, if they have a type.
  static std::vector<std::string_view> namesIn(const LiveSection& live) {
    std::vector<std::string_view> names;
    for (const std::uint32_t i : live.object->elf.symbolsIn(live.index))
      if (const Symbol& symbol = live.object->elf.symbols[i];
          !symbol.name.empty() && !symbol.isMapping() &&
          (!symbol.isLocal() || symbol.isFunction() || symbol.isObject()))
        names.push_back(symbol.name);
    return names;
  }

  bool isPlaced(const LiveSection& live) const {
    return !hasUsualName(live.elf().name) || scripts_.keeps(live.object->name, live.elf().name) ||
           !scripts_.placedByName(live.elf().name).empty();
  }

  Kept asState(const LiveSection& live) const {
    if (!live.elf().isWritable())
      return {};
    if (!shareState_)
      return {Reason::StateNotShared, "writable data stays with the firmware", false};
    const auto wish = wishFor(live, policy_);
    if (!wish)
      return {Reason::StateNotShared, "the policy does not say whether to retain or to reinit it", false};
    if (wish->conflict)
      return {Reason::StateNotShared,
              "the policy asks to retain one variable of its section and to restore another", false};
    if (wish->action == StateAction::Reinit)
      if (std::string why = whyNoReinit(live); !why.empty())
        return {Reason::StateNotShared, "the policy asks to restore it, and " + why, false};
    return {};
  }

  Kept byPolicy(const LiveSection& live) const {
    for (const std::string_view name : namesIn(live))
      if (const Policy::Rule* rule = policy_.keeps(name))
        return {Reason::Policy, "the policy keeps it: " + rule->reason, false};
    const auto isOffered = [&](const SectionSymbol& s) { return offered_.contains(s.name); };
    if (!offered_.empty() &&
        (live.symbols.empty() || !std::all_of(live.symbols.begin(), live.symbols.end(), isOffered)))
      return {Reason::Policy, "the ROM's share list does not offer it", false};
    return {};
  }

  Kept asEntryPoint(SectionId id, const LiveSection& live) const {
    const std::string_view name = live.elf().name;
    const auto entry = [](std::string detail) { return Kept{Reason::EntryPoint, std::move(detail), false}; };
    const auto place = [](std::string detail) { return Kept{Reason::EntryPoint, std::move(detail), true}; };
    if (name.find(".romlink_") != std::string_view::npos)
      return entry("it runs before the ROM is known to be the right one");
    if (isUnwindTable(live.elf()))
      return {Reason::Unwind, "it tells how to unwind the firmware's function", true};
    if (runsOn_.contains(id))
      return place("it runs on into what the link places behind it");
    if ((live.elf().flags & llvm::ELF::SHF_GNU_RETAIN) != 0)
      return place("its attribute asks to retain it");
    if (live.address != live.load && !live.elf().isWritable())
      return place("it is copied to RAM and runs there");
    if (scripts_.keeps(live.object->name, name))
      return place("the linker script KEEPs it");
    if (!hasUsualName(name))
      return place("its section name asks for a place of its own");
    if (const std::string pattern = scripts_.placedByName(name); !pattern.empty())
      return place("the linker script places it by name (" + pattern + ")");
    if (const std::string pattern = scripts_.placesObject(live.object->name); !pattern.empty())
      return place("the linker script places its object by name (" + pattern + ")");
    for (const std::string_view symbol : namesIn(live)) {
      if (scripts_.mentions(symbol))
        return entry("the linker script or an argument names it");
      if (secureEntries_.contains(symbol) || symbol.starts_with(kCmsePrefix))
        return entry("it is a secure entry function");
    }
    if (reachedFromKept_[id])
      return entry("a vector or other table placed by the linker script points to it");
    if (!referenced_[id])
      return entry("no code or data refers to it, so it is in the image for its place");
    return {};
  }

  const Firmware& firmware_;
  const LinkerScripts& scripts_;
  const Policy& policy_;
  const std::set<std::string, std::less<>> offered_;
  const bool shareState_;
  std::vector<bool> referenced_;
  std::vector<bool> reachedFromKept_;
  std::vector<SectionId> inOrder_;          ///< by output section and address
  std::map<SectionId, std::string> tiedTo_; ///< why a section cannot go without another
  std::set<SectionId> runsOn_;
  std::set<std::string_view> secureEntries_;
  bool unwinder_ = false;
};

} // namespace

std::vector<Kept> keepLocal(const Firmware& firmware, const LinkerScripts& scripts, const Policy& policy,
                            const std::vector<std::string>& offered, bool shareState) {
  const Keeper keeper(firmware, scripts, policy, offered, shareState);
  std::vector<Kept> kept;
  kept.reserve(firmware.sections.size());
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    kept.push_back(keeper.of(id));
  return kept;
}

} // namespace romlink::relink
