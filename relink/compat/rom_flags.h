// The ROM's flags: read when it is published, kept in the ROM index, shown by audits.
#pragma once

#include "relink/compat/build_facts.h"
#include "romlink/v1/audit.pb.h"
#include "romlink/worker/build_flags.pb.h"

#include "base/error.h"

#include <filesystem>

namespace romlink::relink {

/// Everything that the ROM's ELF records, and what its owner recorded in `published` (published_flags.h;
/// empty: nothing). Malformed: `published`. What the ELF holds and cannot be read is in `unreadable`.
Result<worker::BuildFlags> romFlagsOf(const ElfImage& elf, const std::filesystem::path& published);

[[nodiscard]] BuildFacts factsOf(const worker::BuildFlags& flags);

/// What its owner should know when the ROM is published, one line each: records that contradict each other or
/// cannot be read, and flags that a link will need and that nothing tells.
[[nodiscard]] std::vector<std::string> notesOn(const worker::BuildFlags& flags);

/// Each flag of the table (flag_rules.h) with its value and source, in the table's order; those that change
/// calls also where they are not known.
[[nodiscard]] std::vector<romlink::v1::RomFlag> describeFlags(const worker::BuildFlags& flags);

/// "variable (-fshort-enums) (.ARM.attributes) and int (-fno-short-enums) (published flags)"; of a single
/// value without its source.
[[nodiscard]] std::string inWords(const std::vector<Fact>& facts);
/// ".ARM.attributes, DW_AT_producer"; of none "not known".
[[nodiscard]] std::string sourcesOf(const std::vector<Fact>& facts);
/// Flags whose lack leaves types or arguments unjudged.
[[nodiscard]] bool isNeeded(std::string_view flag);

} // namespace romlink::relink
