// The embedded linker. The only header of the only room that knows lld.
//
// lld 19 keeps global state and may exit the process on malformed input: REQUIRES a process that does nothing
// else (server/worker), one thread, and the current folder being the one that file names in `arguments` are
// relative to.
#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace romlink::relink {

struct LinkedFiles {
  std::filesystem::path image;
  std::filesystem::path map;         ///< lld's -Map of the image
  std::vector<std::string> warnings; ///< one line each
};

/// Links with `arguments` plus -o and -Map. `messages` is the file that receives lld's own output while it
/// runs, so that it survives an exit. Refused: the program does not link; the error names symbols and places.
Result<LinkedFiles> runLld(const std::vector<std::string>& arguments, const std::filesystem::path& image,
                           const std::filesystem::path& map, const std::filesystem::path& messages);

/// One error from what lld printed: the first messages with the place each names, joined.
Error linkError(const std::string& lldOutput);

} // namespace romlink::relink
