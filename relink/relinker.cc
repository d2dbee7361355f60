#include "relink/relinker.h"

#include "base/file.h"
#include "relink/build_report.h"
#include "relink/image/rom_image.h"
#include "relink/link/lld.h"
#include "relink/match/firmware.h"
#include "relink/match/proof.h"
#include "relink/patch/check_link.h"
#include "relink/patch/patch.h"
#include "relink/patch/reinit.h"
#include "relink/plan/eligibility.h"
#include "relink/plan/plan.h"
#include "relink/shares.h"
#include "relink/verify/verify.h"

#include <algorithm>
#include <chrono>

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

class Stopwatch {
public:
  /// Milliseconds since the last call or the start.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(start_, now)).count();
  }

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
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

/// The second link: patched copies of the inputs, and the object that names the ROM.
Result<LinkedFiles> linkAgainstRom(const LinkJob& job, const InputFiles& inputs, const Firmware& firmware,
                                   const Plan& plan, const RomImage& rom, bool loadedId) {
  constexpr const char* kIdObject = "romlink-rom-id.o";
  const fs::path patched = job.scratch / "patched";
  std::error_code status;
  fs::remove_all(patched, status);
  fs::create_directory(patched, status);
  ROMLINK_TRY(patchInputs(inputs.folder(), patched, firmware, plan));
  ROMLINK_TRY(writeFile(patched / kIdObject, romIdObject(rom.imageHash(), rom.imageSize(), loadedId)));
  ROMLINK_TRY(writeFile(patched / kReinitObject, reinitObject(firmware, plan)));
  std::vector<std::string> arguments = withReinit(job.arguments, std::string(kReinitObject));
  arguments.insert(arguments.begin(), kIdObject);
  // The plain link has obeyed the user's rule for orphans; the note is one that no script can know.
  arguments.emplace_back("--orphan-handling=place");
  return runIn(patched, arguments, job.scratch, "linked");
}

bool reportOverlaps(const ElfImage& plain, const RomImage& rom, const RomReference& reference,
                    LinkReport& report) {
  const auto overlaps = overlapsOf(plain, rom.flashRanges(), reference.sharedRam);
  for (const Overlap& overlap : overlaps)
    addFinding(report, Finding::ERROR, overlap.code, overlap.message);
  return !overlaps.empty();
}

struct ProvedPlan {
  Proof proof;
  Plan plan;
};

/// Flash bytes of the sections that the plan takes from the ROM, initial values included.
std::uint64_t sharedBytes(const Firmware& firmware, const Plan& plan) {
  std::uint64_t bytes = 0;
  for (SectionId id = 0; id < firmware.sections.size(); ++id)
    if (plan.sections[id].shared)
      bytes += firmware.sections[id].elf().data.size();
  return bytes;
}

/// The variables that are restored by the policy's default, not because a rule names them.
std::vector<SectionId> restoredByDefault(const Plan& plan) {
  std::vector<SectionId> sections;
  for (const StateShare& state : plan.states)
    if (state.wish.byDefault && state.wish.action == StateAction::Reinit)
      sections.push_back(state.section);
  return sections;
}

/// Proves and decides. Variables whose restoring costs as much as it unlocks stay local. What the second
/// proof does not confirm stays local, and the rest is proved again.
Result<ProvedPlan> makePlan(const LinkJob& job, const ReadLink& plain, const RomImage& rom,
                            const Policy& policy, ProofTerms terms, Stopwatch& watch, LinkReport& report) {
  auto& timing = *report.mutable_timing();
  const auto planWith = [&](const ProofTerms& given) {
    ProvedPlan made{prove(plain.firmware, rom, given), {}};
    made.plan = decide({plain.firmware, rom, made.proof, policy, rom.imageHash().text(), job.suggestWaivers});
    return made;
  };
  for (;;) {
    ProvedPlan made = planWith(terms);
    if (const auto restored = restoredByDefault(made.plan); !restored.empty()) {
      ProofTerms without = terms;
      for (const SectionId id : restored)
        without.kept[id] = {Reason::NoGain, "to restore its initial value costs as much as it unlocks",
                            false};
      ProvedPlan smaller = planWith(without);
      if (sharedBytes(plain.firmware, made.plan) <=
          sharedBytes(plain.firmware, smaller.plan) + reinitBytes(plain.firmware, made.plan)) {
        made = std::move(smaller);
        terms = std::move(without);
      }
    }
    timing.set_match_ms(timing.match_ms() + watch.lap());
    const PlannedShares planned = sharesOf(plain.firmware, plain.elf, made.proof, made.plan, rom);
    ROMLINK_ASSIGN(const auto doubts, confirm({plain.elf, viewOf(rom), planned.shares, planned.pieces}));
    timing.set_verify_ms(timing.verify_ms() + watch.lap());
    if (doubts.empty())
      return made;
    const bool anyOwn = std::any_of(doubts.begin(), doubts.end(), [](const Doubt& d) { return d.own; });
    for (const Doubt& doubt : doubts) {
      if (anyOwn && !doubt.own)
        continue;
      terms.kept[planned.sections[doubt.share]] = {Reason::Changed, "not confirmed: " + doubt.why, true};
      addFinding(report, Finding::WARNING, "NOT_CONFIRMED",
                 planned.shares[doubt.share].name + ": the second proof does not confirm it: " + doubt.why);
    }
  }
}

