// The archive: every published ROM's artifact set, for good, in one SQLite database.
//
// A ROM set is keyed by the SHA-256 of its flash image. Its artifacts are content-addressed blobs: stored
// once however many sets hold them, cut into chunks, each compressed with zstd, checked against their digest
// whenever they are read. Publishing is one transaction; rows of a published set are never updated or deleted
// (triggers forbid it). docs/archive_format.md describes the tables.
//
// This room knows nothing of ELF, LLVM or gRPC: what an ELF says arrives here as plain data.
//
// Thread-safety: an Archive may be used from several threads at once; writers take turns.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "store/advisory.h"
#include "store/log_head.h"
#include "store/release.h"
#include "store/sketch.h"
#include "store/withdrawal.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace romlink::store {

/// Half-open range [address, address + size), bytes.
struct AddressRange {
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  auto operator<=>(const AddressRange&) const = default;
};

struct Artifact {
  std::string role;     ///< "elf", "image", ...; unique in its set
  std::string fileName; ///< base name
  std::uint64_t size = 0;
  Digest digest;
};

/// What links read instead of the ROM's ELF, one for each format. Derived from the set, not a part of it.
struct RomIndex {
  std::uint32_t formatVersion = 0;
  std::uint32_t functionCount = 0;
  std::uint32_t referenceCount = 0;
  std::uint64_t size = 0; ///< bytes
  Digest digest;          ///< of its content, which read() gives
};

/// What is known of a ROM besides its artifacts' content.
struct RomRecord {
  Digest imageHash; ///< SHA-256 of the flash image, volatile ranges read as 0xFF: the key
  std::string name;
  std::string version;
  std::string buildId; ///< lower-case hex; may be empty
  std::vector<AddressRange> flash;
  std::uint32_t imageSize = 0;
  std::uint32_t entry = 0;
  std::optional<AddressRange> sharedRam;
  std::vector<AddressRange> volatileRanges;
  std::vector<std::string> sharedSymbols; ///< names the ROM's owner offers; empty: all
  std::map<std::string, std::string> labels;
  std::string architecture;
  std::uint32_t functionCount = 0;
  std::uint32_t objectCount = 0;
  std::vector<std::string> notes;
  std::string publishedAt; ///< RFC 3339, UTC; set by publish() unless it is given (by another archive)
  std::vector<Artifact> artifacts;
  std::vector<RomIndex> indexes;        ///< by format; set by the archive
  std::optional<Withdrawal> withdrawal; ///< the last one; set by the archive
};

/// The build-id of a ROM whose ELF has none: the first 20 bytes of its image hash, in hex. So it is known
/// from the flash image alone, for every ROM, and is a ROM reference as any prefix of the hash is.
std::string syntheticBuildId(const Digest& imageHash);

/// An artifact on its way in: `file` is read while publishing; `artifact.size` and `.digest` are computed
/// there.
struct ArtifactSource {
  std::string role;
  std::string fileName;
  std::filesystem::path file;
};

/// An index on its way in, as ArtifactSource.
struct RomIndexSource {
  std::uint32_t formatVersion = 0;
  std::uint32_t functionCount = 0;
  std::uint32_t referenceCount = 0;
  std::filesystem::path file;
  std::vector<Digest> bodies;      ///< of the functions, by which the same code is found in other ROMs
  std::uint32_t unknownBodies = 0; ///< functions that have none
};

/// What a search in dumps knows of each ROM.
struct ArchivedImage {
  std::int64_t romId = 0; ///< ascending in the order of publication
  Digest imageHash;
  std::uint32_t imageSize = 0;              ///< bytes
  std::uint32_t base = 0;                   ///< lowest flash address
  std::vector<AddressRange> volatileRanges; ///< addresses
  std::optional<std::vector<Anchor>>
      anchors; ///< nullopt: no sketch of the format that was asked for, or a damaged one
};

struct Published {
  RomRecord rom;
  bool alreadyPublished = false;
};

/// Called with content piece by piece; returning an error stops the reading with that error.
using Sink = std::function<Result<void>(Bytes)>;

struct VerifyProgress {
  std::uint64_t checkedBlobs = 0;
  std::uint64_t totalBlobs = 0;
  std::uint64_t checkedBytes = 0;
};

/// What somebody wrote down of an archive earlier, to compare it with; either may be empty.
struct Witness {
  std::string head;      ///< SignedHead::note()
  std::string publicKey; ///< VerifierKey::text(): signed the head, or without one signs the archive's newest
};

struct Verification {
  std::vector<std::string> problems; ///< what is damaged, one line each
  std::string contradiction;         ///< why this archive is not the one that was written down; empty: it is
  std::vector<std::string> notes;    ///< what is no damage, but worth knowing, one line each
  std::uint64_t entries = 0;         ///< of the log
};

