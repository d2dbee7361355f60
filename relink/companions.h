// Do the artifacts that are published with a ROM's ELF belong to it?
//
// A symbol list (armlink's symdefs, nm's output, TF-M's lists: base/symbol_list.h) must give every symbol the
// address that the ELF has; bit 0 of a function's address aside, which these tools write or leave out. A size
// must be the ELF's, and a letter that says code or data (T, D, ...) must not contradict it. A name without
// an address, or a pattern, must be one that the ELF has.
//
// A shared-code ELF (stripped, as TF-M's build makes it with objcopy, or the ROM's symbols alone) must have
// no symbol that the ELF does not have at that address with that size, and load no byte that differs from the
// ELF's; zeros between its sections aside. One that has neither says nothing.
//
// The share list, the names that the owner offers, must name what the ELF defines.
//
// A list of another build is worse than none: whoever links by it years later gets other addresses. So the
// first contradiction refuses the publication.
#pragma once

#include "relink/image/elf_image.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

/// Refused: the list is of another build; one line names list, line, symbol and both addresses. Malformed: it
/// is no list. An ELF without a symbol table is compared with nothing: false.
Result<bool> compareSymbolList(const ElfImage& elf, const std::filesystem::path& list);

/// Refused, Malformed as above.
Result<void> compareSharedElf(const ElfImage& elf, const std::filesystem::path& shared);

/// The names that the ELF does not define, in their order. nullopt: it has no symbols to compare with.
std::optional<std::vector<std::string>> absentFrom(const ElfImage& elf,
                                                   const std::vector<std::string>& names);

} // namespace romlink::relink
