// The firmware as the plain link made it: every live input section, where it lies, and what each of its
// relocations resolved to. lld's output is the ground truth; nothing here re-implements symbol resolution.
//
// How a reference is resolved: the object says "symbol + addend"; the symbol names an input section (its own,
// or the one whose definition lies at the address that the output's symbol table gives); and the bytes that
// lld wrote into the field must lead to exactly that place, through a veneer at most. If they do not (a
// place that the linker script defines, --wrap, a folded section), the reference is Unresolved and whatever
// holds it stays local. A symbol that scripts or --defsym set to a constant is that number; an undefined weak
// one is 0, and a call of it is nothing.
#pragma once

#include "relink/image/arm_relocation.h"
#include "relink/image/input_files.h"
#include "relink/link/link_map.h"
#include "relink/match/code_facts.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

using SectionId = std::uint32_t; ///< index into Firmware::sections

struct Reference {
  enum class Target {
    Section,    ///< `offset` in the live section `section`
    Piece,      ///< `offset` in a mergeable constant or string whose content is `piece`
    Absolute,   ///< the number `value`: as targetOf() gives it, so with the Thumb bit except for branches
    NoCall,     ///< a BL to an undefined weak function: control goes on behind it
    Unresolved, ///< `why`
  };
  std::uint32_t place = 0; ///< offset of the field
  RelocationKind kind{};
  std::array<std::uint32_t, 3> rest{}; ///< if kind.isPart(): places of the kind.parts() - 1 other parts
  Target target = Target::Unresolved;
  SectionId section = 0;
  std::uint32_t offset = 0;
  std::uint32_t value = 0;
  Bytes piece;
  std::uint32_t pieceAlignment = 1; ///< that the plain link gives the piece
  bool thumb = false;               ///< the target is a Thumb function: bit 0 of an address is set
  std::string_view symbol;          ///< for people
  std::string why;

  [[nodiscard]] bool takesAddress() const { return !kind.isBranch(); }
};

struct SectionSymbol {
  std::string_view name;
  std::uint32_t offset = 0; ///< in the section, without the Thumb bit
  std::uint32_t size = 0;   ///< bytes; inferred from the next symbol where the object says 0
  bool function = false;
  bool local = false;
};

struct LiveSection {
  std::shared_ptr<const ObjectFile> object;
  std::uint32_t index = 0;            ///< in object->elf.sections
  Address address = 0;                ///< run address in the plain link
  Address load = 0;                   ///< load address
  std::string output;                 ///< the output section that holds it
  std::vector<Reference> references;  ///< by place; of allocated sections only
  std::vector<SectionSymbol> symbols; ///< functions and objects, by offset
  std::string
      unusable; ///< why nothing can be said of it (an unknown relocation, ambiguous names); else empty

  std::string pinnedBy; ///< a reference to it that could not be resolved; else empty

  [[nodiscard]] const Section& elf() const { return object->elf.sections[index]; }
  [[nodiscard]] const CodeFacts& facts() const;
  /// "main", or the section's name if it holds no symbol.
  [[nodiscard]] std::string title() const;

private:
  mutable std::optional<CodeFacts> facts_; ///< decoded when first asked for
};

/// A function or object that lies in no section of the model: a common symbol, or one in a section that lld
/// merges.
struct OtherSymbol {
  std::string name;
  std::string object;  ///< that holds a symbol of this name; empty if none is found
  std::string section; ///< "COMMON", or the mergeable input section
  std::uint32_t size = 0;
  bool function = false;
  auto operator<=>(const OtherSymbol&) const = default;
};

struct Firmware {
  std::vector<LiveSection> sections; ///< allocated sections with contents or size, in the map's order
  std::vector<PlacedSection> placed; ///< every line of the map
  std::vector<std::shared_ptr<const ObjectFile>> objects; ///< whose symbols count, each once
  std::vector<OtherSymbol> others; ///< functions and objects of the output outside of `sections`, by name

  [[nodiscard]] std::vector<std::string> objectNames() const;
};

/// Symbols that scripts and arguments set to a number, whatever the link does (plan/script_constants.h).
using Constants = std::map<std::string, std::uint32_t, std::less<>>;

/// Offset of the first byte in which the section's content and `other` differ outside of the fields that
/// relocations fill; of an unknown relocation, four bytes are its field. REQUIRES: equal sizes.
[[nodiscard]] std::optional<std::uint32_t> firstDifference(const Section& section, Bytes other);

/// Could the bytes that the linked image has at `address` come from this input section? True for SHT_NOBITS,
/// and for a place that is not loaded.
[[nodiscard]] bool liesAt(const ElfImage& linked, const Section& section, Address address);

/// Builds the model. `linked` is the link's output ELF; `map` its map. `others`: names of objects that may
/// define symbols although no section of theirs is live. Malformed: a pulled object.
Result<Firmware> readFirmware(InputFiles& inputs, const ElfImage& linked, std::vector<PlacedSection> map,
                              const Constants& constants = {}, const std::vector<std::string>& others = {});

} // namespace romlink::relink
