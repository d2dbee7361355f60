// One link by the service: upload what it lacks, ask for the link, receive report, image and map.
#pragma once

#include "base/error.h"
#include "client/linker_inputs.h"
#include "romlink/v1/report.pb.h"

#include <functional>
#include <optional>
#include <string>

namespace romlink::client {

class OutputFile;
class Progress;
class Session;

struct LinkQuestion {
  std::string rom; ///< empty: plain link
  PreparedInputs inputs;
  std::optional<LinkInput> policy;
  bool planOnly = false;
  bool suggestWaivers = false;
  bool wantMap = false;
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

Result<LinkAnswer> callLink(const Session& session, const LinkQuestion& question, const LinkSinks& sinks,
                            Progress& progress);

} // namespace romlink::client
