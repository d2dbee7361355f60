// Bundles: chosen ROMs of one archive, in one file, for another archive (of a site without a network, say).
//
// A bundle is an archive of its own: the same tables, with the ROMs' records as they are, their artifacts,
// advisories and withdrawals, its own log, and a head that is signed with the key of the archive it comes
// from. So whatever reads and verifies an archive reads and verifies a bundle, and there is no second format.
// ROM indexes stay behind: they are derived, and the importing archive makes its own.
//
//   export   open a new archive in a scratch folder with this archive's key, publish the records into it,
//            back it up to one file
//   import   place the file in a scratch folder; check who signed it and verify all of it; check that no
//   record
//            contradicts one that is archived; unpack each ROM and let a worker read its ELF again, as an
//            upload's; only then publish them
//
// One head signs all of a bundle. Whoever cut it off at an earlier head, before a withdrawal say, would have
// something that is signed, too.
//
// A file from elsewhere may be hostile: it is opened with SQLite's defences against hostile schemas (schema
// objects that no romlink made, and pages that are not sound, refuse it before a query runs on them), what
// its contents would unpack to is bounded by the service's limits on uploads, and no name in it becomes a
// path.
#pragma once

#include "base/error.h"
#include "base/signed_note.h"
#include "romlink/v1/transfer.pb.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace romlink::server {

class Call;
struct Services;

/// "verifying the bundle", how much of how much.
using TransferProgress = std::function<void(const char* doing, std::uint64_t done, std::uint64_t total)>;

/// Writes the ROMs to `file`, in the existing folder `scratch`. NotFound, Usage: as Archive::find(), of any
/// of them.
Result<void> exportBundle(Services& services, Call& call, const std::vector<std::string>& roms,
                          const std::filesystem::path& scratch, const std::filesystem::path& file,
                          const TransferProgress& progress);

/// Publishes what is in `folder`/archive.db. Refused: signed by none of `trusted`, or a contradiction;
/// nothing is published then. Malformed, Damaged: no bundle, or not sound.
Result<void> importBundle(Services& services, Call& call, const std::filesystem::path& folder,
                          const std::vector<VerifierKey>& trusted, v1::ImportRomsResponse& response);

} // namespace romlink::server
