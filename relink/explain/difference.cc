#include "relink/explain/difference.h"

#include "relink/image/arm_relocation.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace romlink::relink {
namespace {

constexpr std::ptrdiff_t kFar = 8; ///< instructions between the two halves of a constant

/// The elements of one copy and the one that differs.
struct Side {
  const Copy& copy;
  const std::vector<Element>& elements;
  std::ptrdiff_t index = 0; ///< of the element that differs

  [[nodiscard]] const Element& element() const { return at(index); }
  [[nodiscard]] const Element& at(std::ptrdiff_t i) const { return elements[static_cast<std::size_t>(i)]; }
  [[nodiscard]] bool has(std::ptrdiff_t i) const {
    return i >= 0 && i < static_cast<std::ptrdiff_t>(elements.size()) && at(i).form == Form::Code;
  }
};

/// A register that an instruction writes a constant to.
struct Constant {
  std::string reg;
  std::uint32_t value = 0;
};

/// "r0" of "r0, #3".
std::string_view firstOperand(const Instruction& instruction) {
  return std::string_view(instruction.operands)
      .substr(0, std::min(instruction.operands.find(','), instruction.operands.size()));
}

/// 3 of "REG, #3", or of "REG, REG, #3".
std::optional<std::uint32_t> immediateOf(const Instruction& instruction, bool twice) {
  const std::string_view reg = firstOperand(instruction);
  const std::string prefix = fmt::format("{}, {}#", reg, twice ? std::string(reg) + ", " : std::string());
  if (!instruction.operands.starts_with(prefix))
    return std::nullopt;
  const char* begin = instruction.operands.data() + prefix.size();
  const char* end = instruction.operands.data() + instruction.operands.size();
  std::int64_t value = 0;
  if (const auto parsed = std::from_chars(begin, end, value); parsed.ec != std::errc() || parsed.ptr != end)
    return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

bool isOneOf(const std::string& mnemonic, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), mnemonic) != names.end();
}

/// The next instruction from `from` on, in steps of `step`, that has `reg` as its first operand.
std::optional<std::ptrdiff_t> nextOf(const Side& side, std::ptrdiff_t from, std::ptrdiff_t step,
                                     std::string_view reg) {
  for (std::ptrdiff_t i = from + step; side.has(i) && std::abs(i - from) <= kFar; i += step)
    if (firstOperand(side.at(i).instruction) == reg)
      return i;
  return std::nullopt;
}

/// What instruction `i` alone moves into a register.
std::optional<Constant> movedBy(const Side& side, std::ptrdiff_t i) {
  const Instruction& instruction = side.at(i).instruction;
  const std::string reg(firstOperand(instruction));
  if (side.copy.relocationAt(side.at(i).offset) != nullptr)
    return std::nullopt;
  if (const auto literal = side.copy.literalOf(side.at(i));
      literal && instruction.mnemonic.starts_with("ldr")) {
    const auto value = side.copy.numberAt(*literal, 4);
    return value && isOneOf(instruction.mnemonic, {"ldr", "ldr.w"}) ? std::optional(Constant{reg, *value})
                                                                    : std::nullopt;
  }
  const auto value = immediateOf(instruction, false);
  if (value && isOneOf(instruction.mnemonic, {"mov", "movs", "mov.w", "movs.w", "movw"}))
    return Constant{reg, *value};
  if (value && isOneOf(instruction.mnemonic, {"mvn", "mvns", "mvn.w", "mvns.w"}))
    return Constant{reg, ~*value};
  return std::nullopt;
}

/// Joins what instructions `first` and `second` make of a constant: MOVW and MOVT, MOVS and LSLS.
std::optional<Constant> joined(const Side& side, std::ptrdiff_t first, std::ptrdiff_t second) {
  auto constant = movedBy(side, first);
  const Instruction& next = side.at(second).instruction;
  if (!constant || side.copy.relocationAt(side.at(second).offset) != nullptr)
    return std::nullopt;
  if (const auto high = immediateOf(next, false); high && next.mnemonic == "movt")
    return Constant{constant->reg, (constant->value & 0xffff) | *high << 16};
  if (const auto shift = immediateOf(next, true);
      shift && *shift < 32 && isOneOf(next.mnemonic, {"lsl", "lsls", "lsl.w", "lsls.w"}))
    return Constant{constant->reg, constant->value << *shift};
  return std::nullopt;
}

