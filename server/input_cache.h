// The content-addressed store of link inputs on disk: `folder/<first 2 hex digits>/<64 hex digits>`.
//
// A file arrives under a temporary name, is hashed on the way, and is renamed when its digest is right; it is
// read-only from then on. A job gets hard links to the files it needs, so removing a file here never harms a
// running job; still, files in use are pinned, because removing them would free nothing. When the files
// exceed the limit, those that were not used for the longest time go first. The order survives restarts in
// the files' modification times.
//
// A file is hashed again when it is first used after a start, and whenever its inode, size or time of
// modification is not what it was: nothing is handed out because it was right once. Daemons that share an
// archive see each other's uses as such changes.
//
// The cache may be deleted at any time: it holds nothing that a client or the archive cannot give again.
//
// Thread-safety: all functions may be called from several threads.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace romlink::server {

class InputCache {
  struct State;

public:
  /// Scans `folder`, creating it if missing. Internal: disk or permission.
  static Result<InputCache> open(const std::filesystem::path& folder, std::uint64_t limitBytes);
  InputCache(InputCache&&) noexcept;
  ~InputCache();

  /// Is the file here? Counts as a use of it.
  [[nodiscard]] bool contains(const Digest& digest);

  /// Keeps a file from being removed while it lives.
  class Pin {
  public:
    Pin(std::shared_ptr<State> cache, const Digest& digest, std::filesystem::path file);
    Pin(Pin&&) noexcept = default;
    Pin& operator=(Pin&&) noexcept = default;
    ~Pin();
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    std::shared_ptr<State> cache_;
    Digest digest_;
    std::filesystem::path file_;
  };

  /// NotFound: the file is not here. The first use of a file, and the first after it changed, checks its
  /// digest; a file that does not match is removed and counts as not here.
  Result<Pin> pin(const Digest& digest);

  /// A file on its way in. Ends unfinished: leaves nothing.
  class Writer {
  public:
    Writer(std::shared_ptr<State> cache, const Digest& digest, std::filesystem::path temporary, int fd);
    Writer(Writer&&) noexcept;
    Writer& operator=(Writer&&) = delete;
    ~Writer();
    Result<void> write(Bytes bytes);
    /// Malformed if the content does not have the announced digest.
    Result<void> commit();

  private:
    std::shared_ptr<State> cache_;
    Digest digest_;
    std::filesystem::path temporary_;
    int fd_;
    Sha256 hash_;
  };
  Result<Writer> write(const Digest& digest);

  /// Bytes of all files.
  [[nodiscard]] std::uint64_t bytes() const;

private:
  explicit InputCache(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

} // namespace romlink::server
