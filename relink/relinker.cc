#include "relink/relinker.h"

#include "base/file.h"
#include "relink/build_report.h"
#include "relink/image/rom_image.h"
#include "relink/link/lld.h"
#include "relink/match/firmware.h"
#include "relink/patch/check_link.h"
#include "relink/patch/patch.h"
#include "relink/patch/reinit.h"
#include "relink/planning.h"
#include "relink/shares.h"
#include "relink/verify/verify.h"

#include <fmt/format.h>

namespace romlink::relink {
namespace fs = std::filesystem;
namespace {

using romlink::v1::Finding;
using romlink::v1::LinkReport;

/// A finished link, read back.
struct ReadLink {
  LinkedFiles files;
  std::vector<std::uint8_t> content; ///< what `elf` views into
  ElfImage elf;
  Firmware firmware;
  Constants constants; ///< that it was read with
};

Result<void> refuseUnsupported(const std::vector<std::string>& arguments) {
  struct Unsupported {
    std::string_view option;
    const char* why;
  };
  constexpr const char* kStatic = "romlink makes static images";
  constexpr const char* kSymbols = "the image's symbols are needed to check it; strip it afterwards";
  constexpr const char* kFolding = "folded functions cannot be told from others";
  constexpr Unsupported kUnsupported[] = {
      {"-r", kStatic},           {"--relocatable", kStatic},
      {"-i", kStatic},           {"-shared", kStatic},
      {"--shared", kStatic},     {"-Bshareable", kStatic},
      {"-pie", kStatic},         {"--pie", kStatic},
      {"-s", kSymbols},          {"--strip-all", kSymbols},
      {"-x", kSymbols},          {"--discard-all", kSymbols},
      {"--icf=all", kFolding},   {"--icf=safe", kFolding},
      {"-strip-all", kSymbols},  {"-discard-all", kSymbols},
      {"-icf=all", kFolding},    {"-icf=safe", kFolding},
      {"-relocatable", kStatic},
  };
  for (const std::string& argument : arguments) {
    if (argument.starts_with('@'))
      return fail(ErrorCode::Usage, "response files must be expanded before", argument);
    for (const Unsupported& unsupported : kUnsupported)
      if (argument == unsupported.option)
        return fail(ErrorCode::Usage, "this option cannot be used with a ROM", argument, unsupported.why,
                    "leave the option out");
  }
  return {};
}

Result<LinkedFiles> runIn(const fs::path& folder, const std::vector<std::string>& arguments,
                          const fs::path& scratch, const std::string& name) {
  std::error_code status;
  fs::current_path(folder, status);
  if (status)
    return fail(ErrorCode::Internal, "cannot enter the folder", folder.string(), status.message());
  return runLld(arguments, scratch / (name + ".elf"), scratch / (name + ".map"),
                scratch / (name + ".messages"));
}

/// lld's arguments with romlink_reinit_shared() on offer, to be taken if the program calls it.
std::vector<std::string> withReinit(std::vector<std::string> arguments, const std::string& object) {
  // First, so that no option like -b or --start-lib is in force for it.
  arguments.insert(arguments.begin(), {"--start-lib", object, "--end-lib"});
  return arguments;
}

/// The link of the inputs as they are.
Result<LinkedFiles> linkPlain(const LinkJob& job) {
  const fs::path object = job.scratch / kReinitObject;
  ROMLINK_TRY(writeFile(object, emptyReinitObject()));
  std::error_code status;
  const fs::path name = fs::relative(object, job.inputs, status); // the map names no folder of the service
  return runIn(job.inputs, withReinit(job.arguments, status ? object.string() : name.string()), job.scratch,
               "plain");
}

Result<ReadLink> readBack(LinkedFiles files, InputFiles& inputs, const Constants& constants,
                          const std::vector<std::string>& others = {}) {
  ReadLink link;
  link.files = std::move(files);
  link.constants = constants;
  ROMLINK_ASSIGN(link.content, readFile(link.files.image));
  ROMLINK_ASSIGN(link.elf, ElfImage::read(link.content, "the linked image"));
  ROMLINK_ASSIGN(const auto map, readFile(link.files.map));
  ROMLINK_ASSIGN(auto placed, readLinkMap(asText(map)));
  ROMLINK_ASSIGN(link.firmware, readFirmware(inputs, link.elf, std::move(placed), constants, others));
  return link;
}

Result<LinkOutcome> linkPlainOnly(const LinkJob& job) {
  LinkOutcome outcome;
  ROMLINK_ASSIGN(auto files, linkPlain(job));
  ROMLINK_ASSIGN(const auto content, readFile(files.image));
  ROMLINK_ASSIGN(const auto elf, ElfImage::read(content, "the linked image"));
  outcome.report.set_verdict(LinkReport::COMPATIBLE);
  outcome.report.mutable_flash()->set_baseline_bytes(flashBytes(elf));
  outcome.report.mutable_flash()->set_linked_bytes(flashBytes(elf));
  if (!job.planOnly) {
    outcome.image = files.image;
    outcome.map = files.map;
  }
  outcome.diagnostics = std::move(files.warnings);
  return outcome;
}

std::vector<RomIdentity> identitiesOf(const RomPlans& roms) {
  std::vector<RomIdentity> identities;
  for (const RomPlan& side : roms)
    identities.push_back({side.rom.imageHash(), side.rom.imageSize()});
  return identities;
}

/// The second link: patched copies of the inputs, and the object that names the ROMs.
Result<LinkedFiles> linkAgainstRoms(const LinkJob& job, const InputFiles& inputs, const Firmware& firmware,
                                    const RomPlans& roms, bool loadedId) {
  const Plan& plan = roms.front().plan; // of what is shared and where, all say the same
  constexpr const char* kIdObject = "romlink-rom-id.o";
  const fs::path patched = job.scratch / "patched";
  std::error_code status;
  fs::remove_all(patched, status);
  fs::create_directory(patched, status);
  ROMLINK_TRY(patchInputs(inputs.folder(), patched, firmware, plan));
  ROMLINK_TRY(writeFile(patched / kIdObject, romIdObject(identitiesOf(roms), loadedId)));
  ROMLINK_TRY(writeFile(patched / kReinitObject, reinitObject(firmware, plan)));
  std::vector<std::string> arguments = withReinit(job.arguments, std::string(kReinitObject));
  arguments.insert(arguments.begin(), kIdObject);
  // The plain link has obeyed the user's rule for orphans; the note is one that no script can know.
  arguments.emplace_back("--orphan-handling=place");
  return runIn(patched, arguments, job.scratch, "linked");
}

bool reportOverlaps(const ElfImage& plain, const RomPlans& roms, LinkReport& report) {
  bool any = false;
  for (const RomPlan& side : roms)
    for (const Overlap& overlap : overlapsOf(plain, side.rom.flashRanges(), side.reference->sharedRam)) {
      addFinding(report, Finding::ERROR, overlap.code,
                 roms.size() == 1 ? overlap.message : side.name() + ": " + overlap.message);
      any = true;
    }
  return any;
}

Result<ReadLink> relinkAndVerify(const LinkJob& job, const InputFiles& inputs, const ReadLink& plain,
                                 const RomPlans& roms, bool loadedId, Stopwatch& watch, LinkReport& report) {
  const Plan& plan = roms.front().plan;
  ROMLINK_ASSIGN(auto files, linkAgainstRoms(job, inputs, plain.firmware, roms, loadedId));
  report.mutable_timing()->set_link_ms(watch.lap());
  InputFiles patched(job.scratch / "patched");
  ROMLINK_ASSIGN(auto linked,
                 readBack(std::move(files), patched, plain.constants, plain.firmware.objectNames()));
  ROMLINK_TRY(checkLink({linked.elf, linked.firmware, plain.firmware, plan}));
  ROMLINK_ASSIGN(const auto fixedEntries, fixedEntriesOf(job.arguments, job.inputs));
  const Stayed stayed = stayedOf(plain.firmware, plain.elf, linked.firmware, linked.elf);
  for (const RomPlan& side : roms) {
    const PlannedShares planned = sharesOf(plain.firmware, plain.elf, side.proof, side.plan, side.rom);
    ROMLINK_TRY(verifyOutput({plain.elf, linked.elf, viewOf(side.rom), planned.shares, stayed.sections,
                              stayed.pieces, fixedEntries, side.rom.imageHash(), side.reference->sharedRam}));
  }
  report.mutable_timing()->set_verify_ms(report.timing().verify_ms() + watch.lap());
  return linked;
}

/// A check at boot that knows of one ROM only would stop on every other one.
Result<void> checkBootKnowsSeveral(const Firmware& firmware) {
  for (const auto& object : firmware.objects)
    for (const Symbol& symbol : object->elf.symbols)
      if (symbol.name == kLoadedIdEnd)
        return {};
  return fail(ErrorCode::Refused, "the program's check at boot knows one ROM only",
              std::string(kLoadedIdSection),
              fmt::format("the linker script places it for several ROMs, and nothing uses {}", kLoadedIdEnd),
              "compile it with this version of romlink/rom_id.h, or leave the section out of the script");
}

void nameRom(const RomReference& rom, LinkReport& report) {
  report.set_rom_image_hash(rom.imageHash.text());
  report.set_rom_name(rom.name);
  report.set_rom_version(rom.version);
  report.set_verdict(LinkReport::COMPATIBLE);
  report.set_tool_version(ROMLINK_VERSION);
}

} // namespace

Result<LinkOutcome> relink(const LinkJob& job) {
  InputFiles inputs(job.inputs);
  ROMLINK_TRY(inputs.check());
  if (!job.rom)
    return linkPlainOnly(job);

  Stopwatch watch;
  LinkOutcome outcome;
  LinkReport& report = outcome.report;
  nameRom(*job.rom, report);
  ROMLINK_TRY(refuseUnsupported(job.arguments));
  ROMLINK_ASSIGN(const auto policy, Policy::read(job.policy));
  ROMLINK_ASSIGN(auto roms, readRoms(job));

  ROMLINK_ASSIGN(auto plainFiles, linkPlain(job));
  outcome.diagnostics = plainFiles.warnings;
  const double beforeMatching = watch.lap();
  ROMLINK_ASSIGN(const auto scriptTexts, inputs.scripts());
  const LinkerScripts scripts(scriptTexts, job.arguments);
  ROMLINK_ASSIGN(const auto plain, readBack(std::move(plainFiles), inputs, scripts.constants().constants()));
  report.mutable_timing()->set_read_back_ms(watch.lap());
  const LinkedImage plainImage{plain.elf, plain.firmware.placed};
  if (reportOverlaps(plain.elf, roms, report)) {
    report.set_verdict(LinkReport::INCOMPATIBLE);
    reportSizes(plainImage, nullptr, report);
    return outcome;
  }

  ROMLINK_TRY(planAll({job, plain.firmware, plain.elf, scripts, policy}, roms, watch, report));
  Plan& plan = roms.front().plan;
  report.mutable_timing()->set_plan_ms(beforeMatching + report.timing().read_back_ms() +
                                       report.timing().match_ms());
  ROMLINK_TRY(checkReinitIsCalled(plain.firmware, plan));
  // From here on the plan is fixed.
  if (job.planned)
    job.planned(plain.firmware, plan);

  const bool loadedId = !scripts.placedByName(kLoadedIdSection).empty();
  if (loadedId && roms.size() > 1)
    ROMLINK_TRY(checkBootKnowsSeveral(plain.firmware));
  ROMLINK_ASSIGN(auto linked, relinkAndVerify(job, inputs, plain, roms, loadedId, watch, report));
  if (flashBytes(linked.elf) > flashBytes(plain.elf) + (loadedId ? kLoadedIdSize * roms.size() : 0)) {
    for (RomPlan& side : roms)
      shareNothing(side.plan, Reason::NoGain, "with what it takes to share it, the image would be larger");
    ROMLINK_ASSIGN(linked, relinkAndVerify(job, inputs, plain, roms, loadedId, watch, report));
  }
  reportDecisions(plain.firmware, plan, [&](SectionId id) { return typesInAll(roms, id); }, report);
  reportCompatibility(roms, report);
  sortFindings(report);
  const LinkedImage linkedImage{linked.elf, linked.firmware.placed};
  reportSizes(plainImage, &linkedImage, report);
  if (!job.planOnly) {
    outcome.image = linked.files.image;
    outcome.map = linked.files.map;
  }
  return outcome;
}

} // namespace romlink::relink
