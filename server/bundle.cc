#include "server/bundle.h"

#include "base/file.h"
#include "server/call.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/publish.h"
#include "server/services.h"
#include "server/unpack.h"
#include "store/archive.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace romlink::server {
namespace {
namespace fs = std::filesystem;

constexpr const char* kCannotExport = "cannot export the ROMs";
constexpr const char* kCannotImport = "cannot import the bundle";
constexpr std::size_t kPage = 1000;

/// The advisories that name one of these ROMs, with those targets only.
Result<std::vector<store::Advisory>> advisoriesOn(const store::Archive& archive,
                                                  const std::vector<store::RomRecord>& roms) {
  ROMLINK_ASSIGN(auto advisories, archive.advisories());
  const auto isOther = [&](const store::AdvisoryTarget& target) {
    return std::none_of(roms.begin(), roms.end(),
                        [&](const store::RomRecord& rom) { return rom.imageHash == target.rom.imageHash; });
  };
  for (store::Advisory& advisory : advisories)
    std::erase_if(advisory.targets, isOther);
  std::erase_if(advisories, [](const store::Advisory& advisory) { return advisory.targets.empty(); });
  return advisories;
}

Result<std::vector<store::RomRecord>> allOf(const store::Archive& archive) {
  std::vector<store::RomRecord> roms;
  std::string token;
  do {
    ROMLINK_ASSIGN(store::Archive::Page page, archive.list({}, kPage, token));
    std::move(page.roms.begin(), page.roms.end(), std::back_inserter(roms));
    token = std::move(page.nextToken);
  } while (!token.empty());
  return roms;
}

Result<std::vector<store::RomRecord>> chosen(const store::Archive& archive,
                                             const std::vector<std::string>& references) {
  if (references.empty())
    return fail(ErrorCode::Usage, kCannotExport, {}, "no ROM is named");
  std::map<Digest, store::RomRecord> roms; // each once
  for (const std::string& reference : references) {
    ROMLINK_ASSIGN(store::RomRecord rom, archive.find(reference));
    roms.emplace(rom.imageHash, std::move(rom));
  }
  std::vector<store::RomRecord> list;
  for (auto& [hash, rom] : roms)
    list.push_back(std::move(rom));
  return list;
}

/// What is known of the ROMs besides their sets. Counts what is new.
Result<void> copyVerdicts(const store::Archive& from, const std::vector<store::RomRecord>& roms,
                          store::Archive& to, v1::ImportRomsResponse* response) {
  ROMLINK_ASSIGN(const auto advisories, advisoriesOn(from, roms));
  for (store::Advisory advisory : advisories) {
    if (to.advisory(advisory.id)) { // its words stay as they are there
      advisory.summary.clear();
      advisory.url.clear();
    }
    ROMLINK_ASSIGN(const store::RecordedAdvisory recorded, to.recordAdvisory(advisory));
    if (response != nullptr && !recorded.alreadyRecorded)
      response->set_new_advisories(response->new_advisories() + 1);
  }
  for (const store::RomRecord& rom : roms) {
    if (!rom.withdrawal)
      continue;
    ROMLINK_ASSIGN(const bool isNew, to.withdraw(rom.imageHash.text(), *rom.withdrawal));
    if (response != nullptr && isNew)
      response->set_new_withdrawals(response->new_withdrawals() + 1);
  }
  return {};
}

/// Bounds what unpacking the bundle would take, before any of it is unpacked.
Result<void> checkSizes(const Config& config, const std::vector<store::RomRecord>& roms,
                        const store::Stats& stats) {
  for (const store::RomRecord& rom : roms) {
    std::uint64_t total = 0;
    for (const store::Artifact& artifact : rom.artifacts) {
      total += std::min(artifact.size, config.publishBytes + 1);
      if (artifact.size > config.fileBytes || total > config.publishBytes)
        return fail(ErrorCode::Exhausted, kCannotImport, rom.name + "@" + rom.version + " " + artifact.role,
                    "it is larger than the service accepts",
                    "the limits are set in the service's configuration file, [uploads]");
    }
  }
  // Also what no ROM refers to: verifying it would take as long.
  if (stats.blobBytes > config.publishBytes * std::max<std::size_t>(roms.size(), 1))
    return fail(ErrorCode::Exhausted, kCannotImport, {}, "its contents are larger than the service accepts",
                "the limits are set in the service's configuration file, [uploads]");
  return {};
}

/// The key that signed the bundle, if it is trusted.
Result<VerifierKey> signerOf(const store::Archive& bundle, const std::vector<VerifierKey>& trusted) {
  ROMLINK_ASSIGN(const store::SignedHead head, bundle.head());
  const auto isSigner = [&](const VerifierKey& key) { return key.key == head.key.key; };
  if (std::none_of(trusted.begin(), trusted.end(), isSigner))
    return fail(
        ErrorCode::Refused, kCannotImport, head.key.text(), "it is signed by an unknown key",
        "if this is the key that `romlink archive head --public-key` prints where the bundle comes from, "
        "import with --trust KEY");
  return head.key;
}

} // namespace

