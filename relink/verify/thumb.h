// Thumb code as LLVM's disassembler reads it: where branches go, what is read beside the program counter,
// which halves of addresses are loaded, and where veneers lead. A decoder of its own, so that a fault in the
// one that the proof uses (image/arm_relocation) does not hide itself.
//
// What M-profile cores run is a subset of Armv8.1-M with all extensions, so that is what is decoded. An
// encoding that LLVM does not know is an instruction of its width (DDI0553, "Thumb instruction set encoding")
// of which nothing is known.
//
// Each encoding is decoded once and remembered. LLVM tracks IT and VPT blocks from call to call; here each
// instruction is decoded as if it stood outside of them, which is the same for all that is asked of it.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "relink/address_range.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace romlink::relink {

/// Reads `size` bytes of an image at a run address; empty where it has fewer.
using ReadBytes = std::function<Bytes(Address, std::uint32_t size)>;

struct ThumbInstruction {
  enum class Kind : std::uint8_t {
    Other,
    Branch, ///< direct; `displacement` from its address plus 4
    PcData, ///< a literal load or ADR; `displacement` from its address plus 4, rounded down to 4
    Movw,   ///< `immediate` to the low half of `reg`
    Movt,   ///< `immediate` to the high half of `reg`
    Movs,   ///< `immediate`, 8 bits, to `reg`
    Lsls8,  ///< `reg` shifted left by 8
    Adds,   ///< `immediate`, 8 bits, added to `reg`
  };
  Kind kind = Kind::Other;
  std::uint8_t size = 2;        ///< bytes
  bool handsOutAddress = false; ///< ADR, MOV from PC, ADD of PC: its own address gets into a register
  std::uint16_t immediate = 0;
  std::uint16_t reg = 0; ///< a number that tells registers apart
  std::int32_t displacement = 0;

  /// REQUIRES: Branch or PcData.
  [[nodiscard]] Address targetFrom(Address place) const {
    const Address pc = place + 4;
    return (kind == Kind::Branch ? pc : pc & ~3U) + static_cast<Address>(displacement);
  }
};

class ThumbDecoder {
public:
  /// Internal error if LLVM has no Arm target.
  static Result<ThumbDecoder> create();
  ThumbDecoder(ThumbDecoder&&) noexcept;
  ThumbDecoder& operator=(ThumbDecoder&&) noexcept;
  ~ThumbDecoder();

  /// The instruction at the start of `code`; nullopt if `code` ends before it does.
  std::optional<ThumbInstruction> decode(Bytes code);

  /// The same operation on the same operands, but for the displacement or immediate that `ThumbInstruction`
  /// tells? REQUIRES: each is one whole instruction.
  bool isAlike(Bytes a, Bytes b);

  /// What linkers write for a BL to an undefined weak function: BL to the next instruction (lld), NOP.W, or
  /// B.N over the second halfword (GNU ld).
  bool isNoCall(Bytes code);

  /// Where the code at `address` goes if it is a linker's veneer: straight code that ends in a jump to a
  /// constant address and leaves every register but r12 and the flags, and the stack, as it found them.
  std::optional<Address> veneerTarget(const ReadBytes& read, Address address);

  /// `address` and, if a veneer lies there, where that leads, and so on.
  std::vector<Address> throughVeneers(const ReadBytes& read, Address address);

private:
  struct Machine;
  explicit ThumbDecoder(std::unique_ptr<Machine> machine);
  std::unique_ptr<Machine> machine_;
};

} // namespace romlink::relink
