#include "server/rom_index.h"

#include "romlink/v1/archive.pb.h"
#include "romlink/worker/job.pb.h"
#include "romlink/worker/rom_index.pb.h"
#include "server/archived_file.h"
#include "server/call.h"
#include "server/convert.h"
#include "server/job_folder.h"
#include "server/worker_host.h"

#include <algorithm>

namespace romlink::server {
namespace {

constexpr const char* kRomElf = "rom.elf";
constexpr const char* kRomFlags = "rom.flags";

tl::unexpected<Error> damaged(const store::RomRecord& rom, std::string what, std::string why) {
  return fail(ErrorCode::Damaged, std::move(what), rom.name + "@" + rom.version, std::move(why),
              "`romlink archive verify` checks the archive");
}

/// Has a worker make the index from the archived ELF, and archives it.
Result<store::RomIndex> makeIndex(Services& services, Call& call, const store::RomRecord& rom) {
  const auto artifact = [&](std::string_view role) {
    return std::find_if(rom.artifacts.begin(), rom.artifacts.end(),
                        [&](const auto& a) { return a.role == role; });
  };
  const auto elf = artifact("elf");
  if (elf == rom.artifacts.end())
    return damaged(rom, "the ROM has no ELF", {});
  ROMLINK_ASSIGN(const InputCache::Pin file, archivedFile(services, elf->digest));
  ROMLINK_ASSIGN(JobFolder folder, JobFolder::create(services.jobs));
  ROMLINK_TRY(folder.add(kRomElf, file.file()));
  v1::Rom known;
  toMessage(rom, known);
  worker::Job job;
  worker::InspectRom& question = *job.mutable_inspect_rom();
  question.set_elf(kRomElf);
  if (const auto flags = artifact("flags"); flags != rom.artifacts.end()) {
    ROMLINK_ASSIGN(const InputCache::Pin record, archivedFile(services, flags->digest));
    ROMLINK_TRY(folder.add(kRomFlags, record.file()));
    question.set_flags(kRomFlags);
  }
  *question.mutable_volatile_ranges() = known.volatile_ranges();
  if (known.has_shared_ram())
    question.set_shared_ram(std::to_string(known.shared_ram().address()) + ":" +
                            std::to_string(known.shared_ram().size()));
  ROMLINK_ASSIGN(const worker::JobResult result,
                 services.workers.run(folder, std::move(job), [&] { return call.cancelled(); }));
  if (result.rom().rom().image_hash() != rom.imageHash.text())
    return damaged(rom, "the archived ELF is another ROM", "its image is " + result.rom().rom().image_hash());
  ROMLINK_ASSIGN(const auto made, folder.outputFile(result.rom().index()));
  ROMLINK_ASSIGN(const auto source, romIndexSource(result.rom(), made));
  return services.archive.addIndex(rom.imageHash, source);
}

} // namespace

Result<store::RomIndexSource> romIndexSource(const worker::RomDescription& made,
                                             const std::filesystem::path& file) {
  const v1::RomIndex& index = made.rom().index();
  store::RomIndexSource source{index.format_version(), index.functions(), index.references(), file, {},
                               made.unknown_bodies()};
  for (const std::string& body : made.bodies()) {
    ROMLINK_ASSIGN(const Digest digest, Digest::fromBytes(asBytes(body)));
    source.bodies.push_back(digest);
  }
  return source;
}

Result<InputCache::Pin> romIndex(Services& services, Call& call, const store::RomRecord& rom) {
  const auto current = std::find_if(rom.indexes.begin(), rom.indexes.end(), [](const auto& index) {
    return index.formatVersion == worker::RomIndex::CURRENT;
  });
  if (current != rom.indexes.end()) {
    ROMLINK_ASSIGN(const auto bodies, services.archive.bodiesOf(rom.imageHash, worker::RomIndex::CURRENT));
    if (bodies)
      return archivedFile(services, current->digest);
  }
  ROMLINK_ASSIGN(const store::RomIndex made, makeIndex(services, call, rom));
  return archivedFile(services, made.digest);
}

} // namespace romlink::server
