// What the daemon and the zygote of romlink-worker say to each other over a SOCK_SEQPACKET socket pair: one
// structure a message, no partial reads. Both programs are of one build and one machine, so plain structures
// do.
//
//   daemon -> zygote   Command{Run, id, folder}: fork a child that does folder/job.pb
//                      Command{Kill, id}:        kill that child, if it still runs
//   zygote -> daemon   Ended{id, waitStatus}:    once for each Run, after the child is gone
//
// When the daemon's end closes, the zygote kills its children and exits.
#pragma once

#include <cstdint>

namespace romlink::worker {

/// Descriptor of the zygote's end in romlink-worker.
inline constexpr int kZygoteSocket = 3;

struct Command {
  enum class Verb : std::uint32_t { Run = 1, Kill = 2 };
  Verb verb;
  std::uint32_t reserved;
  std::uint64_t id;
  char folder[4096]; ///< absolute, NUL-terminated
};

struct Ended {
  std::uint64_t id;
  std::int32_t waitStatus; ///< as waitpid(2) gives it; kForkFailed if there never was a child
  std::int32_t reserved;
};
inline constexpr std::int32_t kForkFailed = -1;

} // namespace romlink::worker
