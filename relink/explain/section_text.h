// A section's content as assembler text, around one place: the elements it consists of, and their lines.
//
// An element is an instruction, a word, some bytes of a table, or a string. Mapping symbols ($t, $d; AAELF32)
// say what is code and what is data. What data is made of is a guess for the eye: words where it is aligned
// so, text where it reads as text.
//
//   > +0x1c  f44f 5340  mov.w    r3, #3072
//     +0x20  f7ff fffe  bl       memcpy
//     +0x24  00000000   .word    table+4
#pragma once

#include "relink/explain/disassembler.h"
#include "relink/image/elf_image.h"

#include <functional>

namespace romlink::relink {

enum class Form { Code, Words, Halfwords, Bytes, Text };

/// A part of the section that is all of one form.
struct Part {
  std::uint32_t begin = 0; ///< offsets in the section
  std::uint32_t end = 0;
  Form form = Form::Bytes;
};

/// Where code and data lie, by the object's mapping symbols. What the data is made of is told by its
/// alignment and relocations, by the branch through a table that precedes it, and by what stands at `at`.
[[nodiscard]] std::vector<Part> partsOf(const ElfImage& object, std::uint32_t section, std::uint32_t at);

struct Element {
  std::uint32_t offset = 0; ///< in the section
  std::uint32_t size = 0;   ///< bytes
  Form form = Form::Bytes;
  Instruction instruction; ///< of code

  [[nodiscard]] bool contains(std::uint32_t at) const { return at >= offset && at - offset < size; }
};

/// Names the ROM's symbol at an address, "memcpy" or "table+4"; empty if it has none there.
using NameOf = std::function<std::string(Address)>;

/// One copy of the section: the firmware's as its object file has it, or the ROM's.
struct Copy {
  Bytes bytes;
  Address base = 0;                 ///< where `bytes` begins; 0 for an object file
  const ElfImage* object = nullptr; ///< whose relocations fill the fields; nullptr for the ROM
  const Section* section = nullptr; ///< of `object`
  NameOf nameOf;                    ///< of the ROM; may be empty

  /// The relocation that begins here, or nullptr.
  [[nodiscard]] const Relocation* relocationAt(std::uint32_t offset) const;
  /// What it names: "table+4", or a string's text. REQUIRES: one of relocationAt.
  [[nodiscard]] std::string nameOfTarget(const Relocation& relocation) const;
  /// The little-endian number, nullopt where there are not so many bytes or a relocation fills them.
  [[nodiscard]] std::optional<std::uint32_t> numberAt(std::uint32_t offset, std::uint32_t size) const;
  /// The offset of the literal that an instruction loads, e.g. "ldr r0, [pc, #8]".
  [[nodiscard]] std::optional<std::uint32_t> literalOf(const Element& element) const;
};

/// The elements near `at`, some more before and behind it.
[[nodiscard]] std::vector<Element> elementsNear(const Copy& copy, const std::vector<Part>& parts,
                                                std::uint32_t at, const Disassembler& disassembler);

/// An instruction with its operands, or data as a directive. Names are printable.
[[nodiscard]] std::string textOf(const Copy& copy, const Element& element, std::uint32_t focus);

/// The lines around `at`, which is marked.
[[nodiscard]] std::string listingOf(const Copy& copy, const std::vector<Element>& elements, std::uint32_t at);

/// "3072", "-1 (0xffffffff)", "1000000 (0xf4240)": hexadecimal, too, where it may be a mask or an address.
[[nodiscard]] std::string numberText(std::uint32_t value);

/// The string that `focus` lies in: its offset and length without the terminator.
struct TextPiece {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};
[[nodiscard]] TextPiece textPieceAt(Bytes bytes, std::uint32_t focus);
/// In quotes, not much more than 40 characters of it around `focus`.
[[nodiscard]] std::string quoted(Bytes bytes, TextPiece piece, std::uint32_t focus);

} // namespace romlink::relink
