#include "server/link_job.h"

#include "server/call.h"
#include "server/config.h"
#include "server/convert.h"
#include "server/examine.h"
#include "server/link_arguments.h"
#include "server/rom_index.h"

#include <algorithm>

namespace romlink::server {
namespace {

constexpr int kMostRoms = 256;

Result<LinkInputs::File> fileOf(Services& services, Call& call, const v1::InputFile& file) {
  ROMLINK_ASSIGN(const Digest digest, Digest::parse(file.digest()));
  ROMLINK_ASSIGN(InputCache::Pin pin, pinInput(services, call, file));
  return LinkInputs::File{file.path(), digest, std::move(pin)};
}

/// The ROM's index under this name in the job's folder.
Result<void> addIndex(Services& services, Call& call, const store::RomRecord& rom, const std::string& name,
                      JobFolder& folder) {
  ROMLINK_ASSIGN(const InputCache::Pin index, romIndex(services, call, rom));
  return folder.add(name, index.file()); // a hard link, which outlives the cache's file
}

} // namespace

Result<InputCache::Pin> pinInput(Services& services, Call& call, const v1::InputFile& file) {
  ROMLINK_ASSIGN(const Digest digest, Digest::parse(file.digest()));
  auto pin = services.inputs.pin(digest);
  if (!pin && pin.error().code == ErrorCode::NotFound)
    return call.missingInput(digest.text());
  return pin;
}

Result<LinkInputs> linkInputs(Services& services, Call& call, const v1::LinkRequest& request) {
  ROMLINK_TRY(store::checkLabels({request.labels().begin(), request.labels().end()}));
  LinkInputs inputs;
  ROMLINK_ASSIGN(inputs.arguments, linkerArguments(request));
  if (request.has_policy()) {
    ROMLINK_ASSIGN(LinkInputs::File policy, fileOf(services, call, request.policy()));
    inputs.policy.push_back(std::move(policy));
  }
  ROMLINK_ASSIGN(const auto files, inputsOf(request, services.config.linkFiles));
  for (const v1::InputFile* file : files) {
    ROMLINK_ASSIGN(LinkInputs::File input, fileOf(services, call, *file));
    inputs.files.push_back(std::move(input));
  }
  return inputs;
}

Result<std::vector<store::RomRecord>> romsOf(Services& services, const v1::LinkRequest& request) {
  std::vector<store::RomRecord> roms;
  if (request.rom().empty() && request.other_roms_size() > 0)
    return fail(ErrorCode::Usage, "cannot link", "other_roms", "the request names no first ROM");
  if (request.other_roms_size() >= kMostRoms)
    return fail(ErrorCode::Usage, "cannot link", "other_roms",
                "more than " + std::to_string(kMostRoms) + " ROMs");
  const auto add = [&](const std::string& reference) -> Result<void> {
    ROMLINK_ASSIGN(store::RomRecord rom, services.archive.find(reference));
    const auto same = [&](const store::RomRecord& other) { return other.imageHash == rom.imageHash; };
    if (std::none_of(roms.begin(), roms.end(), same))
      roms.push_back(std::move(rom));
    return {};
  };
  if (!request.rom().empty())
    ROMLINK_TRY(add(request.rom()));
  for (const std::string& reference : request.other_roms())
    ROMLINK_TRY(add(reference));
  return roms;
}

Result<worker::Job> linkJob(Services& services, Call& call, const v1::LinkRequest& request,
                            const LinkInputs& inputs, const std::vector<store::RomRecord>& roms,
                            JobFolder& folder) {
  worker::Job job;
  worker::Link& link = *job.mutable_link();
  link.mutable_arguments()->Assign(inputs.arguments.begin(), inputs.arguments.end());
  link.set_inputs("in");
  link.set_plan_only(request.plan_only());
  link.set_suggest_waivers(request.suggest_waivers());
  for (std::size_t i = 0; i < roms.size(); ++i) {
    const std::string name = i == 0 ? "rom.index" : "rom-" + std::to_string(i) + ".index";
    ROMLINK_TRY(addIndex(services, call, roms[i], name, folder));
    ROMLINK_ASSIGN(const auto defects, defectsOf(services, call, roms[i]));
    if (i == 0) {
      link.set_rom_index(name);
      toMessage(roms[i], *link.mutable_rom());
      link.mutable_defects()->Assign(defects.begin(), defects.end());
    } else {
      worker::OtherRom& other = *link.add_other_roms();
      other.set_rom_index(name);
      toMessage(roms[i], *other.mutable_rom());
      other.mutable_defects()->Assign(defects.begin(), defects.end());
    }
  }
  for (const LinkInputs::File& policy : inputs.policy) {
    // Under its own name, for messages; in a folder of its own, apart from the inputs.
    ROMLINK_TRY(folder.addPolicy(policy.path, policy.pin.file()));
    link.set_policy("policy/" + policy.path);
  }
  for (const LinkInputs::File& file : inputs.files)
    ROMLINK_TRY(folder.addInput(file.path, file.pin.file()));
  return job;
}

} // namespace romlink::server
