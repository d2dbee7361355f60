// One source file out of a sources tarball, read with libarchive: tar in any of its forms, plain or
// compressed by gzip, bzip2, xz, lzma, zstd or compress.
//
// The tarball is not trusted. Names in it are compared, never opened: nothing is unpacked by its own name.
// Links are not followed, and only regular files are given; of one path the last member counts, whatever it
// is. What is compressed beyond reason ends at the limits below, or at those of the process (romlink-worker
// runs this).
#pragma once

#include "base/error.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace romlink::server {

struct SourceLimits {
  std::uint64_t members = 1'000'000;
  std::uint64_t fileBytes = 64 << 20;                ///< of one source file
  std::uint64_t totalBytes = std::uint64_t{8} << 30; ///< of all that is in the tarball
};

/// Writes to `out` the file that `path` means (source_path.h); the name it has in the tarball.
/// NotFound: none. Malformed: not a tarball, or damaged. Exhausted: it reaches a limit.
Result<std::string> extractSource(const std::filesystem::path& tarball, const std::string& path,
                                  const std::filesystem::path& out, const SourceLimits& limits = {});

/// Can the sources be read? Its first 1 GiB, unpacked, is. Errors: as above; Malformed, too, if there is no
/// file in it.
Result<void> checkSources(const std::filesystem::path& tarball, const SourceLimits& limits = {});

} // namespace romlink::server
