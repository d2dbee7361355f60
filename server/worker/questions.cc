#include "server/worker/questions.h"

#include <filesystem>

namespace romlink::worker {

relink::AddressRange rangeOf(const v1::AddressRange& range) {
  return {range.address(), range.size()};
}

Result<relink::RomReference> romReference(const std::string& index, const v1::Rom& rom,
                                          const google::protobuf::RepeatedPtrField<Defect>& defects) {
  relink::RomReference reference;
  reference.index = std::filesystem::absolute(index);
  ROMLINK_ASSIGN(reference.imageHash, Digest::parse(rom.image_hash()));
  reference.name = rom.name();
  reference.version = rom.version();
  if (rom.has_shared_ram())
    reference.sharedRam = rangeOf(rom.shared_ram());
  for (const auto& range : rom.volatile_ranges())
    reference.volatileRanges.push_back(rangeOf(range));
  reference.sharedSymbols.assign(rom.shared_symbols().begin(), rom.shared_symbols().end());
  for (const Defect& defect : defects)
    reference.defects.push_back({defect.advisory(), defect.summary(), defect.symbol(), defect.address()});
  return reference;
}

} // namespace romlink::worker
