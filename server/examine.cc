#include "server/examine.h"

#include "romlink/worker/rom_index.pb.h"
#include "server/call.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/job_folder.h"
#include "server/rom_index.h"
#include "server/worker_host.h"

#include <algorithm>
#include <set>
#include <thread>
#include <tuple>

namespace romlink::server {
namespace {

constexpr const char* kRomIndex = "rom.index";
constexpr const char* kPolicy = "policy.toml";

void addDefects(const store::RomRecord& rom, const std::vector<store::Advisory>& advisories,
                worker::ExamineRom& question) {
  std::set<std::pair<std::string, Digest>> bodies;
  for (const store::Advisory& advisory : advisories)
    for (const store::AdvisoryTarget& target : advisory.targets) {
      if (target.body)
        bodies.emplace(advisory.id, *target.body);
      if (target.rom.imageHash != rom.imageHash)
        continue;
      worker::Defect& defect = *question.add_defects();
      defect.set_advisory(advisory.id);
      defect.set_summary(advisory.summary);
      defect.set_symbol(target.symbol);
      defect.set_address(target.address);
    }
  for (const auto& [advisory, digest] : bodies) {
    worker::DefectiveBody& body = *question.add_bodies();
    body.set_advisory(advisory);
    body.set_digest(digest.bytes.data(), digest.bytes.size());
  }
}

std::vector<Digest> bodiesOf(const std::vector<store::Advisory>& advisories) {
  std::set<Digest> bodies;
  for (const store::Advisory& advisory : advisories)
    for (const store::AdvisoryTarget& target : advisory.targets)
      if (target.body)
        bodies.insert(*target.body);
  return {bodies.begin(), bodies.end()};
}

} // namespace

Result<worker::RomExamination> examine(Services& services, Call& call, const store::RomRecord& rom,
                                       const std::vector<store::Advisory>& advisories,
                                       worker::ExamineRom question, const std::filesystem::path& policy) {
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services.jobs));
  ROMLINK_ASSIGN(const InputCache::Pin index, romIndex(services, call, rom));
  ROMLINK_TRY(folder.add(kRomIndex, index.file()));
  question.set_rom_index(kRomIndex);
  toMessage(rom, *question.mutable_rom());
  addDefects(rom, advisories, question);
  if (!policy.empty()) {
    ROMLINK_TRY(folder.add(kPolicy, policy));
    question.set_policy(kPolicy);
  }
  worker::Job job;
  *job.mutable_examine_rom() = std::move(question);
  ROMLINK_ASSIGN(worker::JobResult result,
                 services.workers.run(folder, std::move(job), [&] { return call.cancelled(); }));
  for (v1::AffectedSymbol& affected : *result.mutable_examination()->mutable_affected())
    toMessage(titleOf(rom), *affected.mutable_rom());
  return std::move(*result.mutable_examination());
}

Result<std::vector<worker::Defect>> defectsOf(Services& services, Call& call, const store::RomRecord& rom) {
  ROMLINK_ASSIGN(const auto advisories, services.archive.advisories());
  ROMLINK_TRY(romIndex(services, call, rom)); // so that the archive has the ROM's bodies
  ROMLINK_ASSIGN(const bool sameCode, services.archive.mayHaveBodies(rom.imageHash, bodiesOf(advisories),
                                                                     worker::RomIndex::CURRENT));
  worker::ExamineRom named;
  addDefects(rom, advisories, named);
  std::vector<worker::Defect> defects(named.defects().begin(), named.defects().end());
  if (!sameCode)
    return defects;
  ROMLINK_ASSIGN(const worker::RomExamination found, examine(services, call, rom, advisories));
  for (const v1::AffectedSymbol& affected : found.affected()) {
    if (affected.match() != v1::AffectedSymbol::SAME_CODE)
      continue;
    worker::Defect& defect = defects.emplace_back();
    defect.set_advisory(affected.advisory());
    for (const store::Advisory& advisory : advisories)
      if (advisory.id == affected.advisory())
        defect.set_summary(advisory.summary);
    defect.set_symbol(affected.symbol());
    defect.set_address(addressIn(affected.rom_address()));
  }
  return defects;
}

unsigned jobsOfOneCall(const Services& services) {
  constexpr unsigned kMost = 16;
  const unsigned jobs = services.config.jobs > 0 ? services.config.jobs : std::thread::hardware_concurrency();
  return std::clamp(jobs, 1U, kMost);
}

} // namespace romlink::server
