#include "relink/audit/rom_graph.h"

#include <algorithm>
#include <fmt/format.h>
#include <llvm/Support/Endian.h>
#include <optional>
#include <set>

namespace romlink::relink {
namespace {

/// 16 exceptions and at most 480 interrupts.
constexpr unsigned kMostVectors = 496;

std::optional<std::uint32_t> wordAt(const RomImage& rom, Address address) {
  const Bytes word = rom.readOnly(address, 4, false);
  return word.empty() ? std::nullopt : std::optional(llvm::support::endian::read32le(word.data()));
}

bool isCode(const RomImage& rom, std::uint32_t word) {
  return (word & 1) != 0 && !rom.readOnly(word & ~1U, 2, true).empty();
}

} // namespace

RomGraph::RomGraph(const RomImage& rom) : rom_(rom) {
  edges_.reserve(rom.edges().size());
  for (const RomEdge& edge : rom.edges()) {
    const Address source = entityAt(edge.place);
    const Address target = entityAt(edge.target);
    if (source != target)
      edges_.push_back({target, source});
  }
  std::sort(edges_.begin(), edges_.end());
  edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
}

Address RomGraph::entityAt(Address address) const {
  const auto entity = rom_.entityAt(address);
  return entity ? entity->address : address;
}

void RomGraph::addTable(Address place, std::vector<Address>& roots) const {
  for (unsigned i = 1; i < kMostVectors; ++i) {
    const auto word = wordAt(rom_, place + i * 4);
    if (!word || (*word != 0 && !isCode(rom_, *word)))
      return;
    if (*word != 0)
      roots.push_back(*word & ~1U);
  }
}

std::vector<Address> RomGraph::roots(Address entry) const {
  std::vector<Address> roots;
  entry &= ~1U;
  if (!rom_.readOnly(entry, 2, true).empty())
    roots.push_back(entry);
  std::set<Address> tables;
  for (const AddressRange& range : rom_.flashRanges())
    tables.insert(range.address);
  for (const RomEdge& edge : rom_.edges())
    if (!edge.branch && edge.target == entry && edge.place >= 4 && wordAt(rom_, edge.place) == (entry | 1))
      tables.insert(edge.place - 4);
  for (const Address table : tables)
    if (const auto reset = wordAt(rom_, table + 4); reset && isCode(rom_, *reset))
      addTable(table, roots);
  return roots;
}

std::string RomGraph::nameAt(Address address) const {
  const Address entity = entityAt(address);
  for (const RomSymbol& symbol : rom_.symbolsIn({entity, 1}))
    if (!symbol.name.empty())
      return std::string(symbol.name);
  return fmt::format("{:#010x}", entity);
}

WaysTo::WaysTo(const RomGraph& graph, Address target) : graph_(graph) {
  const Address goal = graph.entityAt(target);
  steps_.emplace(goal, Step{goal, 0});
  std::vector<Address> reached = {goal};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Address at = reached[i];
    const unsigned distance = steps_.at(at).distance + 1;
    for (auto edge = std::lower_bound(graph.edges_.begin(), graph.edges_.end(), RomGraph::Edge{at, 0});
         edge != graph.edges_.end() && edge->target == at; ++edge)
      if (steps_.try_emplace(edge->source, Step{at, distance}).second)
        reached.push_back(edge->source);
  }
}

std::vector<std::string> WaysTo::path(Address from) const {
  std::vector<std::string> names;
  auto step = steps_.find(graph_.entityAt(from));
  while (step != steps_.end()) {
    names.push_back(graph_.nameAt(step->first));
    if (step->second.distance == 0)
      break;
    step = steps_.find(step->second.next);
  }
  return names;
}

std::vector<std::string> WaysTo::shortestPath(const std::vector<Address>& from) const {
  std::optional<std::pair<unsigned, Address>> best;
  for (const Address address : from)
    if (const auto step = steps_.find(graph_.entityAt(address));
        step != steps_.end() && (!best || step->second.distance < best->first))
      best = std::pair(step->second.distance, address);
  return best ? path(best->second) : std::vector<std::string>();
}

std::vector<std::string> WaysTo::callers() const {
  std::set<std::string> names;
  for (const auto& [entity, step] : steps_)
    for (const RomSymbol& symbol : graph_.rom().symbolsIn({entity, 1}))
      if (step.distance > 0 && symbol.function && !symbol.name.empty())
        names.emplace(symbol.name);
  return {names.begin(), names.end()};
}

} // namespace romlink::relink
