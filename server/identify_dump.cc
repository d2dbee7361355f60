#include "server/identify_dump.h"

#include "romlink/v1/archive.pb.h"
#include "romlink/worker/job.pb.h"
#include "server/call.h"
#include "server/catalogue.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/dump_format.h"
#include "server/identification.h"
#include "server/job_folder.h"
#include "server/worker_host.h"

#include <algorithm>

namespace romlink::server {
namespace {

constexpr const char* kWhat = "cannot identify the dump";
constexpr const char* kDump = "dump";
constexpr std::string_view kElfMagic = "\x7f"
                                       "ELF";

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
  const auto incomplete = search.incomplete();
  if (search.gaveUp())
    return fail(ErrorCode::Exhausted, kWhat, {}, "nothing was found, but " + incomplete.front(),
                "give the part that holds the ROM");
  if (!search.notArchived().empty())
    return fail(ErrorCode::NotFound, "the firmware's ROM is not archived", {},
                "it was linked against " + search.notArchived().front().text(),
                "publish this ROM, or import it");
  if (dump.isElf)
    return fail(ErrorCode::NotFound, "no archived ROM belongs to this ELF", {},
                "it is no archived ROM, and has no note that romlink linked it against one",
                "`romlink check FIRMWARE.elf --rom ROM` tells whether a firmware fits a ROM");
  return fail(ErrorCode::NotFound, kNone, {}, incomplete.empty() ? std::string() : incomplete.front(),
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
        ErrorCode::Refused, kWhat, {},
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
  Identification identification(services_, given_, [&] { return call.cancelled(); });
  ROMLINK_TRY(identification.addLinkedAgainst(dump.linkedAgainst));
  for (const Region& region : dump.regions) {
    ROMLINK_TRY(identification.searchIn(region, base_.has_value()));
    if (call.cancelled())
      return Call::clientGone();
  }
  if (dump.isElf && dump.regions.front().bytes.empty())
    ROMLINK_TRY(identification.addBuildId(dump.buildId));
  std::vector<v1::ImageMatch> matches = identification.ranked();
  const std::vector<std::string> incomplete = identification.incomplete();
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
  response.mutable_incomplete()->Assign(incomplete.begin(), incomplete.end());
  return {};
}

} // namespace romlink::server
