// What a dump holds of the archive: searches its regions one by one, describes the matches, and ranks them.
//
// First are those of the kind that says most (archive.proto), and of these the ones of which most bytes were
// compared: a ROM with many device-specific bytes says less than one without.
//
// Limits: 16 places of each ROM are listed, the others counted; 1000 matches are listed. Whatever was left
// out, incomplete() tells.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "romlink/v1/archive.pb.h"
#include "server/services.h"
#include "store/archive.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace romlink::server {

struct BuildIdNote;
struct ExactMatch;
struct NearMatch;

/// Memory from one address on.
struct Region {
  std::optional<std::uint32_t> base; ///< nullopt: unknown
  std::vector<std::uint8_t> bytes;
};

class Identification {
public:
  /// `given`: device-specific ranges of the dump. REQUIRES: all outlive the object.
  Identification(Services& services, const std::vector<store::AddressRange>& given,
                 std::function<bool()> cancelled)
      : services_(services), given_(given), cancelled_(std::move(cancelled)) {}

  /// With `onlyAtAddress`, images count only where they belong.
  Result<void> searchIn(const Region& region, bool onlyAtAddress);
  /// Of an ELF that holds no content of its image, debug information for example.
  Result<void> addBuildId(const std::string& buildId);
  /// The ROMs of an ELF's notes; those that are not archived are remembered.
  Result<void> addLinkedAgainst(const std::vector<Digest>& roms);

  /// The best first. REQUIRES: called once.
  std::vector<v1::ImageMatch> ranked();
  [[nodiscard]] const std::vector<Digest>& notArchived() const { return notArchived_; }
  /// Not all of the dump was searched, or not all candidates compared: nothing found is no answer.
  [[nodiscard]] bool gaveUp() const { return !searchedAll_ || !comparedAll_; }
  /// Why there may be more matches or better ones, one line each.
  [[nodiscard]] std::vector<std::string> incomplete() const;

private:
  Result<std::vector<store::RomRecord>> romsOf(const std::string& buildId);
  /// Null: its record is damaged.
  Result<const v1::Rom*> romOf(const Digest& imageHash);
  Result<v1::ImageMatch*> add(v1::ImageMatch::Kind kind, const Digest& imageHash);
  v1::ImageMatch& addRecord(v1::ImageMatch::Kind kind, const store::RomRecord& rom);
  Result<void> addExact(const Region& region, const std::vector<ExactMatch>& matches);
  Result<void> addBuildIds(const Region& region, const std::vector<ExactMatch>& exact);
  Result<void> addNoted(const Region& region, const BuildIdNote& note, const store::RomRecord& rom);
  Result<void> addCompared(v1::ImageMatch::Kind kind, const Region& region, const NearMatch& match);
  [[nodiscard]] bool hasMatchAt(const Digest& imageHash, std::int64_t offset) const;

  struct Listed {
    std::size_t first = 0; ///< in matches_
    std::size_t places = 0;
  };

  Services& services_;
  const std::vector<store::AddressRange>& given_;
  const std::function<bool()> cancelled_;
  std::vector<v1::ImageMatch> matches_;
  std::size_t regionBegin_ = 0;                   ///< in matches_: of the region that is searched
  std::map<Digest, std::optional<v1::Rom>> roms_; ///< nullopt: its record is damaged
  std::set<std::string> damaged_;                 ///< names of ROMs
  std::map<Digest, Listed> exact_;
  std::vector<Digest> notArchived_;
  bool searchedAll_ = true;
  bool comparedAll_ = true;
  std::size_t unreadable_ = 0; ///< archived images
  std::size_t unlisted_ = 0;   ///< matches
};

} // namespace romlink::server
