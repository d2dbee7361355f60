// Public keys of archives on the command line: the key itself, or a file that holds it.
#pragma once

#include "base/signed_note.h"

#include <string>

namespace romlink::client {

/// Malformed (exit code 3): it is neither, or the file cannot be read.
Result<VerifierKey> verifierKeyFrom(const std::string& given);

} // namespace romlink::client
