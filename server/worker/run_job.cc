#include "server/worker/run_job.h"

#include "base/file.h"
#include "relink/compat/one_line.h"
#include "relink/relinker.h"
#include "relink/report/utf8.h"
#include "romlink/worker/job.pb.h"
#include "server/source_tar.h"
#include "server/worker/questions.h"
#include "server/worker/sandbox.h"

#include <fcntl.h>
#include <new>
#include <unistd.h>
#include <utility>

namespace romlink::worker {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOut = "out";

// What the job prints (lld's messages, a sanitizer's report) is kept in its folder.
void redirectOutput() {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND;
  const int out = ::open("out/stdout", kFlags, 0600);
  const int err = ::open("out/stderr", kFlags, 0600);
  for (const auto& [file, standard] : {std::pair(out, STDOUT_FILENO), std::pair(err, STDERR_FILENO)})
    if (file >= 0) {
      ::dup2(file, standard);
      ::close(file);
    }
}

void store(const relink::AddressRange& range, v1::AddressRange& message) {
  message.set_address(range.address);
  message.set_size(range.size);
}

Result<JobResult> inspect(const InspectRom& job) {
  relink::RomQuestion question;
  question.elf = job.elf();
  question.image = job.image();
  question.flags = job.flags();
  question.sharedRam = job.shared_ram();
  question.symbolLists.assign(job.symbol_lists().begin(), job.symbol_lists().end());
  question.sharedElfs.assign(job.shared_elfs().begin(), job.shared_elfs().end());
  question.sharedSymbols.assign(job.shared_symbols().begin(), job.shared_symbols().end());
  for (const auto& range : job.volatile_ranges())
    question.volatileRanges.push_back(rangeOf(range));
  ROMLINK_ASSIGN(relink::RomAnswer answer, relink::inspectRom(question));
  if (!job.sources().empty())
    if (const auto readable = server::checkSources(job.sources()); !readable)
      answer.notes.push_back(
          relink::oneLine("debuggers get no sources: " + job.sources() + ": " + readable.error().why));

  JobResult result;
  RomDescription& description = *result.mutable_rom();
  description.set_image("out/image.bin");
  ROMLINK_TRY(writeFile(description.image(), answer.image));
  description.set_index("out/rom.index");
  ROMLINK_TRY(writeFile(description.index(), asBytes(answer.index)));
  v1::Rom& rom = *description.mutable_rom();
  rom.set_image_hash(answer.imageHash.text());
  rom.set_build_id(answer.buildId);
  for (const auto& range : answer.flash)
    store(range, *rom.add_flash());
  rom.set_image_size(static_cast<std::uint32_t>(answer.image.size()));
  rom.set_entry(answer.entry);
  if (answer.sharedRam)
    store(*answer.sharedRam, *rom.mutable_shared_ram());
  rom.set_architecture(answer.architecture);
  rom.set_function_count(answer.functionCount);
  rom.set_object_count(answer.objectCount);
  rom.mutable_index()->set_format_version(answer.indexVersion);
  rom.mutable_index()->set_functions(answer.indexFunctions);
  rom.mutable_index()->set_references(answer.indexReferences);
  rom.mutable_notes()->Assign(answer.notes.begin(), answer.notes.end());
  for (const Digest& body : answer.bodies)
    description.add_bodies(body.bytes.data(), body.bytes.size());
  description.set_unknown_bodies(answer.unknownBodies);
  return result;
}

// `file` relative to the job's folder, which is the current one.
std::string inFolder(const fs::path& file) {
  return file.empty() ? std::string() : fs::absolute(file).lexically_relative(fs::current_path()).string();
}

Result<JobResult> link(const Link& job) {
  const fs::path folder = fs::current_path();
  relink::LinkJob question;
  if (!job.rom_index().empty()) {
    ROMLINK_ASSIGN(question.rom, romReference(job.rom_index(), job.rom(), job.defects()));
  }
  for (const OtherRom& other : job.other_roms()) {
    ROMLINK_ASSIGN(auto reference, romReference(other.rom_index(), other.rom(), other.defects()));
    question.otherRoms.push_back(std::move(reference));
  }
  question.arguments.assign(job.arguments().begin(), job.arguments().end());
  question.inputs = folder / job.inputs();
  question.policy = job.policy().empty() ? fs::path() : folder / job.policy();
  question.planOnly = job.plan_only();
  question.suggestWaivers = job.suggest_waivers();
  question.scratch = folder / kOut / "scratch";
  auto linked = relink::relink(question);
  fs::current_path(folder); // lld resolves names against the current folder, so relink() may have moved
  ROMLINK_ASSIGN(relink::LinkOutcome outcome, std::move(linked));

  JobResult result;
  LinkOutcome& message = *result.mutable_link();
  *message.mutable_report() = std::move(outcome.report);
  message.set_image(inFolder(outcome.image));
  message.set_map(inFolder(outcome.map));
  message.mutable_diagnostics()->Assign(outcome.diagnostics.begin(), outcome.diagnostics.end());
  return result;
}

Result<JobResult> check(const Check& job) {
  ROMLINK_ASSIGN(const relink::RomReference rom, romReference(job.rom_index(), job.rom()));
  ROMLINK_ASSIGN(const relink::CheckAnswer answer, relink::checkFirmware(rom, job.firmware()));
  JobResult result;
  CheckOutcome& message = *result.mutable_check();
  message.set_matches(answer.matches);
  message.set_firmware_rom_hash(answer.firmwareRomHash);
  message.set_message(answer.message);
  message.mutable_findings()->Assign(answer.findings.begin(), answer.findings.end());
  return result;
}

Result<JobResult> identify(const IdentifyElf& job) {
  ROMLINK_ASSIGN(const relink::ElfIdentity identity, relink::identifyElf(job.elf()));
  JobResult result;
  ElfIdentity& message = *result.mutable_elf_identity();
  message.set_image("out/image.bin");
  ROMLINK_TRY(writeFile(message.image(), identity.image));
  message.set_base(identity.base);
  for (const Digest& rom : identity.roms)
    message.add_rom_hashes(rom.text());
  message.set_build_id(identity.buildId);
  return result;
}

Result<JobResult> doJob(const Job& job) {
  try {
    switch (job.kind_case()) {
    case Job::kInspectRom:
      return inspect(job.inspect_rom());
    case Job::kLink:
      return link(job.link());
    case Job::kCheck:
      return check(job.check());
    case Job::kExamineRom:
      return examine(job.examine_rom());
    case Job::kExtract:
      return extract(job.extract());
    case Job::kIdentifyElf:
      return identify(job.identify_elf());
    case Job::KIND_NOT_SET:
      break;
    }
    return fail(ErrorCode::Internal, "the job says nothing");
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Exhausted, "the worker process was stopped", {},
                "it reached the limit of " + std::to_string(job.memory_limit_bytes() >> 20) +
                    " MiB of memory");
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the worker process failed", {}, error.what());
  }
}

} // namespace

int runJob(const std::string& folder) {
  if (::chdir(folder.c_str()) != 0)
    return 1;
  redirectOutput();
  const auto content = readFile("job.pb");
  Job job;
  if (!content || !job.ParseFromArray(content->data(), static_cast<int>(content->size())))
    return 1;
  limitResources(job.time_limit_seconds(), job.memory_limit_bytes(), job.output_limit_bytes());
  confineTo(folder);

  auto done = doJob(job);
  JobResult result;
  if (done) {
    result = std::move(*done);
  } else {
    JobError& error = *result.mutable_error();
    error.set_code(std::string(nameOf(done.error().code)));
    error.set_what(done.error().what);
    error.set_where(done.error().where);
    error.set_why(done.error().why);
    error.set_hint(done.error().hint);
  }
  report::makeUtf8(result); // names in ELF files may be any bytes, protobuf strings may not
  return writeFile(fs::path(kOut) / "result.pb", asBytes(result.SerializeAsString())) ? 0 : 1;
}

} // namespace romlink::worker
