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
#include <memory>
#include <set>

namespace romlink::server {
namespace {
namespace fs = std::filesystem;

constexpr const char* kCannotExport = "cannot export the ROMs";
constexpr const char* kCannotImport = "cannot import the bundle";
constexpr const char* kSendAgain = "have it sent again, and compare the digest that `archive export` printed";
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
  list.reserve(roms.size());
  for (auto& [hash, rom] : roms)
    list.push_back(std::move(rom));
  return list;
}

/// What is new of what is known of ROMs besides their sets.
struct Verdicts {
  std::set<std::string> advisories;
  unsigned withdrawals = 0;
};

Result<void> copyVerdicts(const store::Archive& from, const std::vector<store::RomRecord>& roms,
                          store::Archive& to, Verdicts& isNew) {
  ROMLINK_ASSIGN(const auto advisories, advisoriesOn(from, roms));
  for (store::Advisory advisory : advisories) {
    if (to.advisory(advisory.id)) { // its words stay as they are there
      advisory.summary.clear();
      advisory.url.clear();
    }
    ROMLINK_ASSIGN(const store::RecordedAdvisory recorded, to.recordAdvisory(advisory));
    if (!recorded.alreadyRecorded)
      isNew.advisories.insert(advisory.id);
  }
  for (const store::RomRecord& rom : roms) {
    if (!rom.withdrawal)
      continue;
    ROMLINK_ASSIGN(const bool adopted, to.adoptWithdrawal(rom.imageHash, *rom.withdrawal));
    isNew.withdrawals += adopted ? 1 : 0;
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
        return fail(ErrorCode::Refused, kCannotImport, rom.name + "@" + rom.version + " " + artifact.role,
                    "it is larger than the service accepts",
                    "the limits are set in the service's configuration file, [uploads]");
    }
  }
  // Also what no ROM refers to: verifying it would take as long.
  if (stats.blobBytes > config.publishBytes * std::max<std::size_t>(roms.size(), 1))
    return fail(ErrorCode::Refused, kCannotImport, {}, "its contents are larger than the service accepts",
                "the limits are set in the service's configuration file, [uploads]");
  return {};
}

/// What is wrong with the bundle, not with an archive of the user's.
tl::unexpected<Error> cannotImport(Error error) {
  error.what = kCannotImport;
  error.where.clear();
  if (error.code == ErrorCode::Malformed && error.hint.empty())
    error.hint = "give a file that `romlink archive export` made";
  if (error.code == ErrorCode::Damaged)
    error.hint = kSendAgain;
  return fail(std::move(error));
}

/// The trusted key that signed the bundle, by the name under which it is trusted.
Result<VerifierKey> signerOf(const store::Archive& bundle, const std::vector<VerifierKey>& trusted) {
  ROMLINK_ASSIGN(const store::SignedHead head, bundle.head());
  for (const VerifierKey& key : trusted)
    if (key.key == head.key.key)
      return key;
  const std::string text = head.key.text();
  return fail(
      ErrorCode::Refused, kCannotImport, {},
      "it is signed by an unknown key, " + text.substr(text.rfind('+') + 1),
      "if `romlink archive head --public-key` prints a key that ends so where the bundle comes from, import "
      "with --trust KEY");
}

/// Opens the bundle, and does not believe anything else of it before that is known.
Result<store::Archive> openBundle(Services& services, Call& call, const fs::path& folder,
                                  const std::vector<VerifierKey>& trusted, v1::ImportRomsResponse& response) {
  auto bundle = store::Archive::openForeign(folder, [&] { return call.cancelled(); });
  if (call.cancelled())
    return Call::clientGone();
  if (!bundle)
    return cannotImport(std::move(bundle.error()));
  ROMLINK_ASSIGN(const VerifierKey signer, signerOf(*bundle, trusted));
  response.set_signed_by(signer.text());
  ROMLINK_ASSIGN(const auto stats, bundle->stats());
  ROMLINK_ASSIGN(const auto roms, allOf(*bundle));
  ROMLINK_TRY(checkSizes(services.config, roms, stats));
  ROMLINK_ASSIGN(const auto problems, bundle->verify({}));
  if (problems.empty())
    return std::move(*bundle);
  const std::string more =
      problems.size() == 1 ? "" : " (and " + std::to_string(problems.size() - 1) + " more problems)";
  return fail(ErrorCode::Damaged, kCannotImport, {}, problems.front() + more, kSendAgain);
}

} // namespace

Result<void> exportBundle(Services& services, Call& call, const std::vector<std::string>& references,
                          const fs::path& scratch, const fs::path& file, const TransferProgress& progress) {
  ROMLINK_ASSIGN(const auto roms, chosen(services.archive, references));
  ROMLINK_ASSIGN(store::Archive bundle,
                 store::Archive::open(scratch / "bundle", services.archive.signingKeyFile()));
  const auto pack = [&]() -> Result<void> {
    for (std::size_t i = 0; i < roms.size(); ++i) {
      if (call.cancelled())
        return Call::clientGone();
      progress("packing", i, roms.size());
      ROMLINK_ASSIGN(const TemporaryDirectory folder, TemporaryDirectory::create(scratch, "rom"));
      ROMLINK_ASSIGN(const auto sources, unpack(services.archive, roms[i], folder.path()));
      ROMLINK_TRY(bundle.publish(roms[i], sources));
    }
    Verdicts all;
    return copyVerdicts(services.archive, roms, bundle, all);
  };
  ROMLINK_TRY(bundle.signOnce(pack));
  ROMLINK_ASSIGN(const auto problems, bundle.backup(file));
  if (!problems.empty())
    return fail(ErrorCode::Internal, kCannotExport, {}, "the bundle is not sound: " + problems.front());
  return {};
}

Result<void> importBundle(Services& services, Call& call, const fs::path& folder,
                          const std::vector<VerifierKey>& trusted, v1::ImportRomsResponse& response) {
  ROMLINK_ASSIGN(const store::Archive bundle, openBundle(services, call, folder, trusted, response));
  ROMLINK_ASSIGN(const auto roms, allOf(bundle));
  // None is published unless all can be.
  std::vector<std::pair<const store::RomRecord*, std::unique_ptr<Publication>>> accepted;
  for (const store::RomRecord& rom : roms) {
    if (call.cancelled())
      return Call::clientGone();
    auto& imported = *response.add_roms();
    toMessage(rom, *imported.mutable_rom());
    ROMLINK_ASSIGN(const bool isPublished, services.archive.isPublished(rom));
    imported.set_already_published(isPublished);
    accepted.emplace_back(&rom, nullptr);
    if (isPublished)
      continue;
    ROMLINK_ASSIGN(Publication publication, Publication::create(services));
    accepted.back().second = std::make_unique<Publication>(std::move(publication));
    ROMLINK_TRY(accepted.back().second->repeat(call, bundle, rom));
  }
  Verdicts isNew;
  for (const auto& [rom, publication] : accepted) {
    if (publication)
      ROMLINK_TRY(publication->commit());
    ROMLINK_TRY(copyVerdicts(bundle, {*rom}, services.archive, isNew)); // before a next one may fail
  }
  response.set_new_advisories(static_cast<std::uint32_t>(isNew.advisories.size()));
  response.set_new_withdrawals(isNew.withdrawals);
  return {};
}

} // namespace romlink::server
