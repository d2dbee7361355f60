// Turns the arguments of a LinkRequest into those the worker's linker gets, and refuses what a client must
// not ask.
//
// A linker's options can name files to read and write, and even programs to run (lld's
// --error-handling-script,
// --load-pass-plugin). Inputs come as InputFile, outputs are the service's own business, so no option of a
// request has a reason to name a file of the server. The worker's sandbox (server/worker/sandbox.h) stands
// behind this check; the check exists to say what is wrong.
#pragma once

#include "base/error.h"

#include <string>
#include <vector>

namespace romlink::v1 {
class LinkRequest;
class InputFile;
} // namespace romlink::v1

namespace romlink::server {

/// The arguments with each "{}" replaced by its file's path. Usage: an option that a request must not have.
Result<std::vector<std::string>> linkerArguments(const v1::LinkRequest& request);

/// Every input of the request, policy excluded, once for each path. Usage: one path with two digests, more
/// than `limit` inputs, a bad path.
Result<std::vector<const v1::InputFile*>> inputsOf(const v1::LinkRequest& request, std::size_t limit);

} // namespace romlink::server