/// The whole constant that the element which differs is a part of.
std::optional<Constant> constantOf(const Side& side) {
  const std::string_view reg = firstOperand(side.element().instruction);
  if (const auto constant = movedBy(side, side.index)) {
    const auto next = nextOf(side, side.index, 1, reg);
    const auto whole = next ? joined(side, side.index, *next) : std::nullopt;
    return whole ? whole : constant;
  }
  const auto before = nextOf(side, side.index, -1, reg);
  return before ? joined(side, *before, side.index) : std::nullopt;
}

/// Bytes of a stack frame: "sub sp, #388", "sub.w sp, sp, #516".
std::optional<std::uint32_t> frameOf(const Instruction& instruction) {
  if (!isOneOf(instruction.mnemonic, {"sub", "sub.w", "subw"}) || firstOperand(instruction) != "sp")
    return std::nullopt;
  const auto size = immediateOf(instruction, false);
  return size ? size : immediateOf(instruction, true);
}

/// Operands that are equal but for one immediate.
struct Immediates {
  std::uint32_t rom = 0;
  std::uint32_t firmware = 0;
  bool inAddress = false; ///< "[r0, #4]"
};

std::optional<Immediates> onlyImmediateDiffers(const std::string& rom, const std::string& firmware) {
  const auto [a, b] = std::mismatch(rom.begin(), rom.end(), firmware.begin(), firmware.end());
  const auto equal = static_cast<std::size_t>(a - rom.begin());
  const auto hash = rom.rfind('#', equal == 0 ? 0 : equal - 1);
  if (hash == std::string::npos || hash >= equal || rom.find_first_of(", ", hash) < equal)
    return std::nullopt;
  std::int64_t romValue = 0;
  std::int64_t firmwareValue = 0;
  const auto parse = [&](const std::string& text, std::int64_t& value) {
    const auto parsed = std::from_chars(text.data() + hash + 1, text.data() + text.size(), value);
    return parsed.ec == std::errc() ? std::optional(std::string_view(parsed.ptr, text.data() + text.size()))
                                    : std::nullopt;
  };
  const auto romRest = parse(rom, romValue);
  const auto firmwareRest = parse(firmware, firmwareValue);
  if (!romRest || !firmwareRest || *romRest != *firmwareRest)
    return std::nullopt;
  const bool inAddress = rom.rfind('[', hash) != std::string::npos && romRest->starts_with("]");
  return Immediates{static_cast<std::uint32_t>(romValue), static_cast<std::uint32_t>(firmwareValue),
                    inAddress};
}

std::string unaligned(std::string text) {
  for (auto at = text.find("  "); at != std::string::npos && text[at + 1] == ' '; at = text.find("  "))
    text.erase(at, 1);
  return text;
}

std::string valuesText(std::string_view what, std::uint32_t offset, const std::string& rom,
                       const std::string& firmware) {
  return fmt::format("{} differs at +{:#x}, ROM {}, firmware {}", what, offset, rom, firmware);
}

std::string numbersText(std::string_view what, std::uint32_t offset, std::uint32_t rom,
                        std::uint32_t firmware) {
  return valuesText(what, offset, numberText(rom), numberText(firmware));
}

std::string codeSummary(const Side& rom, const Side& firmware) {
  const Instruction& romCode = rom.element().instruction;
  const Instruction& firmwareCode = firmware.element().instruction;
  const std::uint32_t offset = firmware.element().offset;
  const auto romConstant = constantOf(rom);
  const auto firmwareConstant = constantOf(firmware);
  if (romConstant && firmwareConstant && romConstant->reg == firmwareConstant->reg &&
      romConstant->value != firmwareConstant->value)
    return numbersText("constant", offset, romConstant->value, firmwareConstant->value);
  const auto romFrame = frameOf(romCode);
  const auto firmwareFrame = frameOf(firmwareCode);
  if (romFrame && firmwareFrame && romFrame != firmwareFrame)
    return numbersText("stack frame", offset, *romFrame, *firmwareFrame);
  const bool plain = !romCode.target && !firmwareCode.target && !rom.copy.literalOf(rom.element()) &&
                     firmware.copy.relocationAt(offset) == nullptr;
  if (plain && romCode.mnemonic == firmwareCode.mnemonic)
    if (const auto values = onlyImmediateDiffers(romCode.operands, firmwareCode.operands))
      return numbersText(values->inAddress ? "memory offset" : "constant", offset, values->rom,
                         values->firmware);
  std::string romText = unaligned(textOf(rom.copy, rom.element(), offset));
  std::string firmwareText = unaligned(textOf(firmware.copy, firmware.element(), offset));
  if (romText == firmwareText) // another encoding of the same
    return fmt::format("the encoding of `{}` differs at +{:#x}", romText, offset);
  return valuesText("instruction", offset, '`' + romText + '`', '`' + firmwareText + '`');
}

