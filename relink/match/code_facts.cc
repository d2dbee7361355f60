#include "relink/match/code_facts.h"

#include <llvm/Support/Endian.h>
#include <optional>

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

bool isPadding(std::uint32_t code) {
  return code == 0xbf00 || code == 0x46c0 || code == 0;
}

/// Where the last run of code begins; nullopt if the section ends in data.
std::optional<std::uint32_t> lastCode(const ElfImage& elf, std::uint32_t index) {
  std::optional<std::uint32_t> start;
  bool code = true;
  for (const Symbol& symbol : elf.symbols)
    if (symbol.section == index && symbol.isMapping() && (!start || symbol.value >= *start)) {
      start = symbol.value;
      code = symbol.name[1] == 't';
    }
  return code ? start.value_or(0) : std::optional<std::uint32_t>();
}

} // namespace

bool mayReadBesidePc(const Section& section) {
  for (std::size_t at = 0; section.isExecutable() && at + 2 <= section.data.size(); at += 2) {
    const std::uint32_t code = halfword(section.data, at);
    if ((code & 0xf800) == 0x4800 || (code & 0xf800) == 0xa000)
      return true;
    // 32-bit instructions with the base register PC
    if (isWide(code) && (code & 0xf) == 0xf && !isBranchSpace(code, halfword(section.data, at + 2)))
      return true;
  }
  return false;
}

bool mayTakeOwnAddress(const Section& section) {
  for (std::size_t at = 0; section.isExecutable() && at + 2 <= section.data.size(); at += 2) {
    const std::uint32_t code = halfword(section.data, at);
    if ((code & 0xf800) == 0xa000 ||                              // adr
        (code & 0xff78) == 0x4678 || (code & 0xff78) == 0x4478 || // mov rd, pc; add rd, pc
        (((code & 0xfbff) == 0xf20f || (code & 0xfbff) == 0xf2af) &&
         !isBranchSpace(code, halfword(section.data, at + 2)))) // adr.w
      return true;
  }
  return false;
}

bool runsOn(const ElfImage& elf, std::uint32_t index) {
  const Bytes data = elf.sections[index].data;
  const auto start = lastCode(elf, index);
  if (!elf.sections[index].isExecutable() || !start)
    return false;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool any = false;
  for (std::size_t at = *start; at + 2 <= data.size();) {
    const std::uint32_t code = halfword(data, at);
    const std::size_t size = isWide(code) ? 4 : 2;
    if (!isPadding(code)) {
      first = code;
      second = size == 4 ? halfword(data, at + 2) : 0;
      any = true;
    }
    at += size;
  }
  return any && !endsFlow(first, second);
}

} // namespace romlink::relink
