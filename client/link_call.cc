#include "client/link_call.h"

#include "client/console.h"
#include "client/session.h"
#include "client/upload.h"
#include "romlink/v1/link.grpc.pb.h"
#include "server/status.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <set>

namespace romlink::client {
namespace {

// The service may drop an input between upload and link, when its cache is small and busy.
constexpr int kTries = 3;

void fillFile(const LinkInput& input, v1::InputFile& message) {
  message.set_path(input.path);
  message.set_digest(input.digest.text());
}

// Cuts a stream of pieces into lines.
class Lines {
public:
  explicit Lines(std::function<Result<void>(std::string_view)> take) : take_(std::move(take)) {}
  Result<void> add(std::string_view piece) {
    rest_ += piece;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = rest_.find('\n', at)) != std::string::npos; at = end + 1)
      ROMLINK_TRY(take_(std::string_view(rest_).substr(at, end + 1 - at)));
    rest_.erase(0, at);
    return {};
  }
  Result<void> finish() { return rest_.empty() ? Result<void>() : take_(rest_); }

private:
  std::function<Result<void>(std::string_view)> take_;
  std::string rest_;
};

class Receiver {
public:
  Receiver(const InputNames& names, const LinkSinks& sinks, Progress& progress)
      : names_(names), sinks_(sinks), progress_(progress),
        map_([this](std::string_view line) { return sinks_.map(names_.toUser(line)); }) {}

  Result<void> take(v1::LinkResponse& message) {
    switch (message.part_case()) {
    case v1::LinkResponse::kProgress:
      progress_.show(message.progress());
      return {};
    case v1::LinkResponse::kDiagnostic:
      answer_.diagnostics.push_back(names_.toUser(message.diagnostic()));
      return {};
    case v1::LinkResponse::kReport:
      answer_.report = std::move(*message.mutable_report());
      names_.toUser(answer_.report);
      return {};
    case v1::LinkResponse::kChunk:
      return takeChunk(message.chunk());
    case v1::LinkResponse::kRelease:
      answer_.release = message.release();
      return {};
    case v1::LinkResponse::PART_NOT_SET:
      break;
    }
    return {}; // something of a newer service
  }

  Result<LinkAnswer> finish() {
    ROMLINK_TRY(map_.finish());
    return std::move(answer_);
  }

private:
  Result<void> takeChunk(const v1::LinkResponse::Chunk& chunk) {
    if (chunk.output() == v1::LinkResponse::MAP)
      return map_.add(chunk.data());
    answer_.hasImage = true;
    return sinks_.image(asBytes(chunk.data()));
  }

  const InputNames& names_;
  const LinkSinks& sinks_;
  Progress& progress_;
  Lines map_;
  LinkAnswer answer_;
};

} // namespace

v1::LinkRequest requestOf(const LinkQuestion& question) {
  v1::LinkRequest request;
  for (const std::string& rom : question.roms)
    if (request.rom().empty())
      request.set_rom(rom);
    else
      request.add_other_roms(rom);
  request.mutable_labels()->insert(question.labels.begin(), question.labels.end());
  request.set_plan_only(question.planOnly);
  request.set_suggest_waivers(question.suggestWaivers);
  request.set_want_map(question.wantMap);
  std::set<std::size_t> named;
  for (const PreparedInputs::Argument& argument : question.inputs.arguments) {
    v1::LinkArgument& message = *request.add_arguments();
    message.set_text(argument.text);
    if (argument.input) {
      fillFile(question.inputs.inputs[*argument.input], *message.mutable_file());
      named.insert(*argument.input);
    }
  }
  for (std::size_t i = 0; i < question.inputs.inputs.size(); ++i)
    if (!named.contains(i))
      fillFile(question.inputs.inputs[i], *request.add_extra_files());
  if (question.policy)
    fillFile(*question.policy, *request.mutable_policy());
  return request;
}

std::vector<Upload> uploadsOf(const LinkQuestion& question) {
  std::vector<Upload> uploads;
  const auto add = [&](const LinkInput& input) {
    uploads.push_back({input.digest, input.size, input.file, input.content ? &*input.content : nullptr});
  };
  for (const LinkInput& input : question.inputs.inputs)
    add(input);
  if (question.policy)
    add(*question.policy);
  return uploads;
}

InputNames namesOf(const LinkQuestion& question) {
  InputNames names = question.inputs.names;
  if (question.policy)
    names.add(question.policy->path, question.policy->file.string());
  return names;
}

Error inUsersNames(Error error, const InputNames& names) {
  for (std::string* part : {&error.what, &error.where, &error.why, &error.hint})
    *part = names.toUser(*part);
  return error;
}

Result<void> withUploads(const Session& session, const LinkQuestion& question, Progress& progress,
                         const std::function<Result<grpc::Status>()>& call) {
  const std::vector<Upload> uploads = uploadsOf(question);
  for (int left = kTries;; --left) {
    ROMLINK_TRY(uploadMissing(session, uploads, progress));
    const Result<grpc::Status> status = call();
    progress.clear();
    ROMLINK_TRY(status);
    if (status->ok())
      return {};
    if (missingInputOf(*status).empty() || left == 1)
      return fail(inUsersNames(session.errorOf(*status), namesOf(question)));
  }
}

Result<LinkAnswer> callLink(const Session& session, const LinkQuestion& question, const LinkSinks& sinks,
                            Progress& progress) {
  const auto stub = v1::LinkService::NewStub(session.channel());
  const v1::LinkRequest request = requestOf(question);
  const InputNames names = namesOf(question);
  std::optional<Receiver> receiver;
  const auto call = [&]() -> Result<grpc::Status> {
    progress.show(question.planOnly ? "planning" : "linking");
    grpc::ClientContext context;
    const auto reader = stub->Link(&context, request);
    receiver.emplace(names, sinks, progress);
    v1::LinkResponse message;
    Result<void> taken;
    while (taken && reader->Read(&message))
      taken = receiver->take(message);
    if (!taken)
      context.TryCancel();
    const grpc::Status status = reader->Finish();
    ROMLINK_TRY(taken);
    return status;
  };
  ROMLINK_TRY(withUploads(session, question, progress, call));
  return receiver->finish();
}

} // namespace romlink::client
