#include "server/identification.h"

#include "server/build_id_note.h"
#include "server/catalogue.h"
#include "server/convert.h"
#include "server/identify.h"
#include "server/near_match.h"

#include <algorithm>
#include <tuple>

namespace romlink::server {
namespace {

constexpr std::size_t kMostPlaces = 16; // of a ROM
constexpr std::size_t kMostMatches = 1000;

void place(v1::ImageMatch& message, const Region& region, std::int64_t offset) {
  message.set_offset(offset);
  if (region.base)
    message.set_address(static_cast<std::uint32_t>(*region.base + offset));
}

} // namespace

Result<void> Identification::searchIn(const Region& region, bool onlyAtAddress) {
  regionBegin_ = matches_.size();
  const Catalogue::View view = services_.catalogue.find(region.bytes, cancelled_);
  const Search found = findImages(region.bytes, {region.base, onlyAtAddress}, view.candidates,
                                  view.withoutAnchors, cancelled_);
  unreadable_ = view.unreadable;
  searchedAll_ = searchedAll_ && found.complete;
  ROMLINK_TRY(addExact(region, found.exact));
  ROMLINK_TRY(addBuildIds(region, found.exact));
  const ImageSource source{[&](const KnownImage& image) { return services_.catalogue.blocksOf(image); },
                           [&](const KnownImage& image) { return services_.catalogue.imageOf(image); }};
  const NearMatches near = nearMatches(region.bytes, found.possible, given_, source, cancelled_);
  comparedAll_ = comparedAll_ && (near.complete || !found.exact.empty());
  for (const NearMatch& match : near.best)
    if (!hasMatchAt(match.image->imageHash, match.offset))
      ROMLINK_TRY(addCompared(v1::ImageMatch::NEAR, region, match));
  return {};
}

// A damaged record must not hide the other ROMs of a dump.
Result<std::vector<store::RomRecord>> Identification::romsOf(const std::string& buildId) {
  auto roms = services_.archive.findByBuildId(buildId);
  if (roms || roms.error().code != ErrorCode::Damaged)
    return roms;
  damaged_.insert(roms.error().where);
  return std::vector<store::RomRecord>();
}

Result<void> Identification::addBuildId(const std::string& buildId) {
  ROMLINK_ASSIGN(const auto roms, romsOf(buildId));
  for (const store::RomRecord& rom : roms)
    addRecord(v1::ImageMatch::BUILD_ID, rom);
  return {};
}

Result<void> Identification::addLinkedAgainst(const std::vector<Digest>& roms) {
  for (const Digest& hash : roms) {
    const auto found = services_.archive.findByImage(hash);
    if (!found && found.error().code != ErrorCode::Damaged)
      return fail(found.error());
    if (!found)
      damaged_.insert(found.error().where);
    else if (const std::optional<store::RomRecord>& rom = *found)
      addRecord(v1::ImageMatch::LINKED_AGAINST, *rom);
    else
      notArchived_.push_back(hash);
  }
  return {};
}

std::vector<v1::ImageMatch> Identification::ranked() {
  const auto rank = [](const v1::ImageMatch& match) {
    // Near matches keep their own order.
    const bool near = match.kind() == v1::ImageMatch::NEAR;
    const std::uint64_t compared = match.rom().image_size() - match.volatile_bytes() - match.ignored_bytes();
    return std::tuple(match.kind(), near ? 0 : ~compared, near ? std::string_view() : match.rom().name(),
                      near ? std::string_view() : match.rom().version(), near ? 0 : match.offset());
  };
  std::stable_sort(matches_.begin(), matches_.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return std::move(matches_);
}

std::vector<std::string> Identification::incomplete() const {
  std::vector<std::string> lines;
  if (!searchedAll_)
    lines.emplace_back("the dump repeats itself so often that not every place was searched");
  if (!comparedAll_)
    lines.emplace_back("too many ROMs are similar: not all were compared, and one may be nearer");
  if (unreadable_ > 0)
    lines.push_back(std::to_string(unreadable_) +
                    (unreadable_ == 1 ? " archived image" : " archived images") +
                    " cannot be read: not searched for");
  for (const std::string& rom : damaged_)
    lines.push_back("the archive's record of " + rom + " is damaged: it was left out");
  if (unlisted_ > 0)
    lines.push_back(std::to_string(unlisted_) + (unlisted_ == 1 ? " more match is" : " more matches are") +
                    " not listed");
  return lines;
}

Result<const v1::Rom*> Identification::romOf(const Digest& imageHash) {
  const auto [known, isNew] = roms_.try_emplace(imageHash);
  if (isNew) {
    const auto found = services_.archive.findByImage(imageHash);
    if (!found && found.error().code != ErrorCode::Damaged)
      return fail(found.error());
    if (!found)
      damaged_.insert(found.error().where);
    else if (const std::optional<store::RomRecord>& rom = *found)
      toMessage(*rom, known->second.emplace());
    else
      return fail(ErrorCode::Internal, "the archive lost a ROM", imageHash.text());
  }
  const std::optional<v1::Rom>& its = known->second;
  return its ? &*its : nullptr;
}

Result<v1::ImageMatch*> Identification::add(v1::ImageMatch::Kind kind, const Digest& imageHash) {
  ROMLINK_ASSIGN(const v1::Rom* rom, romOf(imageHash));
  if (rom == nullptr)
    return nullptr;
  v1::ImageMatch& match = matches_.emplace_back();
  match.set_kind(kind);
  *match.mutable_rom() = *rom;
  return &match;
}

v1::ImageMatch& Identification::addRecord(v1::ImageMatch::Kind kind, const store::RomRecord& rom) {
  v1::ImageMatch& match = matches_.emplace_back();
  match.set_kind(kind);
  toMessage(rom, *match.mutable_rom());
  return match;
}

Result<void> Identification::addExact(const Region& region, const std::vector<ExactMatch>& matches) {
  for (const ExactMatch& match : matches) {
    Listed& listed = exact_[match.image->imageHash];
    if (++listed.places > kMostPlaces) {
      v1::ImageMatch& first = matches_[listed.first];
      first.set_other_places(first.other_places() + 1);
      continue;
    }
    if (matches_.size() >= kMostMatches) {
      --listed.places;
      ++unlisted_;
      continue;
    }
    const std::size_t at = matches_.size();
    ROMLINK_ASSIGN(v1::ImageMatch * message, add(v1::ImageMatch::EXACT, match.image->imageHash));
    if (message == nullptr) {
      listed.places = 0;
      continue;
    }
    if (listed.places == 1)
      listed.first = at;
    place(*message, region, static_cast<std::int64_t>(match.offset));
    message->set_trailing_padding(match.trailingPadding);
    message->set_volatile_bytes(maskedBytes(match.image->mask, match.image->size));
  }
  return {};
}

// The ROMs of the build-id notes in a dump. What else of their images is there, must be as they have it.
Result<void> Identification::addBuildIds(const Region& region, const std::vector<ExactMatch>& exact) {
  for (const BuildIdNote& note : buildIdNotesIn(region.bytes)) {
    const bool isInExact = std::any_of(exact.begin(), exact.end(), [&](const ExactMatch& match) {
      return note.offset >= match.offset && note.offset - match.offset < match.image->size;
    });
    if (isInExact)
      continue;
    ROMLINK_ASSIGN(const auto roms, romsOf(note.buildId));
    for (const store::RomRecord& rom : roms)
      ROMLINK_TRY(addNoted(region, note, rom));
  }
  return {};
}

Result<void> Identification::addNoted(const Region& region, const BuildIdNote& note,
                                      const store::RomRecord& rom) {
  const KnownImage known = knownImageOf(rom);
  const auto image = services_.catalogue.imageOf(known);
  const Bytes its = Bytes(region.bytes).subspan(note.offset, note.size);
  const auto place = image ? std::search(image->begin(), image->end(), its.begin(), its.end())
                           : std::vector<std::uint8_t>::const_iterator();
  if (!image || place == image->end()) { // damaged in the archive, or the ELF's note is not in its flash
    addRecord(v1::ImageMatch::BUILD_ID, rom);
    return {};
  }
  const std::int64_t offset = static_cast<std::int64_t>(note.offset) - (place - image->begin());
  if (hasMatchAt(rom.imageHash, offset))
    return {};
  const NearMatch match = compareAt(region.bytes, {&known, offset, 0}, given_, *image);
  return addCompared(match.differing == 0 ? v1::ImageMatch::BUILD_ID : v1::ImageMatch::NEAR, region, match);
}

// In the region that is searched.
bool Identification::hasMatchAt(const Digest& imageHash, std::int64_t offset) const {
  const auto first = matches_.begin() + static_cast<std::ptrdiff_t>(regionBegin_);
  return std::any_of(first, matches_.end(), [&](const v1::ImageMatch& match) {
    return match.offset() == offset && match.rom().image_hash() == imageHash.text();
  });
}

// `kind` unless all of it is there.
Result<void> Identification::addCompared(v1::ImageMatch::Kind kind, const Region& region,
                                         const NearMatch& match) {
  const bool isThere = match.differing == 0 && match.missing == 0;
  ROMLINK_ASSIGN(v1::ImageMatch * message,
                 add(isThere ? v1::ImageMatch::EXCEPT_VOLATILE : kind, match.image->imageHash));
  if (message == nullptr)
    return {};
  place(*message, region, match.offset);
  message->set_volatile_bytes(maskedBytes(match.image->mask, match.image->size));
  message->set_ignored_bytes(match.given);
  message->set_differing_bytes(match.differing);
  message->set_missing_bytes(match.missing);
  for (const OffsetRange& range : match.differences) {
    message->add_differences()->set_address(static_cast<std::uint32_t>(match.image->base + range.begin));
    message->mutable_differences()->rbegin()->set_size(static_cast<std::uint32_t>(range.end - range.begin));
  }
  return {};
}

} // namespace romlink::server
