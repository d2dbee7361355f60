// Where an image lies in a ROM's flash or in its shared RAM.

#include "relink/verify/verify.h"

#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {

std::vector<Overlap> overlapsOf(const ElfImage& image, const std::vector<AddressRange>& romFlash,
                                const std::optional<AddressRange>& sharedRam) {
  std::vector<Overlap> overlaps;
  const auto range = [](const AddressRange& r) {
    return fmt::format("{:#010x}-{:#010x}", r.address, r.end());
  };
  for (const Segment& segment : image.loadSegments) {
    const AddressRange load{segment.physicalAddress, static_cast<std::uint32_t>(segment.data.size())};
    const AddressRange run{segment.virtualAddress, segment.memorySize};
    for (const AddressRange& rom : romFlash)
      for (const AddressRange& ours : {load, run})
        if (ours.size > 0 && ours.overlaps(rom)) {
          overlaps.push_back(
              {"ROM_OVERLAP", fmt::format("the firmware's segment {} overlaps the ROM's flash {}",
                                          range(ours), range(rom))});
          break;
        }
  }
  if (!sharedRam)
    return overlaps;
  // A section without contents that lies wholly inside is the firmware's reservation of the shared range.
  for (const Section& section : image.sections) {
    const AddressRange ours{section.address, section.size};
    if (!section.isAllocated() || section.size == 0 || !ours.overlaps(*sharedRam))
      continue;
    if (section.type == llvm::ELF::SHT_NOBITS && sharedRam->contains(ours))
      continue;
    overlaps.push_back(
        {"SHARED_RAM_OVERLAP", fmt::format("the firmware's section {} {} overlaps the ROM's shared RAM {}",
                                           section.name, range(ours), range(*sharedRam))});
  }
  return overlaps;
}

} // namespace romlink::relink
