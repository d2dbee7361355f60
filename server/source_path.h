// Which file of a sources tarball does a path of the debug information mean?
//
// DWARF has the paths of the machine that compiled ("/build/bl2/src/boot.c"); a tarball has others for the
// same files ("bl2-1.0/src/boot.c", "src/boot.c", "./src/boot.c"). Both are made canonical (http_target.h)
// and compared part by part. A file corresponds if its path is
//
//   1. the same: "/build/bl2/src/boot.c";
//   2. the end of the other: "/src/boot.c";
//   3. the end of the other once its first folder is left out, as `git archive --prefix=NAME-VERSION/` adds
//   one:
//      "/bl2-1.0/src/boot.c".
//
// An end is two parts at least, since libraries have files of the same name; but "/bl2-1.0/boot.c" is
// "/build/bl2/boot.c", the folders being one but for the version.
//
// The one that shares the most parts at the end is meant. If several share as many, none is: a wrong source
// is worse than none. A tarball that has its files elsewhere, deeper below a second folder, has none that
// correspond.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <string>
#include <vector>

namespace romlink::server {

/// The index of the one of `members` that `path` means; of several of the same path the last, which in a tar
/// file replaces the others. NotFound: none; `why` names several if they fit.
Result<std::size_t> correspondingMember(const std::string& path, const std::vector<std::string>& members);

} // namespace romlink::server
