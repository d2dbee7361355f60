#include "relink/plan/shared_state.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {
namespace {

/// The part of `range` that sections without contents reserve is all of it.
bool isReserved(AddressRange range, const ElfImage& plain) {
  std::vector<AddressRange> reserved;
  for (const Section& section : plain.sections)
    if (section.isAllocated() && section.type == llvm::ELF::SHT_NOBITS && section.size > 0)
      reserved.push_back({section.address, section.size});
  std::sort(reserved.begin(), reserved.end());
  std::uint64_t covered = range.address;
  for (const AddressRange& part : reserved)
    if (part.address <= covered)
      covered = std::max(covered, part.end());
  return covered >= range.end();
}

} // namespace

UsableRam usableSharedRam(const std::optional<AddressRange>& declared, const ElfImage& plain,
                          const std::vector<PlacedSection>& placed, const LinkerScripts& scripts) {
  if (!declared)
    return {std::nullopt, "the ROM's artifact set declares no shared RAM"};
  const auto no = [](std::string why) { return UsableRam{std::nullopt, std::move(why)}; };
  for (const PlacedSection& own : placed)
    if (const Section* output = plain.findSection(own.output, own.address);
        output != nullptr && output->isAllocated() && own.size > 0 &&
        AddressRange{own.address, own.size}.overlaps(*declared))
      return no(fmt::format("the firmware has its own {}:({}) there, at {:#010x}", own.file, own.section,
                            own.address));
  if (isReserved(*declared, plain))
    return {declared, {}};
  const auto regions = scripts.memoryRegions();
  if (regions.empty())
    return no("the firmware's linker script has no MEMORY regions and does not reserve the shared RAM, so "
              "nothing tells "
              "what else lies there");
  for (const MemoryRegion& region : regions) {
    if (!region.origin || !region.length)
      return no(fmt::format(
          "the bounds of the memory region {} are no constants, so it may hold the shared RAM", region.name));
    if (AddressRange{*region.origin, *region.length}.overlaps(*declared))
      return no(fmt::format(
          "the shared RAM lies in the firmware's memory region {} and is not reserved there", region.name));
  }
  for (const Section& section : plain.sections) {
    const bool inRegion = std::any_of(regions.begin(), regions.end(), [&](const MemoryRegion& region) {
      return AddressRange{*region.origin, *region.length}.contains(
          AddressRange{section.address, section.size});
    });
    if (section.isAllocated() && section.isWritable() && section.size > 0 && !inRegion)
      return no(fmt::format(
          "{} lies outside of the MEMORY regions, so they do not tell where the firmware's RAM is",
          section.name));
  }
  return {declared, {}};
}

std::optional<StateWish> wishFor(const LiveSection& live, const Policy& policy) {
  std::optional<StateWish> wish;
  for (const SectionSymbol& symbol : live.symbols) {
    const Policy::StateRule* rule = policy.stateRule(symbol.name);
    const auto action = rule != nullptr ? std::optional(rule->action) : policy.defaultState;
    if (!action)
      return std::nullopt;
    if (!wish)
      wish = StateWish{*action};
    wish->conflict |= *action != wish->action;
    wish->byDefault &= rule == nullptr;
  }
  return wish;
}

std::string whyNoReinit(const LiveSection& live) {
  for (const Relocation& relocation : live.elf().relocations) {
    if (relocation.type != llvm::ELF::R_ARM_ABS32)
      return fmt::format("its initial value has a {} relocation at +{:#x}", relocationName(relocation.type),
                         relocation.offset);
    if (live.object->elf.symbols[relocation.symbol].isLocal())
      return fmt::format("its initial value at +{:#x} refers to something that has no global name",
                         relocation.offset);
  }
  return {};
}

} // namespace romlink::relink
