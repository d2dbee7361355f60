#include "relink/explain/section_text.h"

#include "relink/image/arm_relocation.h"

#include <algorithm>
#include <charconv>
#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {
namespace {

constexpr std::uint32_t kContext = 32;        ///< bytes of data that are read before and behind the place
constexpr std::uint32_t kLongestString = 256; ///< from its start to the place
constexpr std::uint32_t kShortestText = 4;
/// Code that is decoded before the place. In longer code the first instruction may be cut in two; what
/// follows finds back to whole ones long before the place.
constexpr std::uint32_t kLongestCode = 16 << 10;

/// The form of the table that code ending at `end` branches through, or words: a literal pool.
Form formAfterCode(const ElfImage& object, const Section& section, std::uint32_t end) {
  if (end < 4 || end > section.data.size())
    return Form::Words;
  const std::uint8_t* last = section.data.data() + end - 4;
  const std::uint32_t first = last[0] | last[1] << 8;
  const std::uint32_t second = last[2] | last[3] << 8;
  if (first == 0xe8df && (second & 0xffe0) == 0xf000)
    return (second & 0x10) != 0 ? Form::Halfwords : Form::Bytes; // tbh, tbb
  // libgcc's functions for cores without TBB: they read the table behind their call.
  for (const Relocation& relocation : section.relocations)
    if (relocation.offset == end - 4) {
      const std::string_view callee = object.symbols[relocation.symbol].name;
      if (callee.starts_with("__gnu_thumb1_case_"))
        return callee.ends_with("qi") ? Form::Bytes : callee.ends_with("hi") ? Form::Halfwords : Form::Words;
    }
  return Form::Words;
}

bool isText(std::uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

bool isTextAt(const Section& section, std::uint32_t at) {
  if (at >= section.data.size())
    return false;
  if ((section.flags & llvm::ELF::SHF_STRINGS) != 0)
    return section.entrySize <= 1;
  const TextPiece piece = textPieceAt(section.data, at);
  const Bytes text = section.data.subspan(piece.offset, piece.length);
  return piece.length >= kShortestText && piece.offset + piece.length < section.data.size() &&
         std::all_of(text.begin(), text.end(), isText);
}

Form formOfData(const Section& section, std::uint32_t at) {
  if (isTextAt(section, at))
    return Form::Text;
  const auto fits = [&](std::uint32_t width) {
    return section.alignment % width == 0 && section.data.size() % width == 0;
  };
  return fits(4) ? Form::Words : fits(2) ? Form::Halfwords : Form::Bytes;
}

void addCode(const Copy& copy, std::uint32_t at, std::uint32_t until, const Disassembler& disassembler,
             std::vector<Element>& elements) {
  for (Instruction& instruction : disassembler.read(copy.bytes.subspan(at, until - at), copy.base + at)) {
    elements.push_back({at, instruction.size, Form::Code, std::move(instruction)});
    at += elements.back().size;
  }
}

/// One word, or a row of 8 bytes.
void addNumbers(const Part& part, std::uint32_t from, std::uint32_t until, std::vector<Element>& elements) {
  const std::uint32_t row = part.form == Form::Words ? 4 : 8;
  while (from < until) {
    const std::uint32_t end = std::min(from / row * row + row, until);
    const std::uint32_t unit = part.form == Form::Words ? 4 : part.form == Form::Halfwords ? 2 : 1;
    const bool whole = from % unit == 0 && end % unit == 0;
    elements.push_back({from, end - from, whole ? part.form : Form::Bytes, {}});
    from = end;
  }
}

void addStrings(const Copy& copy, std::uint32_t from, std::uint32_t until, std::vector<Element>& elements) {
  while (from < until) {
    const TextPiece piece = textPieceAt(copy.bytes, from);
    const auto end =
        static_cast<std::uint32_t>(std::min<std::size_t>(piece.offset + piece.length + 1, copy.bytes.size()));
    elements.push_back({from, end - from, Form::Text, {}});
    from = end;
  }
}

} // namespace

TextPiece textPieceAt(Bytes bytes, std::uint32_t focus) {
  std::uint32_t begin = std::min(focus, static_cast<std::uint32_t>(bytes.size()));
  while (begin > 0 && bytes[begin - 1] != 0 && focus - begin < kLongestString)
    --begin;
  const auto end = std::find(bytes.begin() + begin, bytes.end(), std::uint8_t{0});
  return {begin, static_cast<std::uint32_t>(end - bytes.begin()) - begin};
}

std::vector<Part> partsOf(const ElfImage& object, std::uint32_t index, std::uint32_t at) {
  const Section& section = object.sections[index];
  const auto size = static_cast<std::uint32_t>(section.data.size());
  if (!section.isExecutable())
    return {{0, size, formOfData(section, at)}};
  std::vector<std::pair<std::uint32_t, bool>> marks = {{0, true}};
  for (const Symbol& symbol : object.symbols)
    if (symbol.section == index && symbol.isMapping() && symbol.value < size)
      marks.emplace_back(symbol.value, symbol.name[1] != 'd');
  std::stable_sort(marks.begin(), marks.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Part> parts;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const Part part{marks[i].first, i + 1 < marks.size() ? marks[i + 1].first : size, Form::Code};
    if (part.begin == part.end)
      continue;
    const bool same = !parts.empty() && (parts.back().form == Form::Code) == marks[i].second;
    if (same)
      parts.back().end = part.end;
    else
      parts.push_back(part);
    if (!marks[i].second && !same)
      parts.back().form = formAfterCode(object, section, part.begin);
  }
  return parts;
}

std::vector<Element> elementsNear(const Copy& copy, const std::vector<Part>& parts, std::uint32_t at,
                                  const Disassembler& disassembler) {
  const auto size = static_cast<std::uint32_t>(copy.bytes.size());
  const std::uint32_t begin = at < kContext ? 0 : (at - kContext) / 8 * 8;
  const std::uint32_t end = std::min<std::uint64_t>(size, std::uint64_t{at} + kContext);
  std::vector<Element> elements;
  for (const Part& part : parts) {
    const std::uint32_t from = std::max(part.begin, begin);
    const std::uint32_t until = std::min(part.end, end);
    if (from >= until)
      continue;
    if (part.form == Form::Code) // only from its start on is it known where instructions begin
      addCode(copy, std::max(part.begin, at - std::min(at, kLongestCode)) & ~1U, until, disassembler,
              elements);
    else if (part.form == Form::Text)
      addStrings(copy, textPieceAt(copy.bytes, from).offset, until, elements);
    else
      addNumbers(part, from, until, elements);
  }
  return elements;
}

const Relocation* Copy::relocationAt(std::uint32_t offset) const {
  if (section == nullptr)
    return nullptr;
  const auto found = std::lower_bound(section->relocations.begin(), section->relocations.end(), offset,
                                      [](const Relocation& r, std::uint32_t o) { return r.offset < o; });
  return found != section->relocations.end() && found->offset == offset ? &*found : nullptr;
}

std::optional<std::uint32_t> Copy::numberAt(std::uint32_t offset, std::uint32_t size) const {
  if (std::uint64_t{offset} + size > bytes.size() || relocationAt(offset) != nullptr)
    return std::nullopt;
  std::uint32_t number = 0;
  for (std::uint32_t i = 0; i < size; ++i)
    number |= std::uint32_t{bytes[offset + i]} << 8 * i;
  return number;
}

std::optional<std::uint32_t> Copy::literalOf(const Element& element) const {
  const std::string_view operands = element.instruction.operands;
  const std::string_view mnemonic = element.instruction.mnemonic;
  const auto at = operands.find("[pc, #");
  if (!mnemonic.starts_with("ldr") && !mnemonic.starts_with("vldr"))
    return std::nullopt;
  int distance = 0;
  if (at != std::string_view::npos)
    std::from_chars(operands.data() + at + 6, operands.data() + operands.size(), distance);
  else if (!operands.ends_with("[pc]"))
    return std::nullopt;
  const Address pc = (base + element.offset + 4) & ~3U; // Align(PC, 4), DDI0553
  const std::uint32_t offset = pc + static_cast<std::uint32_t>(distance) - base;
  return offset < bytes.size() ? std::optional(offset) : std::nullopt;
}

} // namespace romlink::relink