Result<void> exportBundle(Services& services, Call& call, const std::vector<std::string>& references,
                          const fs::path& scratch, const fs::path& file, const TransferProgress& progress) {
  ROMLINK_ASSIGN(const auto roms, chosen(services.archive, references));
  ROMLINK_ASSIGN(store::Archive bundle,
                 store::Archive::open(scratch / "bundle", services.archive.signingKeyFile()));
  for (std::size_t i = 0; i < roms.size(); ++i) {
    if (call.cancelled())
      return Call::clientGone();
    progress("packing", i, roms.size());
    ROMLINK_ASSIGN(const TemporaryDirectory folder, TemporaryDirectory::create(scratch, "rom"));
    ROMLINK_ASSIGN(const auto sources, unpack(services.archive, roms[i], folder.path()));
    ROMLINK_TRY(bundle.publish(roms[i], sources));
  }
  ROMLINK_TRY(copyVerdicts(services.archive, roms, bundle, nullptr));
  ROMLINK_ASSIGN(const auto problems, bundle.backup(file));
  if (!problems.empty())
    return fail(ErrorCode::Internal, kCannotExport, {}, "the bundle is not sound: " + problems.front());
  return {};
}

Result<void> importBundle(Services& services, Call& call, const fs::path& folder,
                          const std::vector<VerifierKey>& trusted, v1::ImportRomsResponse& response) {
  ROMLINK_ASSIGN(const store::Archive bundle, store::Archive::openForeign(folder));
  ROMLINK_ASSIGN(const auto stats, bundle.stats());
  ROMLINK_ASSIGN(const auto roms, allOf(bundle));
  ROMLINK_TRY(checkSizes(services.config, roms, stats));
  ROMLINK_ASSIGN(const VerifierKey signer, signerOf(bundle, trusted));
  ROMLINK_ASSIGN(const auto problems, bundle.verify({}));
  if (!problems.empty())
    return fail(ErrorCode::Damaged, kCannotImport, {},
                problems.front() + (problems.size() == 1
                                        ? ""
                                        : " (and " + std::to_string(problems.size() - 1) + " more problems)"),
                "have it sent again, and compare the digest that `archive export` printed");
  for (const store::RomRecord& rom : roms)
    ROMLINK_TRY(services.archive.isPublished(rom)); // before the first is published
  response.set_signed_by(signer.text());
  for (const store::RomRecord& rom : roms) {
    if (call.cancelled())
      return Call::clientGone();
    auto& imported = *response.add_roms();
    toMessage(rom, *imported.mutable_rom());
    ROMLINK_ASSIGN(const bool isPublished, services.archive.isPublished(rom));
    imported.set_already_published(isPublished);
    if (isPublished)
      continue;
    ROMLINK_ASSIGN(Publication publication, Publication::create(services));
    ROMLINK_TRY(publication.repeat(call, bundle, rom));
  }
  return copyVerdicts(bundle, roms, services.archive, &response);
}

} // namespace romlink::server
