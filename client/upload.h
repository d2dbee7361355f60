// Gives the service the files it lacks.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace romlink::client {

class Progress;
class Session;

struct Upload {
  Digest digest;
  std::uint64_t size = 0;
  std::filesystem::path file;
  const std::string* content = nullptr; ///< instead of the file
};

/// Asks which of the files the service lacks and uploads those. Malformed: a file changed since it was
/// digested.
Result<void> uploadMissing(const Session& session, const std::vector<Upload>& files, Progress& progress);

} // namespace romlink::client
