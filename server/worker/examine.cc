#include "relink/audit/examine_rom.h"
#include "server/worker/questions.h"

namespace romlink::worker {
namespace {

void store(const relink::LookUp& lookUp, RomExamination::LookUp& message) {
  message.set_name(lookUp.name);
  for (const relink::NamedSymbol& symbol : lookUp.symbols) {
    RomExamination::NamedSymbol& named = *message.add_symbols();
    named.set_name(symbol.name);
    named.set_address(symbol.address);
    named.set_size(symbol.size);
    if (symbol.body)
      named.set_body_digest(symbol.body->bytes.data(), symbol.body->bytes.size());
  }
  message.mutable_similar()->Assign(lookUp.similar.begin(), lookUp.similar.end());
}

void store(const relink::Reach& reach, RomExamination::Reach& message) {
  message.set_from(reach.from);
  message.set_advisory(reach.advisory);
  message.mutable_path()->Assign(reach.path.begin(), reach.path.end());
  message.set_accepted(reach.accepted);
}

} // namespace

Result<JobResult> examine(const ExamineRom& job) {
  relink::ExamineJob question;
  ROMLINK_ASSIGN(question.rom, romReference(job.rom_index(), job.rom(), job.defects()));
  question.entry = job.rom().entry();
  for (const DefectiveBody& body : job.bodies()) {
    ROMLINK_ASSIGN(const Digest digest, Digest::fromBytes(asBytes(body.digest())));
    question.bodies.push_back({body.advisory(), digest});
  }
  question.names.assign(job.names().begin(), job.names().end());
  question.from.assign(job.from().begin(), job.from().end());
  question.policy = job.policy();
  question.listOffered = job.list_offered();
  ROMLINK_ASSIGN(relink::Examination answer, relink::examineRom(question));

  JobResult result;
  RomExamination& message = *result.mutable_examination();
  for (const relink::LookUp& lookUp : answer.lookUps)
    store(lookUp, *message.add_look_ups());
  for (const relink::Reach& reach : answer.reaches)
    store(reach, *message.add_reaches());
  message.mutable_affected()->Assign(answer.affected.begin(), answer.affected.end());
  message.mutable_offered()->Assign(answer.offered.begin(), answer.offered.end());
  message.mutable_flags()->Assign(answer.flags.begin(), answer.flags.end());
  return result;
}

} // namespace romlink::worker
