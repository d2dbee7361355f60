// Which code of a ROM reaches which, by way of the ROM's own reference graph (image/rom_references.h): what
// an advisory means for the ROM itself and for firmware that uses it.
//
// The nodes are what RomImage::entityAt() gives: functions, tables, variables. An edge says "may reach": a
// call, a jump, an address that is made or stored. When in doubt there is an edge, so a path is a reason to
// look, and no path means that nothing in the ROM leads there.
//
// Limits: as of the reference graph. A pointer that code stores in a variable counts for the code that stores
// it, not for whoever calls through the variable later.
#pragma once

#include "relink/image/rom_image.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace romlink::relink {

/// The ways to one defective function or object.
class WaysTo;

class RomGraph {
public:
  /// REQUIRES: `rom` outlives it.
  explicit RomGraph(const RomImage& rom);

  /// Where code runs that nobody called: the ROM's entry point first, then the words of its vector tables.
  /// A vector table lies where the flash begins, or wherever a word holds the entry point; it is a stack
  /// pointer and then words that are zero or Thumb code of the ROM (Armv8-M Architecture Reference Manual,
  /// B3.30).
  [[nodiscard]] std::vector<Address> roots(Address entry) const;

  /// The entity's symbol, or its address as "0x10001234".
  [[nodiscard]] std::string nameAt(Address address) const;

  [[nodiscard]] const RomImage& rom() const { return rom_; }

private:
  friend WaysTo;
  [[nodiscard]] Address entityAt(Address address) const;
  void addTable(Address place, std::vector<Address>& roots) const;

  const RomImage& rom_;
  struct Edge {
    Address target = 0;
    Address source = 0;
    auto operator<=>(const Edge&) const = default;
  };
  std::vector<Edge> edges_; ///< between entities, by target
};

class WaysTo {
public:
  /// REQUIRES: `graph` outlives it.
  WaysTo(const RomGraph& graph, Address target);

  /// The shortest path from the entity at `from` to the target, both included, as names. Empty: there is
  /// none.
  [[nodiscard]] std::vector<std::string> path(Address from) const;
  /// The shortest of the paths from `from`, the first of several.
  [[nodiscard]] std::vector<std::string> shortestPath(const std::vector<Address>& from) const;
  /// The functions that reach the target, without itself: names, sorted.
  [[nodiscard]] std::vector<std::string> callers() const;

private:
  struct Step {
    Address next = 0; ///< towards the target
    unsigned distance = 0;
  };
  const RomGraph& graph_;
  std::map<Address, Step> steps_; ///< of each entity that reaches the target
};

} // namespace romlink::relink
