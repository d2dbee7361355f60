// The lines of a listing.

#include "relink/explain/section_text.h"
#include "relink/image/arm_relocation.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {
namespace {

constexpr std::ptrdiff_t kLines = 4; ///< before and behind the marked one
constexpr std::uint32_t kShown = 40; ///< characters of a string

std::string printable(std::string_view name) {
  std::string text(name);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string withName(const Copy& copy, Address address) {
  const std::string name = copy.nameOf ? copy.nameOf(address) : std::string();
  return fmt::format("{:#010x}", address) + (name.empty() ? "" : " <" + printable(name) + ">");
}

/// The operands with the last immediate replaced: "r0, #12" and "+0x30" give "r0, +0x30".
std::string withLast(std::string_view operands, std::string_view replacement) {
  const auto at = operands.rfind('#');
  return std::string(operands.substr(0, at == std::string_view::npos ? 0 : at)) + std::string(replacement);
}

std::string wordText(const Copy& copy, std::uint32_t offset) {
  if (const Relocation* relocation = copy.relocationAt(offset))
    return copy.nameOfTarget(*relocation) + (relocation->type == llvm::ELF::R_ARM_REL32 ? " - ." : "");
  const auto word = copy.numberAt(offset, 4);
  if (!word)
    return "?";
  const bool named = copy.nameOf && *word > 0xffff && !copy.nameOf(*word & ~1U).empty();
  return named ? withName(copy, *word & ~1U) : numberText(*word);
}

std::string codeText(const Copy& copy, const Element& element) {
  const Instruction& instruction = element.instruction;
  std::string operands = instruction.operands;
  if (const Relocation* relocation = copy.relocationAt(element.offset)) {
    const std::string name = copy.nameOfTarget(*relocation);
    const auto kind = relocationKind(relocation->type);
    if (instruction.target)
      operands = withLast(operands, name);
    else if (kind && kind->isPart())
      operands = withLast(operands, fmt::format("#:{}:{}", kind->partName(), name));
    else
      operands += "  ; " + relocationName(relocation->type) + " " + name;
  } else if (instruction.target) {
    const std::uint32_t offset = *instruction.target - copy.base;
    operands = withLast(operands, copy.section != nullptr || offset < copy.bytes.size()
                                      ? fmt::format("+{:#x}", offset)
                                      : withName(copy, *instruction.target));
  } else if (const auto literal = copy.literalOf(element); literal && *literal + 4 <= copy.bytes.size()) {
    operands += "  ; " + wordText(copy, *literal);
  }
  return operands.empty() ? instruction.mnemonic : fmt::format("{:<8} {}", instruction.mnemonic, operands);
}

std::string numbersText(const Copy& copy, const Element& element, std::uint32_t width) {
  std::string text;
  for (std::uint32_t at = element.offset; at < element.offset + element.size; at += width)
    text += fmt::format("{}{:#0{}x}", text.empty() ? "" : ", ", copy.numberAt(at, width).value_or(0),
                        2 + 2 * width);
  return text;
}

std::string bytesText(const Copy& copy, const Element& element) {
  const auto half = [&](std::uint32_t at) { return copy.bytes[at] | copy.bytes[at + 1] << 8; };
  if (element.form == Form::Code && element.size == 4)
    return fmt::format("{:04x} {:04x}", half(element.offset), half(element.offset + 2));
  if (element.form == Form::Code && element.size == 2)
    return fmt::format("{:04x}", half(element.offset));
  if (element.form == Form::Words)
    return fmt::format("{:04x}{:04x}", half(element.offset + 2), half(element.offset));
  return {};
}

} // namespace

std::string Copy::nameOfTarget(const Relocation& relocation) const {
  const Symbol& symbol = object->symbols[relocation.symbol];
  std::string name(symbol.name);
  if (name.empty() && symbol.isDefinedInSection())
    name = object->sections[symbol.section].name;
  const auto kind = relocationKind(relocation.type);
  std::int64_t addend = 0;
  if (kind && kind->width != 0 && std::uint64_t{relocation.offset} + kind->width <= bytes.size()) {
    const Bytes field = bytes.subspan(relocation.offset, kind->width);
    addend = static_cast<std::int32_t>(addendOf(*kind, field));
  }
  if (symbol.isDefinedInSection()) {
    const Section& target = object->sections[symbol.section];
    const std::int64_t offset = symbol.value + addend;
    const bool text = (target.flags & llvm::ELF::SHF_STRINGS) != 0 && target.entrySize <= 1;
    if (text && offset >= 0 && offset < static_cast<std::int64_t>(target.data.size())) {
      const auto at = static_cast<std::uint32_t>(offset);
      TextPiece piece = textPieceAt(target.data, at);
      piece.length -= at - piece.offset; // from where it is referred to
      piece.offset = at;
      return quoted(target.data, piece, at);
    }
  }
  return printable(name) + (addend == 0 ? "" : fmt::format("{:+}", addend));
}

std::string numberText(std::uint32_t value) {
  if (value >= 0xffff0000)
    return fmt::format("{} ({:#x})", static_cast<std::int32_t>(value), value);
  const bool mask = value >= 0xff && std::has_single_bit(value + 1);
  return value > 0xffff || mask ? fmt::format("{} ({:#x})", value, value) : std::to_string(value);
}

std::string quoted(Bytes bytes, TextPiece piece, std::uint32_t focus) {
  // A little of what comes before shows where in the text this is.
  const std::uint32_t lead = focus < piece.offset + kShown / 2 ? 0 : focus - piece.offset - kShown / 2;
  const std::uint32_t end = std::min(piece.length, lead + kShown);
  std::string text = lead == 0 ? "\"" : "\"...";
  for (std::uint32_t i = std::min(lead, end); i < end; ++i) {
    const std::uint8_t byte = bytes[piece.offset + i];
    if (byte == '"' || byte == '\\')
      text += {'\\', static_cast<char>(byte)};
    else if (byte == '\n')
      text += "\\n";
    else if (byte < 0x20 || byte >= 0x7f)
      text += fmt::format("\\x{:02x}", byte);
    else
      text += static_cast<char>(byte);
  }
  return text + (end == piece.length ? "\"" : "...\"");
}

std::string textOf(const Copy& copy, const Element& element, std::uint32_t focus) {
  switch (element.form) {
  case Form::Code:
    return codeText(copy, element);
  case Form::Words:
    return ".word    " + wordText(copy, element.offset);
  case Form::Halfwords:
    return ".hword   " + numbersText(copy, element, 2);
  case Form::Bytes:
    return ".byte    " + numbersText(copy, element, 1);
  case Form::Text:
    break;
  }
  const bool ends = copy.bytes[element.offset + element.size - 1] == 0;
  const TextPiece piece{element.offset, element.size - (ends ? 1 : 0)};
  return (ends ? ".asciz   " : ".ascii   ") +
         quoted(copy.bytes, piece, element.contains(focus) ? focus : element.offset);
}

std::string listingOf(const Copy& copy, const std::vector<Element>& elements, std::uint32_t at) {
  const auto marked =
      std::find_if(elements.begin(), elements.end(), [&](const Element& e) { return e.contains(at); });
  const auto first = marked - std::min(kLines, marked - elements.begin());
  const auto last =
      marked == elements.end() ? marked : marked + std::min(kLines + 1, elements.end() - marked);
  std::size_t offsetWidth = 0;
  std::size_t bytesWidth = 0;
  for (auto it = first; it != last; ++it) {
    offsetWidth = std::max(offsetWidth, fmt::formatted_size("+{:#x}", it->offset));
    bytesWidth = std::max(bytesWidth, bytesText(copy, *it).size());
  }
  std::string listing;
  for (auto it = first; it != last; ++it) {
    const std::string offset = fmt::format("+{:#x}", it->offset);
    listing += fmt::format("{}{} {:<{}}  {:<{}}  {}", listing.empty() ? "" : "\n", it == marked ? '>' : ' ',
                           offset, offsetWidth, bytesText(copy, *it), bytesWidth, textOf(copy, *it, at));
  }
  if (marked == elements.end())
    listing += fmt::format("{}> +{:#x}  (ends here)", listing.empty() ? "" : "\n", copy.bytes.size());
  return listing;
}

} // namespace romlink::relink