struct CopyProgress {
  std::uint64_t copiedPages = 0;
  std::uint64_t totalPages = 0;
};

struct Stats {
  std::uint64_t roms = 0;
  std::uint64_t artifacts = 0;
  std::uint64_t blobs = 0;
  std::uint64_t contentBytes = 0;  ///< sum over all artifacts
  std::uint64_t distinctBytes = 0; ///< the same, equal artifacts once
  std::uint64_t blobBytes = 0;     ///< sum over all blobs: artifacts, indexes, policies and reports
  std::uint64_t storedBytes = 0;   ///< compressed, each blob once
  std::uint64_t databaseBytes = 0; ///< size of the database file
  std::uint64_t advisories = 0;
  std::uint64_t releases = 0;
};

class Archive {
public:
  /// Opens `directory`/archive.db, creating both if missing, and brings its schema up to date. What is
  /// archived is signed with the key in the file `signingKey`; without one, in `directory`/signing-key.pem,
  /// which is made if missing. Malformed: not a romlink archive, one made by a newer version, or no key.
  /// Internal: disk or permission.
  static Result<Archive> open(const std::filesystem::path& directory,
                              const std::filesystem::path& signingKey = {});
  /// Opens an archive that comes from elsewhere and may be hostile, in a scratch folder of ours: it has to be
  /// there, its schema has to be a romlink's and nothing else, its pages have to be sound, and one head has
  /// to sign all of it, before any query reads from it. To read and verify. Malformed, Damaged: otherwise.
  /// Unavailable: `cancelled` said so.
  static Result<Archive> openForeign(const std::filesystem::path& directory,
                                     const std::function<bool()>& cancelled);
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  /// Archives a set in one transaction. On success it is on disk (synchronous=FULL).
  /// The same set again is success and changes nothing. Refused: the image is published with other artifacts,
  /// name or version, or NAME@VERSION names another image. Usage: bad name, version or role.
  /// Index and sketch go with it; a set that was already published keeps those it has.
  Result<Published> publish(RomRecord rom, const std::vector<ArtifactSource>& artifacts,
                            const std::optional<RomIndexSource>& index = std::nullopt,
                            const std::optional<Sketch>& sketch = std::nullopt);

  /// Is this very set archived? Refused, as publish(): something archived contradicts it.
  Result<bool> isPublished(const RomRecord& rom) const;

  /// Adds the index to a published set, unless it has one of this format: that one stays and is the answer.
  /// The same for its bodies. NotFound: no such ROM.
  Result<RomIndex> addIndex(const Digest& imageHash, const RomIndexSource& index);

  /// Records that the ROM is withdrawn, or with Links::Allow that it is so no more; the set stays as it is.
  /// True: recorded; false: nothing new. NotFound, Usage: as find(); Usage: no reason.
  Result<bool> withdraw(const std::string& reference, Withdrawal withdrawal);

  /// Records what another archive said of the ROM, if that is stricter than what holds here and was never
  /// said here. True: recorded. NotFound: no such ROM. Usage, Malformed: not as romlink records it.
  Result<bool> adoptWithdrawal(const Digest& imageHash, const Withdrawal& withdrawal);

  /// Runs `record`, which records something: one signed head covers all of it, so that no part of it is
  /// signed without the rest. If it does not come back, what it recorded stays unsigned: for archives that
  /// are made as a whole. REQUIRES: nobody else writes meanwhile.
  Result<void> signOnce(const std::function<Result<void>()>& record);

  /// One page of at most `limit` records by (name, version, hash), after the given position.
  /// An empty `name` lists all. `after` is the token of the page before, empty for the first.
  struct Page {
    std::vector<RomRecord> roms;
    std::string nextToken; ///< empty: no more
  };
  Result<Page> list(const std::string& name, std::size_t limit, const std::string& after) const;

  /// Finds the one ROM that `reference` names: "sha256:HEX", a hex prefix of 8 or more digits, "NAME@VERSION"
  /// or a build-id. NotFound: none, with a hint. Usage: several match; the message names them.
  Result<RomRecord> find(const std::string& reference) const;

  /// All ROMs whose ELF has this build-id (hex), or whose syntheticBuildId() it is, by name and version.
  Result<std::vector<RomRecord>> findByBuildId(const std::string& buildId) const;

  /// The ROM with exactly this image hash, if any.
  Result<std::optional<RomRecord>> findByImage(const Digest& imageHash) const;

  /// The images of at most `limit` ROMs that were published after the ROM `after` (0: from the first), in
  /// that order, with the anchors of their sketches of this format. Who remembers the last one needs to read
  /// no ROM twice.
  Result<std::vector<ArchivedImage>> imagesAfter(std::int64_t after, std::size_t limit,
                                                 std::uint32_t formatVersion) const;
  /// A ROM's sketch of this format, if it has one.
  Result<std::optional<Sketch>> sketchOf(std::int64_t romId, std::uint32_t formatVersion) const;
  /// Adds the sketch to a published set, unless it has one of this format: that one stays. NotFound: no such
  /// ROM.
  Result<void> addSketch(const Digest& imageHash, const Sketch& sketch);

