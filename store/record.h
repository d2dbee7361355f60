// What a ROM record may contain, when two publications are the same, and the digest that seals a record.
// Plain data in, plain data out: no SQLite here.
#pragma once

#include "store/archive.h"

#include <string>
#include <string_view>
#include <vector>

namespace romlink::store {

/// Checks what the publisher supplied and brings it into the archived form: ranges and shared symbols sorted,
/// duplicates of symbols dropped, build-id in lower case.
/// Usage: a name, version, label, ... that is empty where it must not be, not UTF-8, or contains control
/// characters;
/// '@' or '/' in a name or version (NAME@VERSION and paths would become ambiguous); impossible address
/// ranges.
Result<RomRecord> normalised(RomRecord rom);

/// Checks roles ([a-z0-9][a-z0-9._-]*, each once, at least one) and reduces each file name to its base name.
Result<std::vector<ArtifactSource>> normalised(std::vector<ArtifactSource> sources);

/// What the publisher of `offered` supplied that is not as in `archived`, one phrase each; empty: the same
/// set. Facts derived from the ELF (architecture, counts, notes, ...) do not count, since a newer romlink may
/// derive more from the same bytes. Nor do artifacts' file names: they do not make it another ROM.
std::vector<std::string> differences(const RomRecord& archived, const RomRecord& offered);

/// SHA-256 over every field of the record, in the form that docs/archive_format.md gives. Tells verify()
/// about rows that were lost or altered behind SQLite's back.
Digest recordDigest(const RomRecord& rom);

} // namespace romlink::store
