// One link by the service: upload what it lacks, ask for the link, receive report, image and map.
#pragma once

#include "base/error.h"
#include "client/linker_inputs.h"
#include "client/upload.h"
#include "romlink/v1/link.pb.h"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace grpc {
class Status;
}

namespace romlink::client {

class OutputFile;
class Progress;
class Session;

struct LinkQuestion {
  std::vector<std::string> roms; ///< none: plain link
  PreparedInputs inputs;
  std::optional<LinkInput> policy;
  bool planOnly = false;
  bool suggestWaivers = false;
  bool wantMap = false;
  std::map<std::string, std::string> labels; ///< for the release record
};

struct LinkAnswer {
  romlink::v1::LinkReport report;
  std::vector<std::string> diagnostics; ///< warnings of the linker, in the user's file names
  bool hasImage = false;
  std::string release; ///< the id under which the link is archived; empty: it is not
};

/// Where the link's outputs go, piece by piece.
struct LinkSinks {
  std::function<Result<void>(Bytes)> image;
  std::function<Result<void>(std::string_view)> map; ///< whole lines, in the user's file names
};

/// The request; its files are still to be uploaded.
[[nodiscard]] v1::LinkRequest requestOf(const LinkQuestion& question);
/// What the request needs the service to have.
[[nodiscard]] std::vector<Upload> uploadsOf(const LinkQuestion& question);
/// The names of all files of the question, the policy's too.
[[nodiscard]] InputNames namesOf(const LinkQuestion& question);
/// The error in the user's file names.
[[nodiscard]] Error inUsersNames(Error error, const InputNames& names);

/// An upload and the call that needs it: the service may drop an input between the two, when its cache is
/// small and busy, and then both are done again.
Result<void> withUploads(const Session& session, const LinkQuestion& question, Progress& progress,
                         const std::function<Result<grpc::Status>()>& call);

Result<LinkAnswer> callLink(const Session& session, const LinkQuestion& question, const LinkSinks& sinks,
                            Progress& progress);

} // namespace romlink::client
