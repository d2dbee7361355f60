// Reads the linked image again and checks, from the bytes of images alone, that it does what the plain link
// does, with the ROM's code in the place of its own. This room knows neither objects nor the proof, and
// decodes with LLVM's disassembler, so that a fault in matching or in the link cannot hide itself.
//
// 1. What stayed is the same: each section that both images have is compared instruction by instruction and
// word by
//    word. Where the plain link leads to a share, the output leads to its place in the ROM, with the Thumb
//    bit as it was; where the plain link leads to another section, the output leads there. A number that now
//    is an address in the ROM or its shared RAM, and is not explained by a share, is refused; the very same
//    number as in the plain link is no address (a constant, or one that the user's own symbols name).
// 2. Every direct branch of the output into the ROM, in whatever it has besides, through veneers too, enters
// at the
//    start of a shared function, or where a branch of the plain link enters already (--just-symbols), or in
//    the middle of a shared function where one of the plain link enters the firmware's own.
// 3. Nothing of the image lies in the ROM or, with contents, in the shared RAM.
// 4. Secure entry functions are where an import library fixes them.
// 5. The note names the ROM.
//
// Strings and merged constants are compared by their bytes.
//
// Limits: what the link places outside of input sections (merged strings, unwind tables, data commands of
// linker scripts) has no counterpart, so only its branches are judged. A linker script's symbol may have any
// value, so a number that changes and leads to nothing that is known, in either image, passes.
#pragma once

#include "base/digest.h"
#include "relink/verify/branches.h"
#include "relink/verify/confirm.h"

#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

/// An input section that both links have.
struct Counterpart {
  Address plain = 0;
  std::uint32_t size = 0; ///< bytes
  Address output = 0;
  bool executable = false;
};

/// What an import library says of a secure entry function.
struct FixedEntry {
  std::string name;
  std::uint32_t value = 0; ///< with the Thumb bit
};

struct VerifyInput {
  const ElfImage& plain;
  const ElfImage& output;
  RomView rom;
  std::vector<Share> shares;
  std::vector<Counterpart> counterparts;
  std::vector<EqualPiece> pieces; ///< that counterparts refer to
  std::vector<FixedEntry> fixedEntries;
  Digest imageHash;
  std::optional<AddressRange> sharedRam;
};

/// Refused: the first check that failed, with its place.
Result<void> verifyOutput(const VerifyInput& input);

/// Where `image` lies in a ROM's flash or shared RAM: one line for each overlap.
struct Overlap {
  std::string code; ///< "ROM_OVERLAP" or "SHARED_RAM_OVERLAP"
  std::string message;
};
[[nodiscard]] std::vector<Overlap> overlapsOf(const ElfImage& image,
                                              const std::vector<AddressRange>& romFlash,
                                              const std::optional<AddressRange>& sharedRam);

} // namespace romlink::relink
