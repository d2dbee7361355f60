// The second proof: before the plan is carried out, each share is proved once more, in another way than the
// first time. The first proof (match/proof.h) compares objects, guided by their relocations. This one knows
// neither objects nor relocations: it compares the plain link's bytes with the ROM's, as LLVM's disassembler
// reads both, and wants every branch, literal and pointer that differs to lead from a share to its place in
// the ROM.
//
//   the bytes of f in the plain link          the ROM's bytes where f is claimed to be
//   0x10000100: push {r4, lr}                 0x400: push {r4, lr}       equal
//   0x10000102: bl   0x10000200               0x402: bl   0x800          only if a share maps 0x10000200 to
//   0x800 0x10000106: ldr  r0, [pc, #4]             0x406: ldr  r0, [pc, #4]   the literals are compared as
//   words: 0x1000010c: .word 0x10000301              0x40c: .word 0x901         only if a share maps
//   0x10000300 to 0x900 0x10000110: .word 42                      0x410: .word 42            the same number
//
// A number that is the same on both sides, lies in an object of the plain link and could be the ROM's address
// as well (RAM that both use) is in doubt: the two need not mean the same object. So is everything that leads
// to something in doubt.
//
// A variable in shared RAM has no bytes to compare: it is what confirmed code says it is. A body that a
// person has accepted is not compared either.
//
// Limits: a distance between two places of different sections (R_ARM_REL32) that is the same number on both
// sides cannot be told from a number.
#pragma once

#include "relink/image/elf_image.h"
#include "relink/verify/thumb.h"

#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

/// What the checks need to know of a ROM.
struct RomView {
  /// Immutable bytes at [address, address + size), executable if that is asked for; else empty.
  std::function<Bytes(Address address, std::uint32_t size, bool executable)> read;
  std::function<bool(Address)> isWritable; ///< writable data of the ROM runs there
  std::vector<AddressRange> flash;
};

/// A claim of the plan: what the plain link has at [plain, plain + size) is in the ROM at `rom`.
struct Share {
  enum class Kind { Function, Data, State };
  std::string name; ///< for people
  Address plain = 0;
  std::uint32_t size = 0; ///< bytes
  Address rom = 0;        ///< without Thumb bit; of State: the place in shared RAM
  Kind kind = Kind::Function;
  bool accepted = false;              ///< a person has accepted that the bodies differ
  bool alone = false;                 ///< accepted for itself only: nothing that uses it is proved by it
  bool equivalentOnly = false;        ///< the ROM's callers may rely on it, but the firmware keeps its own
  std::vector<std::uint32_t> entries; ///< of a Function: offsets at which functions begin

  /// An address in the section that belongs to another share although it does not lie in it: one past its
  /// end, or before its start, as compilers write for loops.
  struct Beyond {
    std::uint32_t offset = 0; ///< of the address's word or MOVW
    Address plain = 0;        ///< start of the share it belongs to
  };
  std::vector<Beyond> beyond;
  std::vector<Address> restsOn; ///< if accepted: starts of the shares that have to hold in spite of that

  [[nodiscard]] AddressRange range() const { return {plain, size}; }
  [[nodiscard]] Address counterpartOf(Address address) const { return rom + (address - plain); }
};

/// A string or merged constant of the plain link, and what should be the same in the other image. It has no
/// address of its own to keep: equal bytes are enough.
struct EqualPiece {
  Address plain = 0;
  std::uint32_t size = 0; ///< bytes
  Address other = 0;
};

struct ConfirmQuestion {
  const ElfImage& plain; ///< the plain link's image
  RomView rom;
  std::vector<Share> shares;
  std::vector<EqualPiece> pieces; ///< that shares refer to
};

/// A share that the second proof does not reach.
struct Doubt {
  std::size_t share = 0; ///< index into the question's shares
  std::string why;       ///< "at f+0x4: its branch to ..."
  bool own = true;       ///< false: only because it leads to another one in doubt
};

/// The doubts, by share; none means that all is confirmed. Internal error if LLVM has no Arm target.
Result<std::vector<Doubt>> confirm(const ConfirmQuestion& question);

} // namespace romlink::relink