Result<ReadLink> relinkAndVerify(const LinkJob& job, const InputFiles& inputs, const ReadLink& plain,
                                 const Proof& proof, const Plan& plan, const RomImage& rom, bool loadedId,
                                 Stopwatch& watch, LinkReport& report) {
  ROMLINK_ASSIGN(auto files, linkAgainstRom(job, inputs, plain.firmware, plan, rom, loadedId));
  report.mutable_timing()->set_link_ms(watch.lap());
  InputFiles patched(job.scratch / "patched");
  ROMLINK_ASSIGN(auto linked,
                 readBack(std::move(files), patched, plain.constants, plain.firmware.objectNames()));
  ROMLINK_TRY(checkLink({linked.elf, linked.firmware, plain.firmware, plan}));
  ROMLINK_ASSIGN(const auto fixedEntries, fixedEntriesOf(job.arguments, job.inputs));
  const Stayed stayed = stayedOf(plain.firmware, plain.elf, linked.firmware, linked.elf);
  const PlannedShares planned = sharesOf(plain.firmware, plain.elf, proof, plan, rom);
  ROMLINK_TRY(
      verifyOutput({plain.elf, linked.elf, viewOf(rom), planned.shares, stayed.sections, stayed.pieces,
                    fixedEntries, rom.imageHash(), job.rom ? job.rom->sharedRam : std::nullopt}));
  report.mutable_timing()->set_verify_ms(report.timing().verify_ms() + watch.lap());
  return linked;
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
  ROMLINK_ASSIGN(const auto rom, RomImage::read(job.rom->index, job.rom->volatileRanges, job.rom->imageHash));

  ROMLINK_ASSIGN(auto plainFiles, linkPlain(job));
  outcome.diagnostics = plainFiles.warnings;
  const double beforeMatching = watch.lap();
  ROMLINK_ASSIGN(const auto scriptTexts, inputs.scripts());
  const LinkerScripts scripts(scriptTexts, job.arguments);
  ROMLINK_ASSIGN(const auto plain, readBack(std::move(plainFiles), inputs, scripts.constants().constants()));
  report.mutable_timing()->set_read_back_ms(watch.lap());
  const LinkedImage plainImage{plain.elf, plain.firmware.placed};
  if (reportOverlaps(plain.elf, rom, *job.rom, report)) {
    report.set_verdict(LinkReport::INCOMPATIBLE);
    reportSizes(plainImage, nullptr, report);
    return outcome;
  }

  const UsableRam sharedRam = usableSharedRam(job.rom->sharedRam, plain.elf, plain.firmware.placed, scripts);
  if (job.rom->sharedRam && !sharedRam.range)
    addFinding(report, Finding::WARNING, "SHARED_RAM_NOT_RESERVED",
               "no variable is shared: " + sharedRam.whyNot);
  ProofTerms terms;
  terms.kept =
      keepLocal(plain.firmware, scripts, policy, job.rom->sharedSymbols, sharedRam.range.has_value());
  terms.sharedRam = sharedRam.range;
  terms.whyNoState = sharedRam.whyNot;
  terms.accepts = [&](const SectionSymbol& symbol) {
    return policy.accepts(symbol.name, job.rom->imageHash.text(), symbol.function && !symbol.local);
  };
  ROMLINK_ASSIGN(auto made, makePlan(job, plain, rom, policy, std::move(terms), watch, report));
  auto& [proof, plan] = made;
  report.mutable_timing()->set_plan_ms(beforeMatching + report.timing().read_back_ms() +
                                       report.timing().match_ms());
  ROMLINK_TRY(checkReinitIsCalled(plain.firmware, plan));
  // From here on the plan is fixed.
  if (job.planned)
    job.planned(plain.firmware, plan);

  const bool loadedId = !scripts.placedByName(kLoadedIdSection).empty();
  ROMLINK_ASSIGN(auto linked, relinkAndVerify(job, inputs, plain, proof, plan, rom, loadedId, watch, report));
  if (flashBytes(linked.elf) > flashBytes(plain.elf) + (loadedId ? kLoadedIdSize : 0)) {
    shareNothing(plan, Reason::NoGain, "with what it takes to share it, the image would be larger");
    ROMLINK_ASSIGN(linked, relinkAndVerify(job, inputs, plain, proof, plan, rom, loadedId, watch, report));
  }
  reportDecisions(plain.firmware, plan, report);
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
