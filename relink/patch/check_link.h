// Did the second link do what the patch asked for? Compares the two links in the terms that the patch was
// made in: input sections and their relocations.
//
// 1. Presence: what the plan keeps for its place, and all that it reaches, is in the image; what it shares is
// not.
// 2. Every relocation of every live section: the bytes that lld wrote lead to the ROM's copy where the plan
// shares the
//    target, and to the same local target as in the plain link where it does not. Everything between the
//    relocated fields is as in the user's own object.
//
// 3. The pointers of initial values that romlink_reinit_shared() restores lead where the variables' own did.
//
// It reads both links as the proof did, so a fault in that reading would not show here; verify/verify.h
// checks the output in another way.
#pragma once

#include "relink/match/firmware.h"
#include "relink/plan/plan.h"

namespace romlink::relink {

struct CheckLinkQuestion {
  const ElfImage& output; ///< the linked image
  const Firmware& linked; ///< read back from it, its map and the patched inputs
  const Firmware& plain;  ///< read back from the plain link
  const Plan& plan;       ///< made for `plain`
};

/// Refused: the first check that failed, with its place.
Result<void> checkLink(const CheckLinkQuestion& question);

} // namespace romlink::relink
