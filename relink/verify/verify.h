// Reads the linked image again and checks what the plan promised.
//
// 1. Presence: what the plan keeps for its place, and all that it reaches, is in the image.
// 2. Every relocation of every live section: the bytes that lld wrote lead to the ROM's copy where the plan
//    shares the target, and to the same local target as in the plain link where it does not. Everything
//    between the relocated fields is as in the user's own object.
// 3. Every direct branch, decoded by LLVM's disassembler from the bytes alone: one into the ROM leads to a
//    function that the plan shares, or where a branch of the plain link leads already (--just-symbols).
// 4. Nothing of the image lies in the ROM or, with contents, in the shared RAM.
// 5. The note names the ROM.
#pragma once

#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "relink/plan/plan.h"

#include <map>
#include <optional>

namespace romlink::relink {

struct VerifyQuestion {
  const ElfImage& output;      ///< the linked image
  const Firmware& linked;      ///< read back from it, its map and the patched inputs
  const ElfImage& plainOutput; ///< the plain link's image
  const Firmware& plain;       ///< read back from it
  const Plan& plan;            ///< made for `plain`
  const RomImage& rom;
  Digest imageHash;
  std::optional<AddressRange> sharedRam;
};

/// Refused: the first check that failed, with its place.
Result<void> verifyOutput(const VerifyQuestion& question);

/// Where `image` lies in a ROM's flash or shared RAM: one line for each overlap.
struct Overlap {
  std::string code; ///< "ROM_OVERLAP" or "SHARED_RAM_OVERLAP"
  std::string message;
};
[[nodiscard]] std::vector<Overlap> overlapsOf(const ElfImage& image,
                                              const std::vector<AddressRange>& romFlash,
                                              const std::optional<AddressRange>& sharedRam);

/// A direct branch of an image.
struct DecodedBranch {
  Address from = 0;
  Address to = 0;
};

/// Every direct branch in the image's Thumb code, found by LLVM's disassembler along the mapping symbols ($t,
/// $d). Internal error if LLVM has no Arm target.
Result<std::vector<DecodedBranch>> decodeBranches(const ElfImage& image);

} // namespace romlink::relink
