#include "server/identify_dump.h"

#include "romlink/v1/archive.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/build_id_note.h"
#include "server/call.h"
#include "server/catalogue.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/dump_format.h"
#include "server/identify.h"
#include "server/job_folder.h"
#include "server/near_match.h"
#include "server/worker_host.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace romlink::server {
namespace {

constexpr const char* kWhat = "cannot identify the dump";
constexpr const char* kDump = "dump";
constexpr std::string_view kElfMagic = "\x7f"
                                       "ELF";

// What the search looks through: memory from one address on.
struct Region {
  std::optional<std::uint32_t> base;
  std::vector<std::uint8_t> bytes;
};

struct Dump {
  std::vector<Region> regions;
  std::vector<Digest> linkedAgainst; ///< of an ELF
  std::string buildId;               ///< of an ELF; lower-case hex, may be empty
  bool isElf = false;
};

Result<Dump> readElf(Services& services, Call& call, const std::filesystem::path& file) {
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services.jobs));
  ROMLINK_TRY(folder.add(kDump, file));
  worker::Job job;
  job.mutable_identify_elf()->set_elf(kDump);
  auto ran = services.workers.run(folder, std::move(job), [&] { return call.cancelled(); });
  if (!ran) {
    if (ran.error().where == kDump)
      ran.error().where.clear(); // the client knows the file by another name
    return fail(std::move(ran.error()));
  }
  const worker::ElfIdentity& identity = ran->elf_identity();
  Dump dump;
  dump.isElf = true;
  for (const std::string& hash : identity.rom_hashes()) {
    ROMLINK_ASSIGN(const Digest digest, Digest::parse(hash));
    dump.linkedAgainst.push_back(digest);
  }
  dump.buildId = identity.build_id();
  ROMLINK_ASSIGN(const auto image, folder.outputFile(identity.image()));
  ROMLINK_ASSIGN(auto bytes, readFile(image));
  dump.regions.push_back({identity.base(), std::move(bytes)});
  return dump;
}

bool startsWith(Bytes bytes, std::string_view magic) {
  return asText(bytes).substr(0, magic.size()) == magic;
}

/// Intel HEX and S-records have their addresses.
Result<Dump> readText(Bytes content, DumpFormat format, std::optional<std::uint32_t> base,
                      std::uint64_t mostBytes) {
  if (base)
    return fail(ErrorCode::Usage, kWhat, {}, "the file says itself which addresses it holds",
                "leave the base address out");
  ROMLINK_ASSIGN(auto regions, format == DumpFormat::IntelHex ? readIntelHex(content, mostBytes)
                                                              : readSRecords(content, mostBytes));
  Dump dump;
  for (DumpRegion& region : regions)
    dump.regions.push_back({region.address, std::move(region.bytes)});
  return dump;
}

class Identification {
public:
  Identification(Services& services, Call& call, const std::vector<store::AddressRange>& given)
      : services_(services), given_(given), cancelled_([&call] { return call.cancelled(); }) {}

  // With `onlyAtAddress`, images count only where they belong.
  Result<void> searchIn(const Region& region, bool onlyAtAddress) {
    regionBegin_ = matches_.size();
    const Catalogue::View view = services_.catalogue.find(region.bytes, cancelled_);
    const Search found = findImages(region.bytes, onlyAtAddress ? region.base : std::nullopt, view.candidates,
                                    view.withoutAnchors, cancelled_);
    complete_ = complete_ && found.complete;
    for (const ExactMatch& match : found.exact) {
      ROMLINK_ASSIGN(v1::ImageMatch * message, add(v1::ImageMatch::EXACT, match.image->imageHash));
      place(*message, region, static_cast<std::int64_t>(match.offset));
      message->set_trailing_padding(match.trailingPadding);
      message->set_volatile_bytes(maskedBytes(match.image->mask, match.image->size));
    }
    ROMLINK_TRY(addBuildIds(region, found.exact));
    const ImageSource source{[&](const KnownImage& image) { return services_.catalogue.blocksOf(image); },
                             [&](const KnownImage& image) { return services_.catalogue.imageOf(image); }};
    for (const NearMatch& match : nearMatches(region.bytes, found.possible, given_, source, cancelled_))
      if (!hasMatchAt(match.image->imageHash, match.offset))
        ROMLINK_TRY(addCompared(v1::ImageMatch::NEAR, region, match));
    return {};
  }

  // Of an ELF that holds no content of its image, debug information for example.
  Result<void> addBuildId(const std::string& buildId) {
    ROMLINK_ASSIGN(const auto roms, services_.archive.findByBuildId(buildId));
    for (const store::RomRecord& rom : roms)
      addRecord(v1::ImageMatch::BUILD_ID, rom);
    return {};
  }

