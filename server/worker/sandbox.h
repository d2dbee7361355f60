// What a job may do to the machine: use so much time and memory, read its own folder, write below its own
// `out`.
//
// Limits are resource limits (setrlimit(2)) and an alarm. The file system is closed with Landlock
// (landlock(7)): linker scripts can name any file (INCLUDE, INPUT), and lld is not written for hostile input.
// A kernel without Landlock gives the limits only.
#pragma once

#include <cstdint>
#include <string>

namespace romlink::worker {

/// Memory in bytes of address space, output in bytes of one file; 0: no limit.
void limitResources(unsigned seconds, std::uint64_t memoryBytes, std::uint64_t outputBytes);

/// From here on the process reads only below `folder` and writes only below `folder`/out.
/// REQUIRES: the process has one thread.
void confineTo(const std::string& folder);

} // namespace romlink::worker
