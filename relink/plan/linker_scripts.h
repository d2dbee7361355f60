// What linker scripts and arguments say about single input sections: which are kept or placed by name, and
// which symbols they mention. Such sections are in the image for their place or for the script's sake, so
// they are never taken from the ROM.
//
// Reads tokens, not the grammar (GNU ld manual, "Linker Scripts"); where it cannot tell, it takes a section
// for placed by name, which only costs bytes.
//
//   KEEP(*(.vectors))          kept: any file, .vectors
//   *(.text.ramfunc .text*)    placed by name: .text.ramfunc; .text* is the usual pattern and says nothing
//   *header.o(.rodata*)        placed by name: all of header.o
//   *libx.a:*(.text*)          says nothing: it sorts a library into an output section, as TF-M's scripts do
#pragma once

#include "relink/plan/script_constants.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::relink {

class LinkerScripts {
public:
  /// `scripts`: their texts. `arguments`: the linker's, for -e, -u, --defsym and the like.
  LinkerScripts(const std::vector<std::string>& scripts, const std::vector<std::string>& arguments);

  /// KEEP(...) covers this section of the object that lld calls `object`.
  [[nodiscard]] bool keeps(const std::string& object, std::string_view section) const;
  /// A pattern that is meant for this section in particular; empty if there is none.
  [[nodiscard]] std::string placedByName(std::string_view section) const;
  /// A pattern that is meant for this object in particular; empty if there is none.
  [[nodiscard]] std::string placesObject(const std::string& object) const;
  /// A script or an argument mentions this symbol.
  [[nodiscard]] bool mentions(std::string_view symbol) const { return words_.contains(symbol); }
  /// The numbers that they fix.
  [[nodiscard]] const ScriptConstants& constants() const { return constants_; }
  /// The regions of MEMORY and their aliases, by name.
  [[nodiscard]] std::vector<MemoryRegion> memoryRegions() const { return constants_.memoryRegions(); }
  /// The number that they give this symbol; nullopt if it is not a constant.
  [[nodiscard]] std::optional<std::uint32_t> constantOf(std::string_view symbol) const {
    return constants_.constantOf(symbol);
  }

private:
  /// A glob pattern; one that is malformed stands for itself only.
  struct Pattern {
    explicit Pattern(const std::string& pattern) : Pattern(pattern, pattern) {}
    /// `glob` is matched in place of `name`.
    Pattern(std::string name, const std::string& glob);
    [[nodiscard]] bool matches(std::string_view other) const;
    bool operator<(const Pattern& other) const { return text < other.text; }
    struct Glob;
    std::string text; ///< as written
    std::shared_ptr<const Glob> compiled;
  };
  struct Keep {
    Pattern file;
    Pattern section;
  };
  static Pattern objectPattern(const std::string& file, char colon, const char* end);
  void readScript(const std::string& text);
  void readArguments(const std::vector<std::string>& arguments);

  ScriptConstants constants_;
  std::vector<Keep> keeps_;
  std::set<Pattern> patterns_; ///< of sections
  std::set<Pattern> files_;    ///< of objects
  std::set<std::string, std::less<>> words_;
};

} // namespace romlink::relink
