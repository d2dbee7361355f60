#include "relink/compat/types.h"

namespace romlink::relink {

TypeComparison::TypeComparison(const Firmware& firmware, const RomImage& rom)
    : firmware_(firmware), rom_(rom) {}

TypeVerdict TypeComparison::compare(SectionId section, std::size_t index, Address address) const {
  (void)section, (void)index, (void)address, (void)firmware_, (void)rom_;
  TypeVerdict verdict;
  verdict.path = "types are not compared";
  return verdict;
}

} // namespace romlink::relink
