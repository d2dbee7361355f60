#include "relink/match/code_facts.h"

#include <algorithm>
#include <llvm/Support/Endian.h>
#include <map>
#include <vector>

namespace romlink::relink {
namespace {

std::uint32_t halfword(Bytes bytes, std::size_t at) {
  return at + 2 <= bytes.size() ? llvm::support::endian::read16le(bytes.data() + at) : 0;
}

bool isWide(std::uint32_t first) {
  return first >= 0xe800;
}

/// B<c> and its kin share the first halfwords 0xf000-0xf7ff with data processing; bit 15 of the second tells.
bool isBranchSpace(std::uint32_t first, std::uint32_t second) {
  return (first & 0xf800) == 0xf000 && (second & 0x8000) != 0;
}

/// Control does not go on behind this instruction.
bool endsFlow(std::uint32_t first, std::uint32_t second) {
  if (!isWide(first))
    return (first & 0xf800) == 0xe000 ||                               // b
           (first & 0xff00) == 0x4700 ||                               // bx, blx
           (first & 0xff00) == 0xbd00 ||                               // pop {..., pc}
           (first & 0xff87) == 0x4687 || (first & 0xff87) == 0x4487 || // mov pc, add pc
           (first & 0xff00) == 0xde00 || (first & 0xff00) == 0xbe00;   // udf, bkpt
  if (isBranchSpace(first, second))
    return (second & 0x5000) == 0x1000 || // b.w
           (second & 0x5000) == 0x5000 || // bl
           (first & 0xfff0) == 0xf7f0;    // udf.w
  if ((first & 0xfe50) == 0xe810)         // ldm, pop.w
    return (second & 0x8000) != 0;
  if ((first & 0xff70) == 0xf850) // ldr.w
    return (second & 0xf000) == 0xf000;
  return (first & 0xfff0) == 0xe8d0 && (second & 0xffe0) == 0xf000; // tbb, tbh
}

struct Instruction {
  std::uint32_t first = 0;
  std::uint32_t second = 0; ///< 0 for a 16-bit instruction
};

bool isPadding(const Instruction& i) {
  return i.first == 0xbf00 || i.first == 0x46c0 || (i.first == 0xf3af && i.second == 0x8000); // nop, nop.w
}

bool isAdrWide(const Instruction& i) {
  return ((i.first & 0xfbff) == 0xf20f || (i.first & 0xfbff) == 0xf2af) && !isBranchSpace(i.first, i.second);
}

/// The section's instructions in order, with a last one of {0, 0} if it ends in data. Where instructions may
/// start anywhere, one for each halfword.
std::vector<Instruction> instructionsOf(const ElfImage& elf, std::uint32_t index) {
  const Bytes data = elf.sections[index].data;
  std::map<std::uint32_t, bool> marks; // offset, code or data
  for (const std::uint32_t i : elf.symbolsIn(index))
    if (elf.symbols[i].isMapping())
      marks[elf.symbols[i].value] = elf.symbols[i].name[1] == 't';
  const bool mapped = !marks.empty();
  marks.try_emplace(0, true);
  std::vector<Instruction> instructions;
  for (auto mark = marks.begin(); mark != marks.end(); ++mark) {
    const auto next = std::next(mark);
    const std::size_t end =
        std::min<std::size_t>(next == marks.end() ? data.size() : next->first, data.size());
    // Data that control does not run into is a literal pool or a table; other "data" may be hand-written
    // code.
    const auto last = std::find_if(instructions.rbegin(), instructions.rend(),
                                   [](const Instruction& instruction) { return !isPadding(instruction); });
    const bool runsInto = last == instructions.rend() || !endsFlow(last->first, last->second);
    if (!mark->second && !runsInto) {
      if (next == marks.end() && mark->first < end)
        instructions.push_back({});
      continue;
    }
    const bool aligned = mapped && mark->second;
    for (std::size_t at = mark->first; at + 2 <= end;) {
      const std::uint32_t first = halfword(data, at);
      instructions.push_back({first, isWide(first) ? halfword(data, at + 2) : 0});
      at += aligned && isWide(first) ? 4 : 2;
    }
  }
  return instructions;
}

} // namespace

bool mayReadBesidePc(const ElfImage& elf, std::uint32_t index) {
  const auto reads = [](const Instruction& i) {
    if (!isWide(i.first))
      return (i.first & 0xf800) == 0x4800 || (i.first & 0xf800) == 0xa000;       // ldr literal, adr
    const bool tableBranch = i.first == 0xe8df && (i.second & 0xffe0) == 0xf000; // uses PC as it is
    return (i.first & 0xfe1f) == 0xf81f ||                   // ldr, ldrb, ... and pld of a literal
           ((i.first & 0xfe5f) == 0xe85f && !tableBranch) || // ldrd
           (i.first & 0xee1f) == 0xec1f ||                   // vldr, ldc
           isAdrWide(i);
  };
  const auto instructions = instructionsOf(elf, index);
  return elf.sections[index].isExecutable() && std::any_of(instructions.begin(), instructions.end(), reads);
}

bool mayTakeOwnAddress(const ElfImage& elf, std::uint32_t index) {
  const auto takes = [](const Instruction& i) {
    if (!isWide(i.first))
      return (i.first & 0xf800) == 0xa000 ||                               // adr
             (i.first & 0xff78) == 0x4678 || (i.first & 0xff78) == 0x4478; // mov rd, pc; add rd, pc
    return isAdrWide(i);
  };
  const auto instructions = instructionsOf(elf, index);
  return elf.sections[index].isExecutable() && std::any_of(instructions.begin(), instructions.end(), takes);
}

bool runsOn(const ElfImage& elf, std::uint32_t index) {
  auto instructions = instructionsOf(elf, index);
  if (!elf.sections[index].isExecutable() || instructions.empty() || instructions.back().first == 0)
    return false; // no code, or data at its end
  while (!instructions.empty() && isPadding(instructions.back()))
    instructions.pop_back();
  return !instructions.empty() && !endsFlow(instructions.back().first, instructions.back().second);
}

} // namespace romlink::relink