std::string dataSummary(const Side& rom, const Side& firmware, std::uint32_t at, std::string_view what) {
  const Form form = firmware.element().form;
  const std::uint32_t width = form == Form::Words ? 4 : form == Form::Halfwords ? 2 : 1;
  const std::uint32_t offset = at / width * width;
  const auto romValue = rom.copy.numberAt(offset, width);
  const auto firmwareValue = firmware.copy.numberAt(offset, width);
  if (romValue && firmwareValue)
    return numbersText(what, offset, *romValue, *firmwareValue);
  return fmt::format("{} differs at +{:#x}", what, offset);
}

std::string textSummary(const Side& rom, const Side& firmware, std::uint32_t at) {
  const TextPiece romPiece = textPieceAt(rom.copy.bytes, at);
  const TextPiece firmwarePiece = textPieceAt(firmware.copy.bytes, at);
  return valuesText("text", firmwarePiece.offset, quoted(rom.copy.bytes, romPiece, at),
                    quoted(firmware.copy.bytes, firmwarePiece, at));
}

/// The element that contains `at`; nullopt if the copy ends before.
std::optional<Side> sideOf(const Copy& copy, const std::vector<Element>& elements, std::uint32_t at) {
  const auto found =
      std::find_if(elements.begin(), elements.end(), [&](const Element& e) { return e.contains(at); });
  if (found == elements.end())
    return std::nullopt;
  return Side{copy, elements, found - elements.begin()};
}

} // namespace

Difference explainDifference(const ElfImage& object, std::uint32_t sectionIndex, Bytes rom, Address romBase,
                             std::uint32_t differsAt, const NameOf& nameOf,
                             const Disassembler& disassembler) {
  const Section& section = object.sections[sectionIndex];
  const auto parts = partsOf(object, sectionIndex, differsAt);
  const Copy romCopy{rom.first(std::min(rom.size(), section.data.size())), romBase, nullptr, nullptr, nameOf};
  const Copy firmwareCopy{section.data, 0, &object, &section, {}};
  const auto romElements = elementsNear(romCopy, parts, differsAt, disassembler);
  const auto firmwareElements = elementsNear(firmwareCopy, parts, differsAt, disassembler);
  const auto romSide = sideOf(romCopy, romElements, differsAt);
  const auto firmwareSide = sideOf(firmwareCopy, firmwareElements, differsAt);

  Difference difference;
  difference.offset = differsAt;
  difference.romListing = listingOf(romCopy, romElements, differsAt);
  difference.firmwareListing = listingOf(firmwareCopy, firmwareElements, differsAt);
  if (!romSide || !firmwareSide) {
    difference.summary = fmt::format("the ROM's copy ends at +{:#x}, the firmware's at +{:#x}",
                                     romCopy.bytes.size(), firmwareCopy.bytes.size());
    return difference;
  }
  difference.offset = firmwareSide->element().offset;
  const bool code = section.isExecutable();
  switch (firmwareSide->element().form) {
  case Form::Code:
    difference.summary = codeSummary(*romSide, *firmwareSide);
    break;
  case Form::Text:
    difference.summary = textSummary(*romSide, *firmwareSide, differsAt);
    break;
  case Form::Words:
    difference.summary = dataSummary(*romSide, *firmwareSide, differsAt, code ? "constant" : "value");
    break;
  case Form::Halfwords:
  case Form::Bytes:
    difference.summary = dataSummary(*romSide, *firmwareSide, differsAt, code ? "jump table" : "value");
    break;
  }
  return difference;
}

Difference explainDifference(const ElfImage& object, std::uint32_t sectionIndex, Bytes rom, Address romBase,
                             std::uint32_t differsAt, const NameOf& nameOf) {
  return explainDifference(object, sectionIndex, rom, romBase, differsAt, nameOf, Disassembler());
}

} // namespace romlink::relink
