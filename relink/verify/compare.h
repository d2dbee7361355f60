// Compares two copies of one section, instruction by instruction and word by word. What has to be the same is
// compared here; what may differ, because the copies lie at different addresses, is handed to a judge: where
// branches go, and what numbers could be addresses.
//
//   left (plain link)                  right (ROM)
//   0x100100: bl 0x100200              0x400: bl 0x800          judge.branch(0x100200, 0x800)
//   0x100104: movw r0, #0x10           0x404: movw r0, #0x60
//   0x100108: movt r0, #0x2000         0x408: movt r0, #0x2100  judge.number(0x20000010, 0x21000060)
//   0x10010c: adds r0, r1              0x40c: adds r0, r1       must be equal
//   0x100110: .word 0x100301           0x410: .word 0x901       judge.number(0x100301, 0x901)
//
// A call of an undefined weak function does nothing: lld writes a BL to the next instruction, GNU ld a NOP.W,
// or on v6-M a B.N over a NOP. These count as the same.
//
// A branch, literal load or ADR that stays inside its section and leads to the same offset on both sides is
// right. The halves of an address may stand apart and be shared: a MOVT goes with any MOVW of its register
// before it whose whole fits. In data a mismatch may belong to a word at any of four places; aligned ones are
// tried first. Instructions that were written as numbers (".short 0xa000") are marked as data, so data of
// code that differs is tried as instructions, too.
#pragma once

#include "relink/verify/image_view.h"
#include "relink/verify/thumb.h"

#include <optional>
#include <string>

namespace romlink::relink {

class Judge {
public:
  enum class Verdict {
    Fits,
    Unknown, ///< nothing is known of what it leads to
    Wrong,
  };
  /// Where a number stands: offset in the section.
  struct Field {
    std::uint32_t offset = 0;
    bool isWord = false; ///< four bytes; else the halves of an address in code
  };

  Judge() = default;
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  virtual ~Judge() = default;

  /// Direct branches to these addresses, one of them outside of the section.
  virtual Verdict branch(Address left, Address right) = 0;
  /// Numbers at the same place. Equal ones are asked for, too.
  virtual Verdict number(Field field, std::uint32_t left, std::uint32_t right) = 0;
  /// A literal load or ADR of these addresses, one of them outside of the section, or at different offsets.
  virtual Verdict besidePc(Field field, Address left, Address right) = 0;
  /// Code that may hand out an address of its own.
  virtual Verdict ownAddress() = 0;
};

struct PlacedBytes {
  Bytes bytes;
  Address address = 0;
  std::string_view image; ///< "the ROM"
};

struct Mismatch {
  std::uint32_t offset = 0;
  std::string what; ///< "its branch to 0x00100200 is 0x00000800 in the ROM"
};

/// The first difference, or nullopt. `tolerant`: what the judge does not know passes, and so do parts of an
/// address that are put together in other ways than by MOVW and MOVT. REQUIRES: left and right are of one
/// size, and `spans` cover it.
std::optional<Mismatch> firstMismatch(ThumbDecoder& decoder, const PlacedBytes& left,
                                      const PlacedBytes& right, const std::vector<Span>& spans, Judge& judge,
                                      bool tolerant);

} // namespace romlink::relink
