// GNU build-id notes in memory that was read from a device.
//
// A note is three little-endian words (4: the length of its name; the length of its descriptor; 3:
// NT_GNU_BUILD_ID), the name "GNU\0", and the descriptor, which is the build-id (System V ABI, "Note
// Section"; <elf.h>). Where a dump begins is unknown, so a note may be at any offset.
//
// Limits: descriptors of 4 to 64 bytes; the first kMostBuildIdNotes of a dump.
#pragma once

#include "base/digest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace romlink::server {

inline constexpr std::size_t kMostBuildIdNotes = 64;

struct BuildIdNote {
  std::uint64_t offset = 0; ///< of the note's first byte
  std::uint64_t size = 0;   ///< of the note with its header
  std::string buildId;      ///< lower-case hex
};

/// By offset.
std::vector<BuildIdNote> buildIdNotesIn(Bytes memory);

} // namespace romlink::server
