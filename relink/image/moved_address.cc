#include "relink/image/moved_address.h"

#include "relink/image/arm_relocation.h"
#include "relink/image/thumb_code.h"

#include <algorithm>
#include <llvm/Support/Endian.h>

namespace romlink::relink {

using llvm::support::endian::read16le;

std::vector<std::uint32_t> MovedAddress::step(Bytes instruction, Address place,
                                              std::optional<std::uint32_t> literal) {
  const std::uint32_t code = read16le(instruction.data());
  if (thumbSize(instruction) == 4) {
    if (literal && instruction.size() >= 4)
      distances_.at(read16le(instruction.data() + 2) >> 12) = literal;
    return stepWide(instruction, place);
  }
  if (literal)
    distances_.at(code >> 8 & 7) = literal;
  if ((code & 0xff78) == 0x4478) { // ADD Rd, PC
    const auto distance = distances_.at((code >> 7 & 1) << 3 | (code & 7));
    return distance ? std::vector{*distance + place + 4} : std::vector<std::uint32_t>();
  }
  Chain& chain = chains_[code >> 8 & 7]; // of MOVS Rd, #imm8 and ADDS Rd, #imm8
  if ((code & 0xf800) == 0x2000) {
    chain = {code & 0xff, 0};
  } else if ((code & 0xf800) == 0x0000) { // LSLS Rd, Rm, #imm5
    Chain& shifted = chains_[code & 7];
    const unsigned by = code >> 6 & 0x1f;
    if ((code >> 3 & 7) == (code & 7) && shifted.shifted + by < 32)
      shifted = {shifted.value << by, shifted.shifted + by};
    else
      shifted = {};
  } else if ((code & 0xf800) == 0x3000 && chain.shifted < 32) {
    chain.value += code & 0xff;
    if (chain.shifted == 24)
      return {chain.value};
  }
  return {};
}

std::vector<std::uint32_t> MovedAddress::stepWide(Bytes instruction, Address place) {
  if (instruction.size() < 4)
    return {};
  const std::uint32_t opcode = read16le(instruction.data()) & 0xfbf0;
  if ((opcode != 0xf240 && opcode != 0xf2c0) || (read16le(instruction.data() + 2) & 0x8000) != 0)
    return {};
  std::vector<Half>& halves = low_.at(registerOf(instruction));
  if (opcode == 0xf240) {
    halves.push_back({place, immediateOf(instruction)});
    return {immediateOf(instruction)}; // a low address needs no MOVT
  }
  if (halves.empty())
    return {};
  const auto& targets = targets_.get();
  const auto entry = std::upper_bound(targets.begin(), targets.end(), halves.back().place);
  const bool entered = entry != targets.end() && *entry <= place;
  std::vector<std::uint32_t> numbers;
  for (auto half = entered ? halves.begin() : std::prev(halves.end()); half != halves.end(); ++half)
    numbers.push_back(std::uint32_t{immediateOf(instruction)} << 16 | half->value);
  distances_.at(registerOf(instruction)) = numbers.back();
  return numbers;
}

} // namespace romlink::relink
