// The section `.debug_romlink` that `romlink-cc` (launcher/) adds to an object: a fingerprint of the source
// of each function and object defined in it.
//
// It is not allocated, so it costs no flash. Its name makes linkers treat it as debug information: they
// resolve its relocations, keep it with --gc-sections, and write 0 for what they dropped; `strip -g` removes
// it with the DWARF. A linked image has the contributions of all its objects one after the other, each with
// its header, so a record tells which others are of the same translation unit.
//
//   contribution   "ROMLINK1", bytes of the whole contribution, number of records, records
//   record         address (R_ARM_ABS32 of a local symbol), kind, SHA-256
//
// Bit 8 of the kind: its symbol was weak when it was compiled. objcopy can change that later.
//
// Numbers are 32 bits, little-endian.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace romlink::relink {

inline constexpr std::string_view kSourceSection = ".debug_romlink";

struct SourceRecord {
  enum class Kind : std::uint32_t {
    Part =
        0, ///< made by the compiler out of what has a fingerprint (a clone, a table of a switch); no digest
    Function = 1,    ///< digest of its source, see launcher/unit.h; zero: none could be made
    Object = 2,      ///< a variable or constant of file scope; zero as above
    StaticLocal = 3, ///< a static object of a function; the digest names it within its unit
    Ambiguous = 4,   ///< an object that may be told from others by its address, and nobody knows which it is
  };
  std::uint32_t place = 0;   ///< offset of the address in the section: where its relocation applies
  std::uint32_t address = 0; ///< as the section has it, perhaps with the Thumb bit; in an object an addend
  Kind kind = Kind::Part;
  bool weak = false;
  Digest digest;
  std::uint32_t unit = 0; ///< number of the contribution

  [[nodiscard]] bool hasDigest() const { return digest != Digest(); }
};

/// The records of a section's content, in its order. Malformed: it is none; `where` names the file.
Result<std::vector<SourceRecord>> readSources(Bytes content, const std::string& where);

/// One contribution; `place` and `unit` do not count. The record i has its address at sourcePlace(i).
[[nodiscard]] std::vector<std::uint8_t> writeSources(const std::vector<SourceRecord>& records);
[[nodiscard]] std::uint32_t sourcePlace(std::size_t record);

} // namespace romlink::relink
