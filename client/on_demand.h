// The client's side of --archive DIR: uses the daemon that serves the folder, or starts one.
//
//   DIR/romlinkd.sock   where it listens; /tmp/romlink-<uid>/<hash of DIR>.sock if that name is too long for
//   a socket DIR/romlinkd.use    locked shared by every client while it runs: the daemon stays as long
//   (server/on_demand.h) DIR/romlinkd.start  locked while a daemon is being started: of two clients at once,
//   the second uses the first's DIR/romlinkd.log    what it says
#pragma once

#include "base/error.h"

#include <filesystem>
#include <memory>
#include <string>

namespace romlink::client {

class ArchiveUse {
public:
  /// Returns when a daemon serves the folder, which is created if missing. Unavailable if none can be
  /// started.
  static Result<std::unique_ptr<ArchiveUse>> open(const std::filesystem::path& folder);
  ~ArchiveUse();

  /// "unix:PATH"
  [[nodiscard]] const std::string& address() const { return address_; }

private:
  ArchiveUse(std::string address, int useLock) : address_(std::move(address)), useLock_(useLock) {}
  std::string address_;
  int useLock_;
};

/// Where the daemon of `folder` listens. Unavailable if there is no safe place.
Result<std::filesystem::path> socketPath(const std::filesystem::path& folder);

} // namespace romlink::client