  /// Records an advisory, or its targets that are new. Refused: recorded with another summary or URL (an
  /// empty one says nothing). Usage: a bad id or text, no target. NotFound: no such ROM.
  Result<RecordedAdvisory> recordAdvisory(const Advisory& advisory);
  /// All, by id.
  Result<std::vector<Advisory>> advisories() const;
  /// NotFound: no such advisory.
  Result<Advisory> advisory(const std::string& id) const;

  /// ROMs that may have a function with one of these bodies, according to their index of this format: the
  /// index decides (bodies.h). By name, version.
  Result<std::vector<RomTitle>> romsWithBodies(const std::vector<Digest>& bodies,
                                               std::uint32_t formatVersion) const;
  /// The same question for one ROM.
  Result<bool> mayHaveBodies(const Digest& imageHash, const std::vector<Digest>& bodies,
                             std::uint32_t formatVersion) const;
  /// ROMs whose bodies of this format are not archived: romsWithBodies() does not see them. By name, version.
  Result<std::vector<RomTitle>> romsWithoutBodies(std::uint32_t formatVersion) const;
  struct Bodies {
    RomTitle rom;
    std::uint32_t known = 0;   ///< different ones
    std::uint32_t unknown = 0; ///< functions that have none
  };
  /// Of one ROM; nullopt: none of its bodies is archived.
  Result<std::optional<Bodies>> bodiesOf(const Digest& imageHash, std::uint32_t formatVersion) const;
  /// Of the ROMs that have functions whose body is not known, by name, version.
  Result<std::vector<Bodies>> unknownBodies(std::uint32_t formatVersion) const;

  /// Archives a link in one transaction. The same link again is success and changes nothing.
  /// Usage: bad labels, no ROM. NotFound: no such ROM.
  Result<ArchivedRelease> archiveRelease(ReleaseSource source);
  /// One page of at most `limit` releases, newest first; of those linked against `rom`, if given.
  struct ReleasePage {
    std::vector<Release> releases;
    std::string nextToken; ///< empty: no more
  };
  Result<ReleasePage> releases(const std::optional<Digest>& rom, std::size_t limit,
                               const std::string& after) const;
  /// The one release that `reference` names: "sha256:HEX", or 8 or more of its digits. NotFound: none. Usage:
  /// several match; the message names them.
  Result<Release> findRelease(const std::string& reference) const;
  /// What the release takes from its ROMs, by address.
  Result<std::vector<ReleaseShare>> sharesOf(const Digest& release) const;
  /// How many releases share each address of the ROM.
  Result<std::map<std::uint32_t, std::uint32_t>> usesOf(const Digest& rom) const;

  /// Streams a blob, each chunk after decompression. The whole blob is checked against `digest` before the
  /// sink sees its first byte. NotFound: no such blob. Damaged: it does not match its digest.
  Result<void> read(const Digest& digest, const Sink& sink) const;

  /// The newest head of the log: to be written down elsewhere. Damaged: there is none.
  Result<SignedHead> head() const;
  /// What is archived now is signed with it.
  [[nodiscard]] PublicKey signingKey() const;
  /// The file of the private key.
  [[nodiscard]] const std::filesystem::path& signingKeyFile() const;
  /// No head was signed with it yet, though others were: the key that signed so far is not here. Damaged.
  Result<bool> signingKeyIsNew() const;

  /// Re-reads and re-hashes every blob, checks every record and the log. Returns the problems, one line each.
  Result<std::vector<std::string>> verify(const std::function<void(const VerifyProgress&)>& progress) const;
  /// The same, and compares the log with what was written down. Malformed: `witness` cannot be read.
  Result<Verification> verify(const Witness& witness,
                              const std::function<void(const VerifyProgress&)>& progress) const;

  Result<Stats> stats() const;

  /// Copies the archive as it is at this moment to `file`, one database file without a -wal file, and
  /// verifies the copy: the problems, as verify() returns them. Readers and writers go on meanwhile.
  /// REQUIRES: `file` does not exist. Exhausted: no space.
  Result<std::vector<std::string>>
  backup(const std::filesystem::path& file, const std::function<void(const CopyProgress&)>& copied = {},
         const std::function<void(const VerifyProgress&)>& verified = {}) const;

  /// Makes `directory`/archive.db from a backup, verified as a whole before it is there. Refused: there is an
  /// archive already. Damaged, Malformed: the backup cannot be used; nothing is left.
  static Result<void> restore(const std::filesystem::path& backup, const std::filesystem::path& directory,
                              const std::function<void(const VerifyProgress&)>& verified = {});

private:
  struct Impl;
  explicit Archive(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace romlink::store