  // The ROMs of an ELF's notes; those that are not archived are remembered.
  Result<void> addLinkedAgainst(const std::vector<Digest>& roms) {
    for (const Digest& hash : roms) {
      ROMLINK_ASSIGN(const auto rom, services_.archive.findByImage(hash));
      if (!rom) {
        notArchived_.push_back(hash);
        continue;
      }
      ROMLINK_TRY(add(v1::ImageMatch::LINKED_AGAINST, hash));
    }
    return {};
  }

  /// The best first.
  std::vector<v1::ImageMatch> ranked() {
    const auto rank = [](const v1::ImageMatch& match) {
      // Near matches keep their own order.
      const bool near = match.kind() == v1::ImageMatch::NEAR;
      return std::tuple(match.kind(), near ? 0 : ~match.rom().image_size(),
                        near ? std::string_view() : match.rom().name(),
                        near ? std::string_view() : match.rom().version(), near ? 0 : match.offset());
    };
    std::stable_sort(matches_.begin(), matches_.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return std::move(matches_);
  }

  [[nodiscard]] const std::vector<Digest>& notArchived() const { return notArchived_; }
  [[nodiscard]] bool complete() const { return complete_; }

private:
  Result<v1::ImageMatch*> add(v1::ImageMatch::Kind kind, const Digest& imageHash) {
    ROMLINK_ASSIGN(const auto rom, services_.archive.findByImage(imageHash));
    if (!rom)
      return fail(ErrorCode::Internal, "the archive lost a ROM", imageHash.text());
    return &addRecord(kind, *rom);
  }

  v1::ImageMatch& addRecord(v1::ImageMatch::Kind kind, const store::RomRecord& rom) {
    v1::ImageMatch& match = matches_.emplace_back();
    match.set_kind(kind);
    toMessage(rom, *match.mutable_rom());
    return match;
  }

  // The ROMs of the build-id notes in a dump. What else of their images is there, must be as they have it.
  Result<void> addBuildIds(const Region& region, const std::vector<ExactMatch>& exact) {
    for (const BuildIdNote& note : buildIdNotesIn(region.bytes)) {
      const bool isInExact = std::any_of(exact.begin(), exact.end(), [&](const ExactMatch& match) {
        return note.offset >= match.offset && note.offset - match.offset < match.image->size;
      });
      if (isInExact)
        continue;
      ROMLINK_ASSIGN(const auto roms, services_.archive.findByBuildId(note.buildId));
      for (const store::RomRecord& rom : roms)
        ROMLINK_TRY(addNoted(region, note, rom));
    }
    return {};
  }

  Result<void> addNoted(const Region& region, const BuildIdNote& note, const store::RomRecord& rom) {
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
  [[nodiscard]] bool hasMatchAt(const Digest& imageHash, std::int64_t offset) const {
    const auto first = matches_.begin() + static_cast<std::ptrdiff_t>(regionBegin_);
    return std::any_of(first, matches_.end(), [&](const v1::ImageMatch& match) {
      return match.offset() == offset && match.rom().image_hash() == imageHash.text();
    });
  }

  static void place(v1::ImageMatch& message, const Region& region, std::int64_t offset) {
    message.set_offset(offset);
    if (region.base)
      message.set_address(static_cast<std::uint32_t>(*region.base + offset));
  }

  // `kind` unless all of it is there.
  Result<void> addCompared(v1::ImageMatch::Kind kind, const Region& region, const NearMatch& match) {
    const bool isThere = match.differing == 0 && match.missing == 0;
    ROMLINK_ASSIGN(v1::ImageMatch * message,
                   add(isThere ? v1::ImageMatch::EXCEPT_VOLATILE : kind, match.image->imageHash));
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

  Services& services_;
  const std::vector<store::AddressRange>& given_;
  const std::function<bool()> cancelled_;
  std::vector<v1::ImageMatch> matches_;
  std::size_t regionBegin_ = 0; ///< in matches_: of the region that is searched
  std::vector<Digest> notArchived_;
  bool complete_ = true;
};

std::string titleOf(const v1::ImageMatch& match) {
  return match.rom().name() + "@" + match.rom().version();
}

// Why nothing is found, and what may help.
tl::unexpected<Error> notFound(const Dump& dump, const Identification& search,
                               const std::vector<v1::ImageMatch>& near, bool baseGiven) {
  constexpr const char* kNone = "no archived ROM is in this dump";
  if (!near.empty())
    return fail(
        ErrorCode::NotFound, kNone, {},
        "the nearest is " + titleOf(near.front()) + ": of " +
            std::to_string(near.front().rom().image_size()) + " bytes " +
            std::to_string(near.front().differing_bytes()) + " differ and " +
            std::to_string(near.front().missing_bytes()) + " are missing",
        "if the bytes that differ are specific to the device, name them with --volatile ADDRESS:SIZE");
  if (!search.complete())
    return fail(ErrorCode::Exhausted, kWhat, {}, "it repeats itself so often that the search was given up",
                "give the part that holds the ROM");
  if (!search.notArchived().empty())
    return fail(ErrorCode::NotFound, "the firmware's ROM is not archived", {},
                "it was linked against " + search.notArchived().front().text(),
                "publish this ROM, or import it");
  if (dump.isElf)
    return fail(ErrorCode::NotFound, "no archived ROM belongs to this ELF", {},
                "it is no archived ROM, and has no note that romlink linked it against one",
                "`romlink check FIRMWARE.elf --rom ROM` tells whether a firmware fits a ROM");
  return fail(ErrorCode::NotFound, kNone, {}, {},
              baseGiven
                  ? "is --base the address of the dump's first byte? without it, every place is searched"
                  : "`romlink rom list` shows what is archived");
}

} // namespace

DumpUpload::DumpUpload(Services& services, TemporaryDirectory folder)
    : services_(services), folder_(std::move(folder)),
      out_(folder_.path() / kDump, std::ios::binary | std::ios::trunc) {}

Result<DumpUpload> DumpUpload::create(Services& services) {
  ROMLINK_ASSIGN(TemporaryDirectory folder, TemporaryDirectory::create(services.jobs, "dump"));
  return DumpUpload(services, std::move(folder));
}

Result<void> DumpUpload::accept(const v1::IdentifyImageRequest& message) {
  if (message.has_base())
    base_ = message.base();
  for (const auto& range : message.volatile_ranges())
    given_.push_back(fromMessage(range));
  listNear_ = listNear_ || message.list_near();
  size_ += message.chunk().size();
  if (size_ > services_.config.fileBytes)
    return fail(
        ErrorCode::Exhausted, kWhat, {},
        "it is larger than " + std::to_string(services_.config.fileBytes / kMiB) +
            " MiB, which is what the service accepts",
        "give the part that holds the ROM; the limit is set in the service's configuration file, [uploads]");
  out_.write(message.chunk().data(), static_cast<std::streamsize>(message.chunk().size()));
  return {};
}

Result<void> DumpUpload::identify(Call& call, v1::IdentifyImageResponse& response) {
  out_.close();
  if (!out_)
    return fail(ErrorCode::Exhausted, kWhat, {}, "the archive's disk does not take it");
  if (size_ == 0)
    return fail(ErrorCode::Malformed, kWhat, {}, "it is empty");
  const auto file = folder_.path() / kDump;
  ROMLINK_ASSIGN(auto content, readFile(file));
  Dump dump;
  if (startsWith(content, kElfMagic)) {
    ROMLINK_ASSIGN(dump, readElf(services_, call, file));
  } else if (const DumpFormat format = formatOf(content); format != DumpFormat::Binary) {
    ROMLINK_ASSIGN(dump, readText(content, format, base_, services_.config.fileBytes));
  } else {
    dump.regions.push_back({base_, std::move(content)});
  }
  ROMLINK_TRY(services_.catalogue.refresh([&] { return call.cancelled(); }));
  Identification identification(services_, call, given_);
  ROMLINK_TRY(identification.addLinkedAgainst(dump.linkedAgainst));
  for (const Region& region : dump.regions)
    ROMLINK_TRY(identification.searchIn(region, base_.has_value()));
  if (dump.isElf && dump.regions.front().bytes.empty())
    ROMLINK_TRY(identification.addBuildId(dump.buildId));
  if (call.cancelled())
    return Call::clientGone();
  std::vector<v1::ImageMatch> matches = identification.ranked();
  const bool found = !matches.empty() && matches.front().kind() != v1::ImageMatch::NEAR;
  if (!found && (matches.empty() || !listNear_))
    return notFound(dump, identification, matches, base_.has_value());
  if (found) {
    *response.mutable_rom() = matches.front().rom();
    response.set_offset(static_cast<std::uint64_t>(std::max<std::int64_t>(matches.front().offset(), 0)));
    response.set_trailing_padding(matches.front().trailing_padding());
  }
  for (v1::ImageMatch& match : matches)
    *response.add_matches() = std::move(match);
  return {};
}

} // namespace romlink::server
