// Addresses that straight Thumb code puts together from immediates: MOVW with MOVT, and in pure code of
// Armv6-M, which has neither, MOVS, LSLS, ADDS, LSLS, ADDS, LSLS, ADDS ("ELF for the Arm Architecture",
// R_ARM_THM_ALU_ABS_G3 to G0_NC); and distances from a literal to which ADD Rd, PC adds the program counter.
//
// A MOVT is joined with the last MOVW of its register. Where a branch may enter between the two, with every
// MOVW of that register in the function: code of two ways may end in one MOVT.
#pragma once

#include "base/digest.h"
#include "relink/address_range.h"

#include <array>
#include <functional>
#include <optional>
#include <vector>

namespace romlink::relink {

class MovedAddress {
public:
  /// `branchTargets` is sorted, and outlives this.
  explicit MovedAddress(const std::vector<Address>& branchTargets) : targets_(branchTargets) {}

  void startFunction() { *this = MovedAddress(targets_); }

  /// Takes the instructions one after the other; the numbers that this one may complete. `literal`: what it
  /// loads from beside the PC.
  [[nodiscard]] std::vector<std::uint32_t> step(Bytes instruction, Address place,
                                                std::optional<std::uint32_t> literal);

private:
  struct Half {
    Address place = 0;
    std::uint16_t value = 0;
  };
  struct Chain {
    std::uint32_t value = 0;
    unsigned shifted = 32; ///< bits so far; 32: no chain
  };
  [[nodiscard]] std::vector<std::uint32_t> stepWide(Bytes instruction, Address place);

  std::reference_wrapper<const std::vector<Address>> targets_;
  std::array<std::vector<Half>, 16> low_;
  std::array<Chain, 8> chains_;
  std::array<std::optional<std::uint32_t>, 16> distances_; ///< last literal or moved number of each register
};

} // namespace romlink::relink
