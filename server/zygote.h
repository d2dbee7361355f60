// The daemon's end of one running romlink-worker zygote.
//
// The zygote is a separate program (posix_spawn), so none of the daemon's threads, locks and connections are
// in the processes it forks. See server/worker/protocol.h for what is said.
//
// Thread-safety: run() and kill() from any thread; receive() from one thread at a time.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <sys/types.h>

namespace romlink::server {

class Zygote {
public:
  /// Starts `program`. Internal if that fails.
  static Result<Zygote> start(const std::filesystem::path& program);
  Zygote(Zygote&& other) noexcept;
  Zygote& operator=(Zygote&& other) noexcept;
  /// Closes the connection, upon which the zygote kills its children and exits, and waits for it.
  ~Zygote();

  [[nodiscard]] bool run(std::uint64_t id, const std::filesystem::path& folder) const;
  [[nodiscard]] bool kill(std::uint64_t id) const;

  struct Ended {
    std::uint64_t id;
    int waitStatus;
  };
  /// Waits for the next job to end; nothing if the zygote is gone or disconnect() was called.
  [[nodiscard]] std::optional<Ended> receive() const;

  /// Makes receive() return. The zygote kills its children and exits.
  void disconnect() const;

private:
  Zygote(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  pid_t pid_;
  int socket_;
};

} // namespace romlink::server
