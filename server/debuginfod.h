// debuginfod's HTTP API on the archive, so that debuginfod-find, gdb and other stock tools fetch a ROM's
// files by build-id (debuginfod(8) of elfutils, section WEBAPI):
//
//   /buildid/BUILDID/executable    the ELF as it was published
//   /buildid/BUILDID/debuginfo     the same: it has the code and the debug information
//   /buildid/BUILDID/section/NAME  the content of the ELF's section NAME
//   /buildid/BUILDID/source/PATH   the file of the set's sources tarball (role "sources") that PATH, a path
//   of the
//                                  debug information, means (source_path.h)
//
// BUILDID is the hex of the ELF's GNU build-id note, or the ROM's synthetic build-id (store/archive.h), which
// every ROM has. ROMs that share a build-id and the ELF are one answer. If their ELFs differ none of them is
// *the* file: 404, and the text names each with its synthetic build-id, by which it can be had.
//
// Content is checked against its digest before its first byte is sent, and is never altered: an ELF that is
// asked for by its synthetic build-id has no build-id note, as it had none.
//
// Sections and sources are taken out of untrusted files, so a worker process does it, which ends when its
// client has gone. They go to the input
// cache; the latest kParts of them are known by what was asked, and cost no second job while the cache has
// them.
#pragma once

#include "server/http_message.h"
#include "server/services.h"

#include <atomic>
#include <map>
#include <mutex>
#include <tuple>

namespace romlink::server {

/// Thread-safe.
class Debuginfod {
public:
  static constexpr std::size_t kParts = 4096;

  explicit Debuginfod(Services& services) : services_(services) {}
  /// For paths that begin with "/buildid/". May read a lot from the archive.
  HttpReply answer(const HttpRequest& request);
  /// Is a part of a file asked for, so that answer() may run a job?
  [[nodiscard]] static bool isJob(const HttpRequest& request);

  /// Ends the jobs that run; more fail.
  void stop() { stopping_ = true; }

  /// A section or source file, in the input cache.
  struct Part {
    Digest digest;
    std::uint64_t size = 0;
    std::string name; ///< in the file that it is a part of
  };

private:
  struct Question;
  [[nodiscard]] Result<HttpResource> resourceOf(const Question& question);
  [[nodiscard]] Result<HttpResource> elfOf(const Question& question);
  [[nodiscard]] Result<HttpResource> sectionOf(const Question& question);
  [[nodiscard]] Result<HttpResource> sourceOf(const Question& question);
  Result<Part> extract(const Digest& file, const Question& question, const std::string& name);
  Result<Part> extractNow(const Digest& file, const Question& question, const std::string& name);

  Services& services_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<std::tuple<Digest, std::string, std::string>, Part> parts_;
};

} // namespace romlink::server
