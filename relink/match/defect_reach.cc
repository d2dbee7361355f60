#include "relink/match/defect_reach.h"

#include <algorithm>
#include <set>

namespace romlink::relink {

bool isPartOf(std::string_view symbol, std::string_view function) {
  return !function.empty() && symbol.size() > function.size() && symbol.starts_with(function) &&
         symbol[function.size()] == '.';
}

const Defect* defectReachedFrom(const RomImage& rom, const std::vector<Defect>& defects,
                                const AddressRange& range) {
  if (defects.empty())
    return nullptr;
  std::vector<AddressRange> reached = {range};
  std::set<Address> seen = {range.address};
  for (std::size_t i = 0; i < reached.size(); ++i) { // grows on the way
    const AddressRange from = reached[i];
    const auto defect = std::find_if(defects.begin(), defects.end(),
                                     [&](const Defect& d) { return from.contains(d.address); });
    if (defect != defects.end())
      return &*defect;
    for (const RomEdge& edge : rom.edgesIn(from))
      if (const auto entity = rom.entityAt(edge.target); entity && seen.insert(entity->address).second)
        reached.push_back(*entity);
  }
  return nullptr;
}

} // namespace romlink::relink
