// Thumb code as text, by LLVM's disassembler and instruction printer.
//
// Decodes everything that M-profile cores run, whatever core the code was compiled for. Text is in unified
// assembler syntax (UAL), numbers are decimal.
#pragma once

#include "base/digest.h"
#include "relink/address_range.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

struct Instruction {
  std::uint32_t size = 2;        ///< bytes
  std::string mnemonic;          ///< "movs"; ".inst" for what is no instruction
  std::string operands;          ///< "r0, #3"
  std::optional<Address> target; ///< where a direct branch or call goes
};

/// Not thread-safe. Making one costs as much as reading some hundred instructions: keep it.
class Disassembler {
public:
  Disassembler();
  ~Disassembler();
  Disassembler(Disassembler&&) noexcept;
  Disassembler& operator=(Disassembler&&) noexcept;

  /// The instructions of `code`, one after the other from its first byte; their sizes add up to that of
  /// `code`. `address` is that of the first.
  [[nodiscard]] std::vector<Instruction> read(Bytes code, Address address) const;

private:
  struct Llvm;
  std::unique_ptr<Llvm> llvm_; ///< nullptr: this LLVM knows no Arm; then everything is ".inst"
};

} // namespace romlink::relink
