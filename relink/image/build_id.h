// The GNU build-id of an ELF: the descriptor of the note in section `.note.gnu.build-id`.
#pragma once

#include "relink/image/elf_image.h"

#include <string>

namespace romlink::relink {

/// Lower-case hex; empty if there is none.
inline std::string buildIdOf(const ElfImage& elf) {
  const Section* note = elf.findSection(".note.gnu.build-id");
  constexpr std::size_t kHeader = 16; // three words and "GNU\0"
  return note == nullptr || note->data.size() <= kHeader ? std::string() : toHex(note->data.subspan(kHeader));
}

} // namespace romlink::relink
