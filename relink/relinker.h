// relink(): links a firmware against a boot ROM, sharing what is proved to be the same and nothing else.
// inspectRom(): what a ROM's ELF tells when it is published. checkFirmware(): does this image belong on this
// ROM? identifyElf(): which ROM is this, or against which was it linked?
//
// All read untrusted input and run in a worker process (server/worker). lld keeps global state:
// REQUIRES that relink() is called at most once in a process.
//
// The report is the service's own message, romlink.v1.LinkReport; this room knows neither gRPC nor SQLite.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "relink/address_range.h"
#include "relink/match/objection.h"
#include "romlink/v1/report.pb.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace romlink::relink {

/// The ROM as the archive knows it; its code is read from its index, which inspectRom() makes.
struct RomReference {
  std::filesystem::path index;
  Digest imageHash;
  std::string name;
  std::string version;
  std::optional<AddressRange> sharedRam;
  std::vector<AddressRange> volatileRanges; ///< device-specific bytes: nothing in them is ever shared
  std::vector<std::string> sharedSymbols;   ///< names the owner offers; empty: all
  std::vector<Defect> defects;              ///< that advisories name
};

struct Firmware; // match/firmware.h
struct Plan;     // plan/plan.h

struct LinkJob {
  std::optional<RomReference> rom;     ///< absent: plain link
  std::vector<RomReference> otherRoms; ///< the image shall run on each of these, too
  std::vector<std::string>
      arguments; ///< GNU ld style, without output options; file names relative to `inputs`
  std::filesystem::path inputs;
  std::filesystem::path policy; ///< TOML; empty: the default policy
  bool planOnly = false;
  bool suggestWaivers = false;   ///< fill the report's suggestions
  std::filesystem::path scratch; ///< existing empty directory for intermediate files
  /// Called as soon as the plan is fixed, before the link that it is for; may be empty.
  std::function<void(const Firmware&, const Plan&)> planned;
};

struct LinkOutcome {
  romlink::v1::LinkReport report;
  std::filesystem::path image;          ///< in `scratch`; empty if planOnly or the verdict is INCOMPATIBLE
  std::filesystem::path map;            ///< lld's map of `image`
  std::vector<std::string> diagnostics; ///< the linker's warnings, one line each
};

/// Errors: Refused (the program does not link, or a check of the output failed), Malformed (an input), Usage
/// (an argument or the policy).
Result<LinkOutcome> relink(const LinkJob& job);

struct RomQuestion {
  std::filesystem::path elf;
  std::filesystem::path image; ///< empty: not given
  std::string sharedRam;       ///< "ADDR:SIZE", a section's name, or empty
  std::vector<AddressRange> volatileRanges;
  std::filesystem::path
      flags; ///< the owner's record of compiler options (compat/published_flags.h); may be empty
  std::vector<std::filesystem::path> symbolLists; ///< must be of this ELF (companions.h)
  std::vector<std::filesystem::path> sharedElfs;  ///< the same
  std::vector<std::string> sharedSymbols;         ///< the share list; what the ELF does not define is noted
};

struct RomAnswer {
  std::vector<std::uint8_t> image; ///< the flash image, volatile ranges read as 0xFF
  Digest imageHash;
  std::vector<AddressRange> flash; ///< physical ranges, merged, by address
  std::uint32_t entry = 0;
  std::string buildId; ///< lower-case hex; may be empty
  std::optional<AddressRange> sharedRam;
  std::string architecture;
  std::uint32_t functionCount = 0;
  std::uint32_t objectCount = 0;
  std::string index; ///< the ROM index as a file (proto/romlink/worker/rom_index.proto)
  std::uint32_t indexVersion = 0;
  std::uint32_t indexFunctions = 0;
  std::uint32_t indexReferences = 0;
  std::vector<Digest> bodies; ///< of the functions (image/body_digest.h), sorted, each once
  std::uint32_t unknownBodies = 0;
  std::vector<std::string> notes;
};

/// Errors: Malformed (not a usable ELF), Refused (`image`, a symbol list or a shared-code ELF is of
/// another build; what differs first is named),
/// Usage (a range or section that does not exist).
Result<RomAnswer> inspectRom(const RomQuestion& question);

/// What an ELF says of itself that is a ROM or a firmware.
struct ElfIdentity {
  std::vector<std::uint8_t> image; ///< the flash image; empty: the ELF has its debug information alone
  std::uint32_t base = 0;          ///< address of its first byte
  std::vector<Digest> roms; ///< image hashes of the ROMs that it was linked against, in the notes' order
  std::string buildId;      ///< lower-case hex; may be empty
};

/// Malformed: not a linked ELF.
Result<ElfIdentity> identifyElf(const std::filesystem::path& elf);

struct CheckAnswer {
  bool matches = false;
  std::string firmwareRomHash; ///< "sha256:..." from the firmware's note; empty: it has none
  std::string message;         ///< one line
  std::vector<romlink::v1::Finding> findings;
};

/// Compares the firmware's ROM note with the ROM's hash and checks every branch from the firmware into the
/// ROM.
Result<CheckAnswer> checkFirmware(const RomReference& rom, const std::filesystem::path& firmware);

} // namespace romlink::relink
