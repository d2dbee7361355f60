#include "server/doubts.h"

#include "base/file.h"
#include "server/affected.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/examine.h"

#include <fstream>
#include <map>

namespace romlink::server {
namespace {

/// The release's policy as a file in `folder`; empty: the default policy.
Result<std::filesystem::path> policyOf(Services& services, const store::Release& release,
                                       const std::filesystem::path& folder) {
  if (!release.policy)
    return std::filesystem::path();
  const std::filesystem::path file = folder / "policy.toml";
  std::ofstream out(file, std::ios::binary);
  ROMLINK_TRY(services.archive.read(*release.policy, [&](Bytes content) -> Result<void> {
    out.write(asText(content).data(), static_cast<std::streamsize>(content.size()));
    return {};
  }));
  out.close();
  if (!out)
    return fail(ErrorCode::Exhausted, "cannot audit the release", release.id.text(),
                "the archive's disk does not take its policy");
  return file;
}

/// As examine(). A policy that cannot be read any more accepts nothing.
Result<worker::RomExamination> examineUses(Services& services, Call& call, const store::RomRecord& rom,
                                           const std::vector<store::Advisory>& advisories,
                                           const worker::ExamineRom& question,
                                           const std::filesystem::path& policy, Findings& findings) {
  auto found = examine(services, call, rom, advisories, question, policy);
  if (found || policy.empty() || found.error().code != ErrorCode::Usage)
    return found;
  addFinding(findings, v1::Finding::WARNING, "POLICY_NOT_READ",
             "the release's policy cannot be read, so none of its waivers counts: " + found.error().line());
  return examine(services, call, rom, advisories, question);
}

} // namespace

Result<Doubts> doubtsOf(Services& services, Call& call, const store::Release& release,
                        const std::vector<store::Advisory>& advisories, Findings& findings) {
  ROMLINK_ASSIGN(const TemporaryDirectory folder, TemporaryDirectory::create(services.jobs, "audit"));
  ROMLINK_ASSIGN(const auto policy, policyOf(services, release, folder.path()));
  ROMLINK_ASSIGN(const auto shares, services.archive.sharesOf(release.id));
  worker::ExamineRom question;
  std::multimap<std::uint32_t, std::string> names;
  for (const store::ReleaseShare& share : shares) {
    question.add_from(share.address);
    names.emplace(share.address, share.name);
  }
  Doubts result;
  for (const store::RomTitle& rom : release.roms) {
    ROMLINK_ASSIGN(const auto record, services.archive.findByImage(rom.imageHash));
    if (!record)
      return fail(ErrorCode::Internal, "the archive lost a ROM", rom.imageHash.text());
    ROMLINK_ASSIGN(const auto found,
                   examineUses(services, call, *record, advisories, question, policy, findings));
    for (const worker::RomExamination::Reach& reach : found.reaches()) {
      const auto [begin, end] = names.equal_range(reach.from());
      for (auto name = begin; name != end; ++name) {
        v1::ReleaseDoubt& doubt = (reach.accepted() ? result.accepted : result.doubts).emplace_back();
        doubt.set_symbol(name->second);
        doubt.set_advisory(reach.advisory());
        *doubt.mutable_path() = reach.path();
        toMessage(rom, *doubt.mutable_rom());
      }
    }
  }
  return result;
}

} // namespace romlink::server
