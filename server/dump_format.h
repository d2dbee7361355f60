// Dumps as text: Intel HEX and Motorola S-records, which carry their addresses.
//
// Formats: Intel, "Hexadecimal Object File Format Specification", revision A, 1988; Motorola S-records as
// srec(5) and Motorola's M68000 Family Programmer's Reference Manual, appendix C, describe them.
//
//   :LLAAAATT<data>CC    LL bytes of data, address, type, checksum: all bytes of a record add up to 0
//   STNN<address><data>CC   type, NN bytes to come; checksum: complement of the sum of the others
//
// The parsers are strict: every record is complete and has its checksum, the last one says that it is the
// last (types 01; S7, S8, S9), counts (S5, S6) are right, no record wraps around the end of its address
// space, and bytes that are given twice are equal. Each error names its line. Empty lines, a byte order mark
// and a lower-case 's' are allowed; comments are not.
//
// What is not given reads as erased flash. Pieces that lie more than 16 MiB apart are separate regions, and
// so are the others as soon as 16 MiB and 16 times what the file gives are filled in: a small file stays
// small.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <cstdint>
#include <vector>

namespace romlink::server {

enum class DumpFormat { Binary, IntelHex, SRecord };

/// By the first lines: text that begins as a record does, behind empty lines and comments (of '#', ';', '/').
DumpFormat formatOf(Bytes dump);

struct DumpRegion {
  std::uint32_t address = 0;
  std::vector<std::uint8_t> bytes;
};

/// By address. Malformed: `where` is "line N". Malformed, too: more than `mostBytes`, or too many pieces.
Result<std::vector<DumpRegion>> readIntelHex(Bytes text, std::uint64_t mostBytes);
Result<std::vector<DumpRegion>> readSRecords(Bytes text, std::uint64_t mostBytes);

} // namespace romlink::server
