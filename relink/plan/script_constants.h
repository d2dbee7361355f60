// Numbers that linker scripts and arguments fix: constant symbols, and the regions of MEMORY.
//
//   MEMORY { RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 64K }
//   stack_top = ORIGIN(RAM) + LENGTH(RAM);         constant: 0x20010000
//   PROVIDE(heap_size = 4K);  --defsym=limit=8     constant
//   end = .;  size = SIZEOF(.text);                not constant: another link may give another number
//
// Grammar: GNU ld manual, "Simple Assignments", "PROVIDE", "MEMORY"; expressions: plan/script_expression.h.
//
// Every text counts, whether the link reads it or not. So a name that is set twice is constant only if both
// numbers are the same, and so is a region.
#pragma once

#include "relink/plan/script_expression.h"

#include <map>

namespace romlink::relink {

struct MemoryRegion {
  std::string name;
  std::string attributes;              ///< "rx", "!w"; empty if there are none
  std::optional<std::uint32_t> origin; ///< address; nullopt where it is no constant
  std::optional<std::uint32_t> length; ///< bytes; the same
};

class ScriptConstants : ScriptNames {
public:
  /// `scripts`: their texts. `arguments`: the linker's, for --defsym.
  ScriptConstants(const std::vector<std::string>& scripts, const std::vector<std::string>& arguments);

  /// The regions and aliases (REGION_ALIAS) of all scripts, by name.
  [[nodiscard]] std::vector<MemoryRegion> memoryRegions() const;
  /// The number that scripts or --defsym give this symbol; nullopt if it is not a constant.
  [[nodiscard]] std::optional<std::uint32_t> constantOf(std::string_view symbol) const;
  /// All of them, by name.
  [[nodiscard]] std::map<std::string, std::uint32_t, std::less<>> constants() const;

private:
  using Place = std::size_t; ///< index into tokens_
  struct Assignment {
    Place expression = 0;
    bool compound = false; ///< "x += 4"
    bool provided = false; ///< PROVIDE: another definition would win
  };
  struct Definition { ///< of a region
    std::string attributes;
    std::optional<Place> origin;
    std::optional<Place> length;
    std::string aliasOf;
  };
  struct Range {
    ScriptValue origin;
    ScriptValue length;
  };
  void read(std::string_view text);
  [[nodiscard]] bool startsRegion(Place colon) const;
  Definition& addRegion(Place colon);
  [[nodiscard]] const std::string& at(Place place) const;
  ScriptValue symbol(const std::string& name, unsigned depth) override;
  ScriptValue region(const std::string& name, bool origin, unsigned depth) override;
  // Evaluate once and remember; what is being evaluated has no value yet, which ends cycles.
  ScriptValue evaluate(std::string_view symbol, unsigned depth);
  Range evaluateRegion(std::string_view region, unsigned depth);

  std::vector<std::string> tokens_; ///< of all texts, with a ";" behind each
  std::map<std::string, std::vector<Assignment>, std::less<>> assignments_;
  std::map<std::string, std::vector<Definition>, std::less<>> regions_;
  std::map<std::string, ScriptValue, std::less<>> values_;
  std::map<std::string, Range, std::less<>> ranges_;
};

} // namespace romlink::relink
