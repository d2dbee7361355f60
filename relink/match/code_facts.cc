#include "relink/match/code_facts.h"

#include "relink/image/thumb_code.h"

#include <algorithm>
#include <llvm/Support/Endian.h>
#include <optional>
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

struct Instruction {
  std::uint32_t first = 0;
  std::uint32_t second = 0; ///< 0 for a 16-bit instruction
};

bool isAdrWide(const Instruction& i) {
  return ((i.first & 0xfbff) == 0xf20f || (i.first & 0xfbff) == 0xf2af) && !isBranchSpace(i.first, i.second);
}

bool readsBesidePc(const Instruction& i) {
  if (!isWide(i.first))
    return (i.first & 0xf800) == 0x4800 || (i.first & 0xf800) == 0xa000;       // ldr literal, adr
  const bool tableBranch = i.first == 0xe8df && (i.second & 0xffe0) == 0xf000; // uses PC as it is
  return (i.first & 0xfe1f) == 0xf81f ||                   // ldr, ldrb, ... and pld of a literal
         ((i.first & 0xfe5f) == 0xe85f && !tableBranch) || // ldrd
         (i.first & 0xee1f) == 0xec1f ||                   // vldr, ldc
         isAdrWide(i);
}

bool takesOwnAddress(const Instruction& i) {
  if (!isWide(i.first))
    return (i.first & 0xf800) == 0xa000 ||                               // adr
           (i.first & 0xff78) == 0x4678 || (i.first & 0xff78) == 0x4478; // mov rd, pc; add rd, pc
  return isAdrWide(i);
}

/// Where code (true) or data begins, by offset; of several at one place the last counts.
std::vector<std::pair<std::uint32_t, bool>> marksOf(const ElfImage& elf, std::uint32_t index) {
  std::vector<std::pair<std::uint32_t, bool>> marks;
  for (const std::uint32_t i : elf.symbolsIn(index))
    if (const Symbol& symbol = elf.symbols[i]; symbol.isMapping())
      marks.emplace_back(symbol.value, symbol.name[1] == 't');
  std::stable_sort(marks.begin(), marks.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return marks;
}

} // namespace

CodeFacts codeFactsOf(const ElfImage& elf, std::uint32_t index) {
  CodeFacts facts;
  if (!elf.sections[index].isExecutable())
    return facts;
  const Bytes data = elf.sections[index].data;
  auto marks = marksOf(elf, index);
  const bool mapped = !marks.empty();
  if (!mapped || marks.front().first != 0)
    marks.insert(marks.begin(), {0, true});
  std::optional<Instruction> last; // that is no padding
  bool endsInData = false;         // or in zeros
  for (std::size_t m = 0; m < marks.size(); ++m) {
    const auto [begin, isCode] = marks[m];
    const bool isLast = m + 1 == marks.size();
    if (!isLast && marks[m + 1].first == begin)
      continue;
    const std::size_t end = std::min<std::size_t>(isLast ? data.size() : marks[m + 1].first, data.size());
    // Data that control does not run into is a literal pool or a table; other "data" may be hand-written
    // code. There, and without marks, instructions may start at each halfword.
    if (!isCode && last && endsFlow(last->first, last->second)) {
      endsInData = isLast && begin < end;
      continue;
    }
    for (std::size_t at = begin; at + 2 <= end;) {
      const std::uint32_t first = halfword(data, at);
      const Instruction instruction{first, isWide(first) ? halfword(data, at + 2) : 0};
      facts.mayReadBesidePc |= readsBesidePc(instruction);
      facts.mayTakeOwnAddress |= takesOwnAddress(instruction);
      if (!isNop(instruction.first, instruction.second))
        last = instruction;
      endsInData = first == 0;
      at += mapped && isCode && isWide(first) ? 4 : 2;
    }
  }
  facts.runsOn = !endsInData && last && !endsFlow(last->first, last->second);
  return facts;
}

bool goesOnAt(const ElfImage& elf, std::uint32_t index, std::uint32_t offset) {
  const Bytes data = elf.sections[index].data;
  std::size_t end = data.size(); // of the code from there on
  for (const auto& [begin, isCode] : marksOf(elf, index))
    if (!isCode && begin >= offset)
      end = std::min<std::size_t>(end, begin);
  for (std::size_t at = offset; at + 2 <= end;) {
    const Instruction next{halfword(data, at), halfword(data, at + 2)};
    if (!isNop(next.first, next.second))
      return true;
    at += isWide(next.first) ? 4 : 2;
  }
  return false;
}

} // namespace romlink::relink
