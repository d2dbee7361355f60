// The daemon's side of `--on-demand`: a daemon that a client started for one archive folder, and that goes by
// itself.
//
// Who uses the folder: every client that names it holds a shared lock on `DIR/romlinkd.use` from before it
// looks for the daemon until it ends. The daemon goes only while it holds that lock alone, so a client either
// finds a daemon that stays, or waits a moment and starts the next one. client/on_demand.h is the other side.
#pragma once

#include "base/error.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <sys/types.h>

namespace romlink::server {

class Activity;

class OnDemand {
public:
  /// Leaves the terminal and the client's process group, and logs to `archive`/romlinkd.log from now on.
  /// Malformed: that file cannot be written.
  static Result<OnDemand> start(const std::filesystem::path& archive);

  /// The client that started the daemon reads its standard output up to here.
  static void closeOutput();

  /// Is it time to go? Asked each second. After true, the caller ends the process without serving again.
  [[nodiscard]] bool isOver(const Activity& activity);

private:
  OnDemand(std::filesystem::path archive, std::chrono::seconds patience);
  [[nodiscard]] bool folderIsGone() const;

  std::filesystem::path archive_;
  std::chrono::seconds patience_; ///< $ROMLINK_IDLE, 60 s without it
  dev_t device_ = 0;
  ino_t inode_ = 0;
  int useLock_ = -1; ///< held to the process' end once isOver() said so
};

} // namespace romlink::server
